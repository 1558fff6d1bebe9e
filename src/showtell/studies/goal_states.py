"""How far apart a reward puts goal states and others: histograms of both (VLM-RM, Figure 7)."""

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from showtell.project import seeds
from showtell.studies.epic import chances, ends, resampled
from showtell.studies.study import Array, Measured, StudyInputs, Value
from showtell.study.needs import Offers
from showtell.study.settings import StudySettings

# `shows`: separation, a row a method and one a pair of methods (`versus`: the method that was
# subtracted), or histogram, a row a bin; `at` is its middle.
_SEPARATION = ("auc", "low", "high", "p_lower", "p_higher", "goal_mean", "other_mean")
_COLUMNS = ("parameters", "shows", "versus", *_SEPARATION, "goal", "at", "states")
_Row = tuple[Value, ...]


class GoalStatesSettings(StudySettings):
    """At how many states, and how finely they are counted."""

    kind: Literal["goal_states"]
    states: int = Field(ge=2)  # drawn uniformly from all that the world allows
    bins: PositiveInt  # of each histogram
    span: PositiveFloat  # standard deviations on either side; states beyond are in the last bins

    def problem(self, offers: Offers) -> str | None:
        """States are drawn uniformly."""
        if offers.uniform_states:
            return None
        return "histograms of goal states need a world whose states can be drawn uniformly"


class GoalStates:
    """Compares the rewards of states that are a success with those of all others."""

    def __init__(self, settings: GoalStatesSettings) -> None:
        self._settings = settings

    def measure(self, subject: StudyInputs, root: int, address: tuple[str | int, ...]) -> Measured:
        """Rewards are standardised; all methods are measured and resampled at the same states."""
        drawn = seeds.generator(root, *address, "states")
        states = subject.world.uniform(drawn, self._settings.states)
        goal = subject.world.successes(states).astype(np.float64)
        scores = subject.scores(states)
        areas = {name: area(rewards, goal) for name, rewards in scores.items()}
        again = {
            name: resampled(rewards, goal, seeds.generator(root, *address, "resamples"), area)
            for name, rewards in scores.items()
        }
        rows: list[_Row] = []
        for name, rewards in scores.items():
            named = (*subject.named(name), subject.parameters.get(name))
            standard = standardised(rewards)
            means = (_mean(standard[goal == 1]), _mean(standard[goal == 0]))
            found = (areas[name], *ends(again[name]), None, None, *means)
            rows.append((*named, "separation", "", *found, None, None, len(states)))
            for other in scores:
                if other != name:
                    gaps = again[name] - again[other]
                    gap = (areas[name] - areas[other], *ends(gaps), *chances(gaps), None, None)
                    rows.append((*named, "separation", other, *gap, None, None, len(states)))
            nothing = (None,) * len(_SEPARATION)
            for row in self._histogram(standard, goal):
                rows.append((*named, "histogram", "", *nothing, *row))
        return Measured(("method", *subject.swept, *_COLUMNS), rows)

    def _histogram(self, standard: Array, goal: Array) -> Iterator[tuple[int, float, int]]:
        """(goal or not, middle of the bin, states in it)."""
        span, bins = self._settings.span, self._settings.bins
        edges = np.linspace(-span, span, bins + 1)
        # The last bin of NumPy has its right edge; a reward that is constant has no histogram.
        inside = np.clip(standard, -span, span)
        for is_goal in (0, 1):
            counts, _ = np.histogram(inside[goal == is_goal], edges)
            for left, right, count in zip(edges, edges[1:], counts, strict=False):
                yield is_goal, float((left + right) / 2), int(count)


def standardised(rewards: Array) -> Array:
    """With a mean of 0 and a standard deviation of 1; NaN where all are equal."""
    spread = float(rewards.std())
    if spread < 1e-12:
        return np.full_like(rewards, np.nan)
    return np.asarray((rewards - rewards.mean()) / spread)


def area(rewards: Array, goal: Array, weights: Array | None = None) -> float:
    """How probably a goal state has the higher reward of the two; a tie counts half."""
    if weights is None:
        weights = np.ones(len(rewards))
    values, places = np.unique(rewards, return_inverse=True)
    if len(values) < 2:
        return math.nan
    goals, others = (np.bincount(places, weights * which) for which in (goal, 1 - goal))
    pairs = float(goals.sum() * others.sum())
    below = np.cumsum(others) - others / 2
    return float(goals @ below) / pairs if pairs else math.nan


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else math.nan


PARTS = {"goal_states": (GoalStatesSettings, "GoalStates")}
