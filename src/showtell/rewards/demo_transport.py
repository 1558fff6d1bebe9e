"""Optimal transport: how far an episode's states must be moved to lie where a demonstration's do.

The trajectory reward with which FISH (Haldar et al. 2023) fine-tunes from one demonstration, here
on states in place of its visual features: r_t = −scale · Σ_j C_tj P_tj, with P the cheapest plan
that moves all of the episode onto all of the demonstration.
"""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt

from showtell.rewards.demo_states import Scale, check_alike, states_of
from showtell.rewards.reward import Episodes, Reads
from showtell.study.needs import Demonstrations, Needs
from showtell.study.settings import RewardSettings

if TYPE_CHECKING:
    from showtell.demos.demo import Demo

Array = NDArray[np.float64]
_ABSORB = 10  # iterations between two renewals of the kernel


class DemoTransportSettings(RewardSettings):
    """The cost of moving a state, and how the plan is found."""

    kind: Literal["demo_transport"]
    demo: str
    demos: PositiveInt  # how many of its demonstrations
    cost: Literal["cosine", "euclidean"]  # cosine as in FISH
    # The return of an episode is −scale times the mean cost of a state: at best 0, at worst −2
    # scale with the cosine.
    scale: PositiveFloat
    regularisation: PositiveFloat  # of the plan's entropy: towards 0 it becomes the cheapest one
    iterations: PositiveInt

    def needs(self) -> Needs:
        """States of demonstrations."""
        return Needs(demonstrations=(Demonstrations(self.demo, self.demos, states=True),))


class DemoTransport:
    """The reward of a step is minus the cost of moving its state onto the demonstration."""

    def __init__(self, settings: DemoTransportSettings, *, demo: "Demo", **_: Any) -> None:
        self.reads = Reads()
        self._settings = settings
        self._demo = states_of(demo, settings.demo, settings.demos)
        self._scale = Scale(self._demo)
        self._shown = self._features(self._demo[:, 1:])  # (K, T, D)

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """−scale · Σ_j C_tj P_tj by the demonstration that is nearest as a whole: (E, T)."""
        check_alike(episodes, self._demo, self._settings.demo)
        seen = self._features(episodes.observations)
        moved = np.stack([self._moved(seen, shown) for shown in self._shown])  # (K, E, T)
        nearest = moved.sum(axis=2).argmin(axis=0)
        costs = np.take_along_axis(moved, nearest[None, :, None], axis=0)[0]
        return np.asarray(-self._settings.scale * costs, dtype=np.float32)

    def _moved(self, seen: Array, shown: Array) -> Array:
        """Σ_j C_tj P_tj of every step: (E, T)."""
        cost = _cost(seen, shown, self._settings.cost)
        plan = transport(cost, self._settings.regularisation, self._settings.iterations)
        return np.asarray((cost * plan).sum(axis=2))

    def _features(self, states: NDArray[np.float32]) -> Array:
        scaled = self._scale(states).astype(np.float64)
        if self._settings.cost == "euclidean":
            return scaled
        # A state at the demonstration's mean has no direction: it is as far from any other.
        return np.asarray(scaled / np.maximum(np.linalg.norm(scaled, axis=-1, keepdims=True), 1e-9))


def transport(cost: Array, regularisation: float, iterations: int) -> Array:
    """Plans of least cost less regularisation × entropy, uniform on both sides: (E, T, J).

    Sinkhorn's iterations with the logarithms of the scalings absorbed into the kernel, so that no
    regularisation is too small for a float. The sums over rows are right to the last iteration's
    change, those over columns exact.
    """
    rows, columns = cost.shape[1:]
    # Potentials to begin with that leave a 1 in every row and column of the kernel.
    row = cost.min(axis=2, keepdims=True)
    column = (cost - row).min(axis=1, keepdims=True)
    for first in range(0, iterations, _ABSORB):
        kernel = np.exp((row + column - cost) / regularisation)
        right = np.ones_like(column)
        for _ in range(min(_ABSORB, iterations - first)):
            left = 1 / (rows * (kernel @ right.swapaxes(1, 2)))  # (E, T, 1)
            right = 1 / (columns * (left.swapaxes(1, 2) @ kernel))  # (E, 1, J)
        row = row + regularisation * np.log(left)
        column = column + regularisation * np.log(right)
    return np.asarray(np.exp((row + column - cost) / regularisation))


def _cost(seen: Array, shown: Array, kind: str) -> Array:
    """The cost of moving each state of (E, T, D) onto each of (J, D): (E, T, J)."""
    if kind == "cosine":
        return np.maximum(1 - seen @ shown.T, 0.0)
    squares = (seen**2).sum(axis=2)[..., None] + (shown**2).sum(axis=1) - 2 * (seen @ shown.T)
    return np.asarray(np.sqrt(np.maximum(squares, 0) / shown.shape[-1]))


PARTS = {"demo_transport": (DemoTransportSettings, "DemoTransport")}
_ONE: dict[str, Any] = {
    "kind": "demo_transport", "demo": "one", "demos": 2, "scale": 10.0, "regularisation": 0.05,
    "iterations": 50,
}  # fmt: skip
EXAMPLES = [_ONE | {"cost": cost} for cost in ("cosine", "euclidean")]
