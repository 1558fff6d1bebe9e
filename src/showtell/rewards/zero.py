"""A reward of 0: what an agent scores that gets no information about the task."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.rewards.reward import Episodes, Reads
from showtell.study.settings import RewardSettings


class ZeroSettings(RewardSettings):
    """It has no choices."""

    kind: Literal["zero"]


class Zero:
    """The reward of every step is 0."""

    def __init__(self, settings: ZeroSettings, **_: Any) -> None:
        self.reads = Reads()

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """Zero for every step: (E, T)."""
        return np.zeros(episodes.true_rewards.shape, dtype=np.float32)


PARTS = {"zero": (ZeroSettings, "Zero")}
EXAMPLES = [{"kind": "zero"}]
