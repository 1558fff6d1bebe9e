"""What a trained policy observes when it plays: numbers or pictures, and the active goal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.learners.policies import GOALS, Policy
from showtell.learners.sight import Draw, Sight, Size, goal_pictures
from showtell.learners.stages import Stages, flags
from showtell.project.errors import UserError
from showtell.rendering.scene import Snapshots, View
from showtell.rewards.reward import Reward


class Observing:
    """Observes environments that are reset together, for one policy.

    The reward decides which goal is active, as it did in the training; a policy of one goal needs
    none.
    """

    def __init__(self, policy: Policy, draw: Draw | None, reward: Reward | None = None) -> None:
        network = policy.network
        self._several = max(network.stages, network.pictures.goals if network.pictures else 1)
        self._stages: Stages | None = None
        self._draw, self._view = draw, None if reward is None else reward.reads.view
        if self._several > 1:
            self._stages = _stages(reward, self._several)
        self._sight = _sight(policy, draw)
        if self._stages and (draw is None or self._view is None):
            raise ValueError("the policy follows goals by frames, but this caller does not draw")

    def begin(self, environments: int) -> None:
        """Prepare for this many environments, before their reset."""
        if self._stages is not None:
            self._stages.begin(environments)

    def observe(self, states: NDArray[Any], snapshots: Snapshots, *, starts: bool) -> NDArray[Any]:
        """What the policy observes, (N, …), of states as the world observes them, (N, D).

        `starts`: they are those after reset.
        """
        active = np.zeros(len(states), dtype=np.intp)
        frames = None
        if self._stages is not None:
            assert self._draw is not None and self._view is not None
            frames = self._draw(snapshots, self._view)
            active = self._stages.advance(frames, starts=starts)
        if self._sight is None:
            return np.concatenate([states, flags(active, self._several)], axis=1)
        if frames is None or self._sight.view != self._view:
            frames = self._sight.frames(snapshots)
        return self._sight.observations(frames, active)


def _stages(reward: Reward | None, several: int) -> Stages:
    if reward is None:
        raise UserError(
            f"the policy observes the active one of {several} goals, and without the reward of its "
            "training it is not known which goal is active; evaluate it in the experiment that "
            "trained it, or train it with a goal whose `stages` is 'last'."
        )
    stages = Stages(reward)
    if len(stages.goals) != several:
        raise UserError(
            f"the policy observes the active one of {several} goals, but the reward has "
            f"{len(stages.goals)}; the two are of different trainings: run the training again."
        )
    return stages


def _sight(policy: Policy, draw: Draw | None) -> Sight | None:
    """How a policy's pictures are drawn; None where it observes numbers."""
    pictures = policy.network.pictures
    if pictures is None:
        return None
    if draw is None:
        raise ValueError("the policy observes pictures, but this caller does not draw")
    size = Size(pictures.width, pictures.height)
    goals = policy.weights[GOALS] if pictures.goals else goal_pictures((), size)
    return Sight(draw, View(*pictures.view), size, goals)
