"""The sparse reward: success, at the end."""

import numpy as np
import pytest

from showtell.rewards.reward import Episodes
from showtell.study.registry import build, part


def scores(rule, successes):
    settings = part("rewards", "sparse").settings.model_validate({"kind": "sparse", "rule": rule})
    successes = np.array(successes, dtype=np.bool_)
    zeros = np.zeros(successes.shape, dtype=np.float32)
    episodes = Episodes(
        observations=zeros[..., None], actions=zeros, true_rewards=zeros, successes=successes
    )
    return build("rewards", settings).score(episodes).tolist()


NEVER, LATE, EARLY = [0, 0, 0], [0, 0, 1], [0, 1, 0]


@pytest.mark.parametrize(("rule", "paid"), [("any", [0, 1, 1]), ("final", [0, 1, 0])])
def test_the_last_step_alone_is_paid_if_the_episode_succeeded(rule, paid):
    assert scores(rule, [NEVER, LATE, EARLY]) == [[0, 0, end] for end in paid]
