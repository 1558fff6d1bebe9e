"""The interface of a reward: the frames it reads, and a score for every step of episodes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from showtell.nets.distance import Stage
from showtell.project.errors import UserError
from showtell.rendering.scene import View

LogProbOf = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class Reads:
    """The frames that a reward reads. The labeller draws exactly these and nothing else.

    Step t's frame shows the state *after* action t. With `view=None` nothing is drawn.
    """

    view: View | None = None
    stride: int = 1  # every stride-th step, from step 0
    count: int | None = None  # or: this many steps, evenly spaced, the last one included
    start: bool = False  # also the frame of the state after reset
    union: tuple["Reads", ...] = ()  # or: the steps of all of these, which share the view

    def steps(self, horizon: int) -> NDArray[np.int64]:
        """The steps whose frames are read, in an episode of `horizon` steps."""
        if self.view is None:
            return np.empty(0, dtype=np.int64)
        if self.union:
            return np.unique(np.concatenate([reads.steps(horizon) for reads in self.union]))
        if self.count == 1:
            return np.array([horizon - 1], dtype=np.int64)
        if self.count is not None:
            return np.linspace(0, horizon - 1, self.count).round().astype(np.int64)
        return np.arange(0, horizon, self.stride, dtype=np.int64)

    @classmethod
    def together(cls, several: Iterable["Reads"]) -> "Reads":
        """All that several rewards read, so that each frame is drawn once."""
        drawn = tuple(reads for reads in several if reads.view is not None)
        views = {reads.view for reads in drawn}
        if len(views) > 1:
            raise UserError(
                "the terms of a sum read frames of different views: "
                f"{', '.join(str(tuple(view)) for view in views if view)}; give the terms one "
                "view, or train them as two methods."
            )
        if not drawn:
            return cls()
        return cls(drawn[0].view, start=any(reads.start for reads in drawn), union=drawn)


@dataclass(frozen=True)
class Episodes:
    """E whole episodes of T steps. Row t holds the state after action t."""

    observations: NDArray[np.float32]  # (E, T, D): the policy's observation after step t
    actions: NDArray[np.generic]  # (E, T, ...)
    true_rewards: NDArray[np.float32]  # (E, T)
    successes: NDArray[np.bool_]  # (E, T)
    frames: NDArray[np.uint8] | None = None  # (E, K, H, W, 3), for the K steps that are read
    starts: NDArray[np.float32] | None = None  # (E, D): after reset; None for single states
    log_probs: NDArray[np.float32] | None = None  # (E, T), where the policy that acted has them
    # The same policy's log π(a|s) anywhere: (N, D) observations, (N, A) actions -> (N,).
    log_prob_of: LogProbOf | None = None
    start_frames: NDArray[np.uint8] | None = None  # (E, H, W, 3), where `Reads.start` asks
    dense_rewards: NDArray[np.float32] | None = None  # (E, T), where the world has them
    # (E, T): the stage that was active when action t was taken, where a `Staged` reward advanced
    # it during the rollout; None: the reward finds the stages from the frames.
    stages: NDArray[np.intp] | None = None

    @property
    def states(self) -> NDArray[np.float32]:
        """The policy's observations, from the reset on: (E, T + 1, D)."""
        if self.starts is None:
            raise ValueError("these episodes are single states: they have no starts")
        return np.concatenate([self.starts[:, None], self.observations], axis=1)

    def part(self, of: slice | list[int], **drawn: NDArray[np.uint8] | None) -> "Episodes":
        """Some of the episodes; `drawn` are their frames, where these are not held yet."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        rows: dict[str, Any] = {
            n: v[of] if isinstance(v, np.ndarray) else v for n, v in values.items()
        }
        return Episodes(**rows | drawn)


class Reward(Protocol):
    """Scores episodes. Holds no environment; builds its networks when it is built."""

    reads: Reads

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A finite reward for every step: (E, T)."""
        ...


@runtime_checkable
class FrameByFrame(Protocol):
    """A reward of single frames: it scores them while the environments go on.

    A frame's score depends on no other frame, and nothing is drawn at random.
    """

    reads: Reads

    def of_frames(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The score of each frame, (N, H, W, 3): (N,)."""
        ...

    def of_steps(self, scores: NDArray[np.float32], horizon: int) -> NDArray[np.float32]:
        """The reward of every step, (E, T), from the scores of the frames read, (E, K)."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """A reward that changes while the agent trains; checkpoints hold its state."""

    def state(self) -> Any:
        """Everything that changes: arrays and plain values, nested in dicts and lists."""
        ...

    def restore(self, state: Any) -> None:
        """Set everything to what `state` returned, exactly."""
        ...


@runtime_checkable
class Comparing(Protocol):
    """A reward whose comparison with a goal also has a cosine."""

    def similarity(self, episodes: Episodes) -> NDArray[np.float32]:
        """The cosine between each episode and the goal: (E,)."""
        ...


@runtime_checkable
class Learns(Stateful, Protocol):
    """A reward that learns from the agent's rollouts."""

    def learn(self, episodes: Episodes) -> dict[str, float]:
        """Learn from one rollout, before it is scored: losses, by name, for the log."""
        ...


class Distances(NamedTuple):
    """Distances of E episodes at L evenly spaced moments, the first after reset: (E, L) each."""

    last: NDArray[np.float64]  # to the last goal, less that of the goal's own picture
    staged: NDArray[np.float64]  # to the active goal, never below 0, with what a stage adds
    stages: NDArray[np.intp]  # the active stage


@runtime_checkable
class Measuring(Protocol):
    """A reward that is a distance to a goal."""

    history: int  # K, the number of frames that each distance reads

    def distances(self, histories: NDArray[np.uint8], stride: float) -> Distances:
        """Of the last K frames at each moment, (E, L, K, H, W, 3), `stride` steps apart."""
        ...


@runtime_checkable
class Staged(Stateful, Protocol):
    """A reward whose goal has stages: the active stage of each environment advances online.

    A policy that observes the goal's picture needs the active stage before each action.
    """

    goals: tuple[Stage, ...]  # what the indices of `advance` stand for

    def begin(self, environments: int) -> None:
        """Prepare for this many environments, all of them before their reset."""
        ...

    def advance(self, frames: NDArray[np.uint8], starts: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The active stage of each environment, (n,), after its newest frame, (n, H, W, 3).

        `starts` marks the frames that show a state after reset: there, stage 0 begins.
        """
        ...
