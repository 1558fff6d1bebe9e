"""One for an episode that succeeded, at its last step: what RoboCLIP's reward stands in for."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.rewards.reward import Episodes, Reads
from showtell.study.settings import RewardSettings


class SparseSettings(RewardSettings):
    """When an episode has succeeded."""

    kind: Literal["sparse"]
    rule: Literal["any", "final"]  # at any of its steps, or at the last


class Sparse:
    """1 at the end of a success, else 0: reads the true success, for comparison only."""

    def __init__(self, settings: SparseSettings, **_: Any) -> None:
        self.reads = Reads()
        self._rule = settings.rule

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """Zero but for the last step: (E, T)."""
        successes = episodes.successes
        succeeded = successes[:, -1] if self._rule == "final" else successes.any(axis=1)
        scores = np.zeros(successes.shape, dtype=np.float32)
        scores[:, -1] = succeeded
        return scores


PARTS = {"sparse": (SparseSettings, "Sparse")}
EXAMPLES = [{"kind": "sparse", "rule": rule} for rule in ("any", "final")]
