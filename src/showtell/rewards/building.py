"""Builds a reward from its settings and from what its goals and demos were made into."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from showtell.goals.goal import Target
from showtell.nets.distance import Distance
from showtell.nets.encoder import Encoder
from showtell.rendering.scene import View
from showtell.rewards.reward import Reward
from showtell.study import registry
from showtell.study.settings import RewardSettings

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class GoalInputs(NamedTuple):
    """A goal of params.yaml, embedded, and the network that a reward compares frames with."""

    target: Target
    encoder: Encoder | Distance | None  # None: the goal is a picture only
    view: View | None = None  # the task's camera at the encoder's size; None: the reward's own


def build_reward(
    settings: RewardSettings,
    goals: Mapping[str, GoalInputs],
    demos: Mapping[str, "Demo"],
    **context: Any,
) -> Reward:
    """The reward; one with a goal is given its `target` and `encoder`, one with a demo its `demo`.

    A sum builds each of its terms in this way, so that each term gets its own.
    """
    if settings.terms_of():
        total: Reward = registry.build("rewards", settings, goals=goals, demos=demos, **context)
        return total
    needs = settings.needs()
    for comparison in needs.comparisons:
        given = goals[comparison.goal]
        context |= {"target": given.target, "encoder": given.encoder}
        if given.view is not None:
            context["view"] = given.view
    for demonstrations in needs.demonstrations:
        context["demo"] = demos[demonstrations.demo]
    reward: Reward = registry.build("rewards", settings, **context)
    return reward
