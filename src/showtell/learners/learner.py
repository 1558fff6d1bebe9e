"""The interface of a learner: worlds and a reward in, a policy and the log of its training out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from showtell.learners.checkpoints import Best, Weights
from showtell.learners.progress import EpisodeLog, Row
from showtell.project.checkpoints import Resume
from showtell.rendering.scene import Frames, Snapshots, View
from showtell.rewards.reward import Reward
from showtell.worlds.world import World

if TYPE_CHECKING:
    from showtell.demos.demo import Demo

Draw = Callable[[Snapshots, View], Frames]
Sink = Callable[[int, Mapping[str, float]], None]  # a step, and what was measured up to it


@dataclass(frozen=True)
class TrainingInputs:
    """Worlds and reward of a training, and its branch of the seed tree."""

    make_world: Callable[[], World]
    reward: Reward
    draw: Draw | None  # None where neither the reward nor the policy reads frames
    root: int
    address: tuple[str | int, ...]
    start: Weights | None = None  # the policy to go on from, when fine-tuning
    view: View | None = None  # for a policy that observes pictures, if the reward reads none
    demo: "Demo | None" = None  # what a learner that clones behaviour imitates


@dataclass(frozen=True)
class Trained:
    """What a training leaves behind."""

    weights: Weights  # of the final policy
    best: Best  # the policies that scored best on the way
    network: dict[str, Any]  # plain data: all that is needed to act with the weights
    episodes: EpisodeLog
    log_every: int  # steps
    updates: int

    @property
    def progress(self) -> Iterator[Row]:
        """The learning curve."""
        return self.episodes.rows(self.log_every, ended=True)

    @property
    def metrics(self) -> dict[str, float]:
        """How much was done, and what the latest episodes were worth."""
        return {
            "steps": self.episodes.steps,
            "episodes": len(self.episodes),
            "updates": self.updates,
            **self.best.steps,
            **self.episodes.final(),
        }


class Untrained(NamedTuple):
    """A policy before its training: what a training with the same address starts from."""

    weights: Weights
    network: dict[str, Any]


class Learner(Protocol):
    """Learns; can be killed at any moment; knows nothing of papers."""

    draws: bool  # whether its policy observes pictures, so that worlds are drawn at every step

    def train(self, assignment: TrainingInputs, resume: Resume, sink: Sink) -> Trained:
        """Train to the end, from the last checkpoint in `resume` if there is one."""
        ...

    def untrained(self, assignment: TrainingInputs) -> Untrained:
        """The policy that `train` starts from."""
        ...
