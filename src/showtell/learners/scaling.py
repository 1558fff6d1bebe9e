"""Learned rewards on a scale that a critic can follow, whatever network they come from.

RoboCLIP's dot product is neither normalised nor scaled, so its size depends on the demonstration;
the log keeps it as it is.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-6  # a reward that never varies stays as it is, near enough


class ReturnScale:
    """Mean and spread of all episodes' returns so far."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0, 0.0, 0.0

    def scaled(self, labels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take these episodes' labels, (E, T), into account, and divide them by the spread.

        The mean return is taken off the last step: every episode has the same length, so that
        favours no policy, and the critic need not first learn what all episodes share.
        """
        for value in labels.sum(axis=1, dtype=np.float64).tolist():  # Welford's sums
            self._count += 1
            above = value - self._mean
            self._mean += above / self._count
            self._squares += above * (value - self._mean)
        spread = float(np.sqrt(self._squares / self._count))
        shifted = labels.astype(np.float64)
        shifted[:, -1] -= self._mean
        return np.asarray(shifted / max(spread, _LEAST), dtype=np.float32)

    def state(self) -> dict[str, Any]:
        """Everything, as plain numbers."""
        return {"count": self._count, "mean": self._mean, "squares": self._squares}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._count, self._mean = state["count"], state["mean"]
        self._squares = state["squares"]
