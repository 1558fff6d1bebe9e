"""A dense reward that the world's designers wrote: the oracle of HOLD's DVD tasks (Figure 4)."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.rewards.reward import Episodes, Reads
from showtell.study.needs import Needs
from showtell.study.settings import RewardSettings


class OracleSettings(RewardSettings):
    """It has no choices."""

    kind: Literal["oracle"]

    def needs(self) -> Needs:
        """A world that computes it."""
        return Needs(dense_rewards=True)


class Oracle:
    """Reads the state of the simulator, for comparison only; success is measured as ever."""

    def __init__(self, settings: OracleSettings, **_: Any) -> None:
        self.reads = Reads()

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """The dense reward of every step: (E, T)."""
        if episodes.dense_rewards is None:
            raise ValueError("these episodes have no dense rewards: their world computes none")
        return episodes.dense_rewards.copy()


PARTS = {"oracle": (OracleSettings, "Oracle")}
EXAMPLES = [{"kind": "oracle"}]
