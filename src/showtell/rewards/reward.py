"""The face of a reward: what it reads, and a score for every step of a batch of episodes."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from showtell.rendering.scene import View


@dataclass(frozen=True)
class Reads:
    """What a reward looks at. The labeller draws exactly these frames and nothing else.

    Step t's frame shows the state *after* action t. With `view=None` nothing is drawn.
    """

    view: View | None = None
    stride: int = 1  # every stride-th step, from step 0
    count: int | None = None  # or: this many steps, evenly spaced, the last one included

    def steps(self, horizon: int) -> NDArray[np.int64]:
        """The steps whose frames are read, in an episode of `horizon` steps."""
        if self.view is None:
            return np.empty(0, dtype=np.int64)
        if self.count == 1:
            return np.array([horizon - 1], dtype=np.int64)
        if self.count is not None:
            return np.linspace(0, horizon - 1, self.count).round().astype(np.int64)
        return np.arange(0, horizon, self.stride, dtype=np.int64)


@dataclass(frozen=True)
class Episodes:
    """E whole episodes of T steps. Row t is what step t led to."""

    observations: NDArray[np.float32]  # (E, T, D): what the policy saw after step t
    actions: NDArray[np.generic]  # (E, T, ...)
    true_rewards: NDArray[np.float32]  # (E, T)
    successes: NDArray[np.bool_]  # (E, T)
    frames: NDArray[np.uint8] | None = None  # (E, K, H, W, 3), for the K steps that are read


class Reward(Protocol):
    """Scores episodes. Holds no environment; builds its networks when it is built."""

    reads: Reads

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A finite reward for every step: (E, T)."""
        ...
