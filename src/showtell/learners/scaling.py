"""Learned rewards on a scale that a critic can follow, whatever network they come from.

RoboCLIP's dot product is neither normalised nor scaled, so its size depends on the demonstration;
the log keeps it as it is.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-6  # a reward that never varies stays as it is, near enough


class Scale(Protocol):
    """Puts the labels of rollouts on another scale; checkpoints hold its state."""

    def scaled(self, labels: NDArray[np.float32]) -> NDArray[np.float32]:
        """The labels of one rollout's episodes, (E, T), on this scale."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything, as plain numbers."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        ...


class FirstRolloutScale:
    """The first rollout decides: its highest reward becomes 0, its standard deviation 1.

    All episodes have the same length, so the shift favours no policy. The value of the goal is then
    close to 0 at every time. With an offset c it depends on the steps that are left, by up to
    c / (1 - gamma): noise, where the observation has no clock and the last step is terminal.
    """

    def __init__(self) -> None:
        self._highest: float | None = None
        self._spread = 1.0

    def scaled(self, labels: NDArray[np.float32]) -> NDArray[np.float32]:
        """The labels of one rollout's episodes, (E, T), on this scale."""
        if self._highest is None:
            self._highest = float(labels.max())
            spread = float(labels.std(dtype=np.float64))
            self._spread = spread if spread > _LEAST else 1.0
        shifted = labels.astype(np.float64) - self._highest
        return np.asarray(shifted / self._spread, dtype=np.float32)

    def state(self) -> dict[str, Any]:
        """Everything, as plain numbers."""
        return {"highest": self._highest, "spread": self._spread}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._highest, self._spread = state["highest"], state["spread"]


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
