"""Reward landscapes: every reward over one variable of the state (VLM-RM, Figure 2)."""

from typing import Literal

import numpy as np
from pydantic import PositiveInt, model_validator

from showtell.project.errors import nearest
from showtell.studies.study import Array, Measured, StudyInputs, Value
from showtell.study.needs import Offers
from showtell.study.settings import StudySettings
from showtell.worlds.world import SettableStates


class LandscapeSettings(StudySettings):
    """Which variable runs, from where to where, in how many points."""

    kind: Literal["landscape"]
    variable: str
    low: float
    high: float
    points: PositiveInt

    def problem(self, offers: Offers) -> str | None:
        """One variable of the state is set."""
        if self.variable in offers.variables:
            return None
        if not offers.variables:
            return "a landscape needs a world whose state can be set"
        hint = nearest(self.variable, offers.variables)
        return f"a landscape cannot run over {self.variable!r}; {hint}"

    @model_validator(mode="after")
    def _runs_upwards(self) -> "LandscapeSettings":
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        return self


class Landscape:
    """Sets one variable, leaves the others at rest, and evaluates every reward."""

    def __init__(self, settings: LandscapeSettings) -> None:
        self._settings = settings

    def measure(self, subject: StudyInputs, root: int, address: tuple[str | int, ...]) -> Measured:
        """One row a method and point; `rescaled` runs from 0 to 1 within a method."""
        settings = self._settings
        values = np.linspace(settings.low, settings.high, settings.points)
        assert isinstance(subject.world, SettableStates)  # the settings ask for its variables
        snapshots = subject.world.landscape(settings.variable, values)
        true = subject.world.true_rewards(snapshots)
        rows: list[tuple[Value, ...]] = [
            (*subject.named(method), *map(float, numbers))
            for method, rewards in subject.scores(snapshots).items()
            for numbers in zip(values, rewards, rescaled(rewards), true, strict=True)
        ]
        numbers = (settings.variable, "reward", "rescaled", "true_reward")
        return Measured(("method", *subject.swept, *numbers), rows)


def rescaled(rewards: Array) -> Array:
    """Rewards from 0 to 1, as in Figure 2; a flat landscape has no shape and becomes NaN."""
    span = float(np.ptp(rewards))
    return (rewards - rewards.min()) / span if span > 0 else np.full_like(rewards, np.nan)


PARTS = {"landscape": (LandscapeSettings, "Landscape")}
