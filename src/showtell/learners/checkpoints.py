"""Which policy of a training is meant: the last one, or the best one met on the way."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from showtell.learners.progress import Row

# `best-true` needs the true return, which is unknown where a learned reward is needed: its name
# says so in every table and figure.
Checkpoint = Literal["last", "best-learned", "best-true"]
CHECKPOINTS: tuple[Checkpoint, ...] = get_args(Checkpoint)
_SCORES = {"best-learned": "learned_return", "best-true": "true_return"}

Weights = dict[str, NDArray[Any]]


class Best:
    """The policies that acted in the best window of progress so far, by each score."""

    def __init__(self) -> None:
        self.weights: dict[str, Weights] = {}
        self._scores: dict[str, float] = {}
        self._steps: dict[str, int] = {}

    def meet(self, row: Row, weights: Weights) -> None:
        """Consider the policy that acted at the end of a window; a tie goes to the later one."""
        for checkpoint, column in _SCORES.items():
            score = float(getattr(row, column))
            if score >= self._scores.get(checkpoint, -np.inf):
                self.weights[checkpoint] = {name: array.copy() for name, array in weights.items()}
                self._scores[checkpoint], self._steps[checkpoint] = score, row.step

    @property
    def steps(self) -> dict[str, int]:
        """When each was met, e.g. `{"best-true_step": 40_000}`."""
        return {f"{checkpoint}_step": step for checkpoint, step in self._steps.items()}

    def state(self) -> dict[str, Any]:
        """Everything, as arrays and plain values."""
        return {"weights": self.weights, "scores": self._scores, "steps": self._steps}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self.weights, self._scores = state["weights"], state["scores"]
        self._steps = state["steps"]


def policy_name(actions: str, checkpoint: str) -> str:
    """The name of a policy in tables and figures, e.g. `deterministic (best-true)`."""
    return actions if checkpoint == "last" else f"{actions} ({checkpoint})"
