"""The states of a demonstration, checked, and the scale on which rewards compare them."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from showtell.project.errors import UserError
from showtell.rewards.reward import Episodes

if TYPE_CHECKING:
    from showtell.demos.demo import Demo

States = NDArray[np.float32]
_STILL = 1e-6  # a number whose deviation is below this part of its size did not move
_FAR = 10.0  # standard deviations; larger values are clipped


def states_of(demo: "Demo", name: str, count: int) -> States:
    """The states of the first demonstrations of a file, from the reset on: (count, T + 1, D)."""
    if demo.observations is None:
        raise UserError(
            f"the reward reads the states of the demo {name!r}, but this one is a film without "
            "them; give the reward a demo that was acted in the task's own world, one of the "
            "kind 'scripted'."
        )
    if len(demo.observations) < count:
        raise UserError(
            f"the reward asks for {count} demonstrations and the demo {name!r} has "
            f"{len(demo.observations)}; set demos of the reward to at most that, or count of the "
            "demo to more."
        )
    return demo.observations[:count]


def check_alike(episodes: Episodes, states: States, name: str) -> None:
    """Episodes and a demonstration must be of one world: their states have one size."""
    found, wanted = episodes.observations.shape[-1], states.shape[-1]
    if found != wanted:
        raise UserError(
            f"a state of this world is {found} numbers and one of the demo {name!r} is {wanted}: "
            "the demo was acted in another world, or in this one with other settings (such as "
            "observe_time). Delete the demo's file and make it again with: make reproduce"
        )


class Scale:
    """Takes states to mean 0 and deviation 1, by states that were seen once and for all."""

    def __init__(self, *seen: NDArray[Any]) -> None:
        """Several groups of states count alike, whatever their sizes."""
        groups = [group.reshape(-1, group.shape[-1]).astype(np.float64) for group in seen]
        self._mean = np.mean([group.mean(axis=0) for group in groups], axis=0)
        spread = [((group - self._mean) ** 2).mean(axis=0) for group in groups]
        deviation = np.sqrt(np.mean(spread, axis=0))
        # What stood still has no scale of its own: it keeps the world's unit.
        still = deviation <= _STILL * np.maximum(np.abs(self._mean), 1.0)
        self._deviation = np.where(still, 1.0, deviation)

    def __call__(self, states: NDArray[Any]) -> States:
        """States, (…, D), on this scale."""
        scaled = (states.astype(np.float64) - self._mean) / self._deviation
        return np.asarray(np.clip(scaled, -_FAR, _FAR), dtype=np.float32)

    def state(self) -> dict[str, NDArray[np.float64]]:
        """The scale, as arrays."""
        return {"mean": self._mean, "deviation": self._deviation}

    @classmethod
    def of(cls, state: dict[str, NDArray[np.float64]]) -> Self:
        """The scale that `state` was taken from."""
        scale = cls.__new__(cls)
        scale._mean, scale._deviation = state["mean"], state["deviation"]
        return scale
