"""The world's own reward: the oracle that learned rewards are compared with."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.rewards.reward import Episodes, Reads
from showtell.study.settings import RewardSettings


class TrueRewardSettings(RewardSettings):
    """It has no choices."""

    kind: Literal["true_reward"]


class TrueReward:
    """The reward of the world, unchanged."""

    def __init__(self, settings: TrueRewardSettings, **_: Any) -> None:
        self.reads = Reads()

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """The true reward of every step: (E, T)."""
        return episodes.true_rewards.astype(np.float32)


PARTS = {"true_reward": (TrueRewardSettings, "TrueReward")}
EXAMPLES = [{"kind": "true_reward"}]
