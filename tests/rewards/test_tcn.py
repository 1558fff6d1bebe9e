"""TCN's reward by hand: embeddings on a line, compared with the frame of the time."""

import numpy as np
import pytest
import torch

from showtell.goals.goal import Target
from showtell.nets.distance import Stage
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.tcn import TcnReward, TcnSettings
from tests.rewards.test_distance import episodes

PUBLISHED = {
    "kind": "tcn", "goal": "frames", "alpha": 0.005, "beta": 0.02, "gamma": 0.2, "first": 0,
    "divisor": 2.0,
}  # fmt: skip


class Levels:
    """The level of a frame, as a vector of one number."""

    dimensions = 1

    def image(self, frames):
        return torch.from_numpy(frames[:, 0, 0, :1].astype(np.float32))


def reward(*goals, **changes):
    stages = tuple(Stage(embedding=np.array([level], np.float32)) for level in goals)
    settings = TcnSettings.model_validate(PUBLISHED | changes)
    return TcnReward(settings, target=Target(stages, None, {}), encoder=Levels(), view=View(1, 1))


def cost(gap):
    return 0.005 * gap**2 + 0.02 * (np.sqrt(0.2 + gap**2) - np.sqrt(0.2))


def test_each_step_is_compared_with_the_frame_of_its_time_and_the_last_one_is_held():
    found = reward(10, 20, 30).score(episodes([10, 25, 30, 33, 30], starts=[0]))
    np.testing.assert_allclose(found, [[-cost(gap) / 2 for gap in (0, 5, 0, 3, 0)]], atol=1e-6)
    assert (found <= 0).all()


def test_a_distance_at_the_goal_is_zero_by_the_published_numbers():
    """d(g, g) = β √γ = 0.0089 is what is subtracted."""
    found = reward(7, alpha=0.0, divisor=1.0).score(episodes([7, 246], starts=[0]))
    assert found[0, 0] == 0
    assert found[0, 1] == pytest.approx(-(0.02 * np.sqrt(0.2 + 239**2) - 0.0089), abs=1e-3)


def test_the_first_step_may_be_compared_with_a_later_frame():
    of_a_rollout = reward(10, 20, 30, first=1)  # frame 1 is the state after the first step
    found = of_a_rollout.score(episodes([20, 30, 30], starts=[0]))
    np.testing.assert_allclose(found, np.zeros((1, 3)), atol=1e-7)


def test_a_slower_agent_scores_below_the_demonstrations_pace():
    demonstration = reward(0, 20, 40, 60)
    found = demonstration.score(episodes([0, 20, 40, 60], [0, 0, 20, 20], starts=[0, 0]))
    assert found[0].sum() == 0
    assert found[1].sum() < -1


def test_single_states_have_no_time():
    with pytest.raises(UserError, match="single states"):
        reward(10).score(episodes([10, 20]))


def test_a_goal_of_another_model_is_refused():
    pictures = Target((Stage(picture=np.zeros((1, 1, 3), np.uint8)),), None, {})
    settings = TcnSettings.model_validate(PUBLISHED)
    with pytest.raises(UserError, match="'frames' has no embedding of 1 dimensions"):
        TcnReward(settings, target=pictures, encoder=Levels(), view=View(1, 1))
