"""Which goal is active in each environment, while episodes are under way."""

import numpy as np
from numpy.typing import NDArray

from showtell.nets.distance import Stage
from showtell.rendering.scene import Frames
from showtell.rewards.reward import Reward, Staged


class Stages:
    """The active stage of every environment: 0 where the reward has no stages."""

    def __init__(self, reward: Reward) -> None:
        self._staged = reward if isinstance(reward, Staged) else None
        self.goals: tuple[Stage, ...] = () if self._staged is None else self._staged.goals

    def begin(self, environments: int) -> None:
        """Prepare for environments before their first reset."""
        if self._staged is not None:
            self._staged.begin(environments)

    def advance(self, frames: Frames, *, starts: bool) -> NDArray[np.intp]:
        """The active stage of each environment after its newest frame: (n,).

        `starts`: the frames show states after reset; environments are reset together.
        """
        if self._staged is None:
            return np.zeros(len(frames), dtype=np.intp)
        return self._staged.advance(frames, np.full(len(frames), starts))


def flags(active: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """What a policy of states observes of the active one of `count` stages: (n, count - 1).

    One number for each stage but the first: 1 from this stage on, 0 before it.
    """
    return (active[:, None] >= np.arange(1, count)).astype(np.float32)
