"""A reward of pictures that one variable of the state decides, looked up instead of drawn.

The picture of MountainCar depends on the position of the car alone. So the reward is computed once
on a fine grid of positions, and between two of them it is interpolated. `agreement` says how far it
is from the reward of drawn pictures.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from showtell.project.errors import UserError, nearest
from showtell.project.settings import Frozen
from showtell.rendering.scene import Snapshots
from showtell.rewards.reading import Draw, frames_for, parts
from showtell.rewards.reward import Episodes, Reads, Reward
from showtell.worlds.world import SettableStates

_CHECKED = 200  # states, drawn uniformly from all that the world allows
_FAR = 0.05  # of the range of the reward, on average: the picture then shows something else


class TableSettings(Frozen):
    """Over which variable a reward is tabulated."""

    variable: str  # the only one that the picture depends on
    low: float
    high: float
    points: int = Field(ge=2)

    @model_validator(mode="after")
    def _runs_upwards(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        return self


class Agreement(NamedTuple):
    """How far the table is from the reward of drawn pictures."""

    states: int
    largest: float  # difference
    mean: float
    span: float  # of the reward


class Tabulated:
    """A reward that reads the state of each step and no picture."""

    def __init__(self, reward: Reward, settings: TableSettings, world: object, draw: Draw) -> None:
        """Draws the pictures of the table, and of the states that it is compared at."""
        columns = getattr(world, "state", ())
        if not isinstance(world, SettableStates) or settings.variable not in columns:
            raise UserError(
                f"the table of a reward runs over {settings.variable!r}, which is no variable of "
                f"{type(world).__name__}; {nearest(settings.variable, columns)} "
                "Or set the reward's table to null."
            )
        self.reads = Reads()
        self._column = columns.index(settings.variable)
        self._values = np.linspace(settings.low, settings.high, settings.points)
        states = world.landscape(settings.variable, self._values)
        self._rewards = drawn_rewards(reward, states, draw)
        states = world.uniform(np.random.default_rng(0), _CHECKED)
        apart = np.abs(
            self._looked_up(states[:, self._column]) - drawn_rewards(reward, states, draw)
        )
        span = float(np.ptp(self._rewards))
        self.agreement = Agreement(_CHECKED, float(apart.max()), float(apart.mean()), span)
        if self.agreement.mean > _FAR * span:
            raise UserError(
                f"the table of {settings.points} points over {settings.variable} differs from the "
                f"reward of drawn pictures by {apart.mean():.3g} on average, of a range of "
                f"{span:.3g}; "
                "use more points, or set the reward's table to null if the picture also shows "
                "another variable."
            )

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """The reward of every step: (E, T)."""
        return self._looked_up(episodes.observations[..., self._column]).astype(np.float32)

    def _looked_up(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        return np.asarray(np.interp(values, self._values, self._rewards))


def drawn_rewards(reward: Reward, states: Snapshots, draw: Draw) -> NDArray[np.float64]:
    """The reward of each of these moments, (N,), from its picture."""
    found = []
    for of in parts(len(states), 1, reward.reads):
        moments = states[of, None]
        nothing = np.zeros(moments.shape[:2], dtype=np.float32)
        episodes = Episodes(
            observations=moments.astype(np.float32),
            actions=nothing[..., None],
            true_rewards=nothing,
            successes=nothing.astype(np.bool_),
            frames=frames_for(reward.reads, moments, draw).frames,
        )
        found.append(reward.score(episodes)[:, 0].astype(np.float64))
    return np.concatenate(found)
