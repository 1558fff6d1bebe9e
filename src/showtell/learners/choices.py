"""Which of a training's policies is meant: its last one, or the best one met on the way."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from showtell.learners.progress import Row

# `learned`: best by the reward that was learned from. `oracle`: best by the true return, which
# nobody has who needs a learned reward; it is called oracle wherever it is shown.
Choice = Literal["final", "learned", "oracle"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
_SCORES = {"learned": "learned_return", "oracle": "true_return"}

Weights = dict[str, NDArray[Any]]


class Best:
    """The policies that acted in the best window of progress so far, by each score."""

    def __init__(self) -> None:
        self.weights: dict[str, Weights] = {}
        self._scores: dict[str, float] = {}
        self._steps: dict[str, int] = {}

    def meet(self, row: Row, weights: Weights) -> None:
        """Consider the policy that acted at the end of a window; a tie goes to the later one."""
        for choice, column in _SCORES.items():
            score = float(getattr(row, column))
            if score >= self._scores.get(choice, -np.inf):
                self.weights[choice] = {name: array.copy() for name, array in weights.items()}
                self._scores[choice], self._steps[choice] = score, row.step

    @property
    def steps(self) -> dict[str, int]:
        """When each was met, e.g. `{"oracle_step": 40_000}`."""
        return {f"{choice}_step": step for choice, step in self._steps.items()}

    def state(self) -> dict[str, Any]:
        """Everything, as arrays and plain values."""
        return {"weights": self.weights, "scores": self._scores, "steps": self._steps}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self.weights, self._scores = state["weights"], state["scores"]
        self._steps = state["steps"]


def label(how: str, choice: str) -> str:
    """How a policy is called in tables and figures: `deterministic`, `deterministic (oracle)`."""
    return how if choice == "final" else f"{how} ({choice})"
