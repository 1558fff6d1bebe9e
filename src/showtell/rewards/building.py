"""Builds a reward from its settings and from what its goals and demos were made into."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from showtell.goals.goal import Target
from showtell.nets.distance import Distance
from showtell.nets.encoder import Encoder
from showtell.rendering.scene import View
from showtell.rewards.reward import Reward
from showtell.study import registry
from showtell.study.settings import RewardSettings


class GoalInputs(NamedTuple):
    """A goal of params.yaml, embedded, and the network that a reward compares frames with."""

    target: Target
    encoder: Encoder | Distance | None  # None: the goal is a picture only
    view: View | None = None  # the task's camera at the encoder's size; None: the reward's own


def build_reward(
    settings: RewardSettings, goals: Mapping[str, GoalInputs], **context: Any
) -> Reward:
    """The reward; a reward with one goal is given its `target` and `encoder`."""
    comparisons = () if settings.terms_of() else settings.needs().comparisons
    for comparison in comparisons:
        given = goals[comparison.goal]
        context |= {"target": given.target, "encoder": given.encoder}
        if given.view is not None:
            context["view"] = given.view
    reward: Reward = registry.build("rewards", settings, goals=goals, **context)
    return reward
