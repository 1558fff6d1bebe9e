"""The face of a reward: what it reads, and a score for every step of a batch of episodes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from showtell.rendering.scene import View

LogProbOf = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]


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
    starts: NDArray[np.float32] | None = None  # (E, D): after reset; None for single states
    log_probs: NDArray[np.float32] | None = None  # (E, T), where the policy that acted has them
    # The same policy's log π(a|s) anywhere: (N, D) observations, (N, A) actions -> (N,).
    log_prob_of: LogProbOf | None = None

    @property
    def states(self) -> NDArray[np.float32]:
        """What the policy saw, from the reset on: (E, T + 1, D)."""
        if self.starts is None:
            raise ValueError("these episodes are single states: they have no starts")
        return np.concatenate([self.starts[:, None], self.observations], axis=1)

    def part(self, of: slice, frames: NDArray[np.uint8] | None) -> "Episodes":
        """Some of them, with their frames."""
        return Episodes(
            observations=self.observations[of],
            actions=self.actions[of],
            true_rewards=self.true_rewards[of],
            successes=self.successes[of],
            frames=frames,
            starts=None if self.starts is None else self.starts[of],
            log_probs=None if self.log_probs is None else self.log_probs[of],
            log_prob_of=self.log_prob_of,
        )


class Reward(Protocol):
    """Scores episodes. Holds no environment; builds its networks when it is built."""

    reads: Reads

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A finite reward for every step: (E, T)."""
        ...


@runtime_checkable
class Learns(Protocol):
    """What a reward has besides, if it changes while the agent trains."""

    def learn(self, episodes: Episodes) -> dict[str, float]:
        """Learn from one rollout, before it is scored: losses, by name, for the log."""
        ...

    def state(self) -> Any:
        """Everything that changes: arrays and plain values, nested in dicts and lists."""
        ...

    def restore(self, state: Any) -> None:
        """Become what `state` was taken from, exactly."""
        ...
