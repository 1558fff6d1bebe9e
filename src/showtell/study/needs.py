"""What the parts of a study need of each other and offer to each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Actions = Literal["discrete", "box"]
Reading = Literal["image", "video", "text"]  # what an encoder can embed


@dataclass(frozen=True)
class Demonstrations:
    """The first `count` demonstrations of one demo."""

    demo: str
    count: int
    states: bool  # the reward reads observations and actions, not the video alone


@dataclass(frozen=True)
class Comparison:
    """A goal that a reward compares frames with, and what the reward needs of that goal."""

    goal: str
    embeds: Reading | None  # what the reward gives to the goal's encoder; None: it compares pixels
    baseline: bool = False  # the goal must have a baseline prompt
    unit: bool | None = None  # the encoder's vectors must (not) have length 1
    measured: bool = False  # the goal's encoder is a network that measures distances itself
    timed: bool = False  # the goal has a stage for each moment, and the reward follows them in time


@dataclass(frozen=True)
class Needs:
    """What a reward needs in order to score episodes of a task."""

    comparisons: tuple[Comparison, ...] = ()
    demonstrations: tuple[Demonstrations, ...] = ()
    log_probs: bool = False  # log-probabilities of the actions, which only some learners have
    dense_rewards: bool = False  # a reward that the world's designers wrote beside the true one

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(
            (*self.comparisons, *other.comparisons),
            (*self.demonstrations, *other.demonstrations),
            self.log_probs or other.log_probs,
            self.dense_rewards or other.dense_rewards,
        )

    @property
    def goals(self) -> tuple[str, ...]:
        """The goals by name, each once."""
        return tuple(dict.fromkeys(comparison.goal for comparison in self.comparisons))


@dataclass(frozen=True)
class Offers:
    """What a world gives to the parts that are used on it."""

    actions: Actions
    script: bool  # the world has a script that solves its task
    uniform_states: bool  # states can be drawn uniformly
    true_rewards_of_states: bool  # the true reward of a state is known without a step
    variables: tuple[str, ...] = ()  # that a landscape can run through
    dense_rewards: bool = False  # `info["dense_reward"]` is a dense reward beside the true one
    goal_images: bool = False  # the world can draw pictures of its solved task
    scenes: tuple[str, ...] = ()  # changed ones, in which it can be seen with the same goal


class FigureNeeds(NamedTuple):
    """What a figure draws of its experiment, besides the first trainings."""

    studies: Mapping[str, str]  # a study's name -> its kind
    phases: tuple[str, ...]  # of fine-tuning


def union(needs: Iterable[Needs]) -> Needs:
    """What several rewards need together."""
    together = Needs()
    for one in needs:
        together |= one
    return together
