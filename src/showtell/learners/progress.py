"""The log of a training: one record an episode, and the table of progress made of them."""

from collections.abc import Iterator
from typing import Any, NamedTuple, assert_never

import numpy as np
from numpy.typing import NDArray

from showtell.worlds.world import SuccessRule

FINAL_EPISODES = 100  # the latest episodes, which metrics.json averages


class Row(NamedTuple):
    """One row of progress.csv: means over the episodes since the row before."""

    step: int
    episodes: int
    true_return: float
    learned_return: float
    success: float


class EpisodeLog:
    """What every training episode was worth, in the order they ended."""

    def __init__(self) -> None:
        self._steps: list[int] = []  # steps of all environments together, when it ended
        self._scores: list[tuple[float, float, float]] = []  # true, learned, success

    def add(
        self,
        step: int,
        true_returns: NDArray[np.floating[Any]],
        learned_returns: NDArray[np.floating[Any]],
        successes: NDArray[np.bool_],
    ) -> None:
        """Record episodes that ended together."""
        for scores in zip(true_returns, learned_returns, successes, strict=True):
            self._steps.append(step)
            true, learned, success = map(float, scores)
            self._scores.append((true, learned, success))

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> int:
        """Steps of all environments together, up to the last episode's end."""
        return self._steps[-1] if self._steps else 0

    def rows(self, every: int, *, ended: bool) -> Iterator[Row]:
        """A row whenever a multiple of `every` steps is passed, and one for the end."""
        begin, reached = 0, 0
        for end in range(1, len(self) + 1):
            step = self._steps[end - 1]
            last = end == len(self)
            if not last and self._steps[end] == step:
                continue  # more episodes ended at this step
            if step // every > reached // every or (last and ended):
                yield self._row(begin, end)
                begin, reached = end, step

    def final(self) -> dict[str, float]:
        """Means over the latest episodes."""
        row = self._row(max(0, len(self) - FINAL_EPISODES), len(self))
        return {
            "final_episodes": min(FINAL_EPISODES, len(self)),
            "true_return": row.true_return,
            "learned_return": row.learned_return,
            "success": row.success,
        }

    def state(self) -> dict[str, Any]:
        """Everything, as arrays."""
        return {
            "steps": np.array(self._steps, dtype=np.int64),
            "scores": np.array(self._scores, dtype=np.float64).reshape(-1, 3),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._steps = state["steps"].tolist()
        self._scores = [(true, learned, won) for true, learned, won in state["scores"].tolist()]

    def _row(self, begin: int, end: int) -> Row:
        true, learned, success = np.mean(self._scores[begin:end], axis=0).tolist()
        return Row(self._steps[end - 1], end, true, learned, success)


def succeeded(rule: SuccessRule, steps: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each episode succeeded, (E,), from its steps, (E, T)."""
    match rule:
        case "any":
            return np.asarray(steps.any(axis=1))
        case "final":
            return steps[:, -1].copy()
        case "half":
            return np.asarray(steps.mean(axis=1) >= 0.5)
        case "always":
            return np.asarray(steps.all(axis=1))
        case _:
            assert_never(rule)


def csv_of(rows: Iterator[Row]) -> str:
    """The rows as CSV; floats are written so that they read back equal."""
    lines = [",".join(Row._fields), *(",".join(map(repr, row)) for row in rows)]
    return "\n".join(lines) + "\n"
