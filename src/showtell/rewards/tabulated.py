"""A reward of pictures that one or two variables of the state decide, looked up instead of drawn.

The picture of MountainCar depends on the position of the car alone, that of CartPole on the cart's
position and the pole's angle. So the reward is computed once on a fine grid, and between its points
it is interpolated. `agreement` says how far it is from the reward of drawn pictures.
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


class Axis(Frozen):
    """A variable of the state, and where its values are tabulated."""

    variable: str  # one that the picture depends on
    low: float
    high: float
    points: int = Field(ge=2)

    @model_validator(mode="after")
    def _runs_upwards(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        return self

    @property
    def values(self) -> NDArray[np.float64]:
        """Where it is tabulated."""
        return np.linspace(self.low, self.high, self.points)

    def between(self, values: NDArray[np.floating[Any]]) -> tuple[NDArray[np.intp], Any]:
        """The point below each value, and how far the value is on the way to the next one."""
        place = (values.astype(np.float64) - self.low) / (self.high - self.low) * (self.points - 1)
        place = np.clip(place, 0, self.points - 1)
        below = np.minimum(place.astype(np.intp), self.points - 2)
        return below, place - below


class TableSettings(Axis):
    """Over which variable a reward is tabulated, or over which two."""

    second: Axis | None = None  # null: the picture depends on the first variable alone

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One or two."""
        return (self,) if self.second is None else (self, self.second)


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
        columns, axes = getattr(world, "state", ()), settings.axes
        for axis in axes:
            if not isinstance(world, SettableStates) or axis.variable not in columns:
                raise UserError(
                    f"the table of a reward runs over {axis.variable!r}, which is no variable of "
                    f"{type(world).__name__}; {nearest(axis.variable, columns)} "
                    "Or set the reward's table to null."
                )
        assert isinstance(world, SettableStates)
        self.reads = Reads()
        self._axes = axes
        self._columns = [columns.index(axis.variable) for axis in axes]
        states = world.landscape(settings.variable, settings.values)
        if settings.second is not None:
            others = settings.second.values
            states = np.repeat(states, len(others), axis=0)
            states[:, self._columns[1]] = np.tile(others, settings.points)
        shape = [axis.points for axis in axes]
        self._rewards = drawn_rewards(reward, states, draw).reshape(shape)
        states = world.uniform(np.random.default_rng(0), _CHECKED)
        apart = np.abs(self._looked_up(states) - drawn_rewards(reward, states, draw))
        span = float(np.ptp(self._rewards))
        self.agreement = Agreement(_CHECKED, float(apart.max()), float(apart.mean()), span)
        if self.agreement.mean > _FAR * span:
            raise UserError(
                f"the table of {' x '.join(str(axis.points) for axis in axes)} points over "
                f"{' and '.join(axis.variable for axis in axes)} differs from the "
                f"reward of drawn pictures by {apart.mean():.3g} on average, of a range of "
                f"{span:.3g}; "
                "use more points, or set the reward's table to null if the picture also shows "
                "another variable."
            )

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """The reward of every step: (E, T)."""
        return self._looked_up(episodes.observations).astype(np.float32)

    def _looked_up(self, states: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        values = [states[..., column] for column in self._columns]
        if len(values) == 1:
            return np.asarray(np.interp(values[0], self._axes[0].values, self._rewards))
        (row, down), (column, right) = map(Axis.between, self._axes, values)
        table = self._rewards
        upper = (1 - right) * table[row, column] + right * table[row, column + 1]
        lower = (1 - right) * table[row + 1, column] + right * table[row + 1, column + 1]
        return np.asarray((1 - down) * upper + down * lower)


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
