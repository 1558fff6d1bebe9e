"""Which stage of a goal is active: online, frame by frame, and along whole episodes alike.

Stage k + 1 begins after the distance to goal k was below a threshold for some consecutive steps,
and never ends; a step above the threshold sets the count back (HOLD, its drawer task and code).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Gaps = Callable[[NDArray[Any], int], NDArray[np.float64]]  # histories, stage -> (N,)
Steps = NDArray[np.intp]


class StageTracker:
    """Counts steps below the threshold; `gaps` measures distances to one stage's goal."""

    def __init__(
        self,
        gaps: Gaps,
        *,
        stages: int,
        history: int,
        threshold: float,
        patience: int,
        of_start: bool = False,
    ) -> None:
        """`of_start`: the threshold is a share of the distance at the start of the episode."""
        self._gaps, self._last, self._history = gaps, stages - 1, history
        self._threshold, self._patience, self._of_start = threshold, patience, of_start
        self.begin(0)

    def begin(self, environments: int) -> None:
        """Prepare for this many environments, all of them before their reset."""
        self._stages = np.zeros(environments, dtype=np.intp)
        self._counts = np.zeros(environments, dtype=np.intp)
        self._frames: NDArray[np.uint8] | None = None  # the last frames of each: (n, K, H, W, 3)
        self._thresholds = np.full((self._last, environments), self._threshold)

    def advance(self, frames: NDArray[np.uint8], starts: NDArray[np.bool_]) -> Steps:
        """The active stage of each environment after its newest frame: (n,)."""
        if not self._last:
            return self._stages.copy()  # one stage: nothing is measured
        newest = frames[:, None]
        if self._frames is None:
            self._frames = np.repeat(newest, self._history, axis=1)
        self._frames = np.concatenate([self._frames[:, 1:], newest], axis=1)
        self._frames[starts] = newest[starts]  # the first frame is repeated at reset
        self._stages[starts], self._counts[starts] = 0, 0
        if self._of_start and starts.any():
            for stage in range(self._last):
                self._thresholds[stage, starts] = self._limit(self._frames[starts], stage)
        measured = self._stages.copy()
        for stage in range(self._last):
            rows = np.flatnonzero(~starts & (measured == stage))
            if len(rows):
                below = self._gaps(self._frames[rows], stage) < self._thresholds[stage, rows]
                self._counts[rows] = np.where(below, self._counts[rows] + 1, 0)
        reached = self._counts >= self._patience
        self._stages[reached] += 1
        self._counts[reached] = 0
        return self._stages.copy()

    def state(self) -> dict[str, Any]:
        """Stages, counts and the frames that later distances still read."""
        return {
            "stages": self._stages.copy(),
            "counts": self._counts.copy(),
            "frames": None if self._frames is None else self._frames.copy(),
            "thresholds": self._thresholds.copy(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Set everything to what `state` returned."""
        self._stages, self._counts = state["stages"].copy(), state["counts"].copy()
        self._frames = None if state["frames"] is None else state["frames"].copy()
        self._thresholds = state["thresholds"].copy()

    def along(self, histories: NDArray[Any], first: int) -> tuple[NDArray[np.float64], Steps]:
        """Gaps to the active goal and active stages of whole episodes, (E, L) each.

        `histories` are those of each frame, (E, L, K, H, W, 3), step 0 at index `first`; or
        whatever else `gaps` measures, one for each frame.
        """
        count, length = histories.shape[:2]
        gaps, stages = np.zeros((count, length)), np.zeros((count, length), dtype=np.intp)
        begins = np.zeros(count, dtype=np.intp)
        for stage in range(self._last + 1):
            active = np.arange(length) >= begins[:, None]
            if not active.any():
                break
            gaps[active] = self._gaps(histories[active], stage)
            stages[active] = stage
            if stage == self._last:
                break
            below = active & (gaps < self._limit(histories[:, 0], stage)[:, None])
            below[:, :first] = False  # the start is not a step
            begins = self._reached(below)
        return gaps, stages

    def along_known(
        self, histories: NDArray[np.uint8], first: int, known: Steps
    ) -> tuple[NDArray[np.float64], Steps]:
        """The same where the stages of the steps, (E, T), were recorded during the rollout."""
        count, length = histories.shape[:2]
        gaps, stages = np.zeros((count, length)), np.zeros((count, length), dtype=np.intp)
        stages[:, first:] = known
        for stage in range(self._last + 1):
            rows = stages == stage
            if rows.any():
                gaps[rows] = self._gaps(histories[rows], stage)
        return gaps, stages

    def _limit(self, starts: NDArray[np.uint8], stage: int) -> NDArray[np.float64]:
        """The distance below which a stage is reached, by the histories of starts: (E,)."""
        if not self._of_start:
            return np.full(len(starts), self._threshold)
        return self._threshold * self._gaps(starts, stage)

    def _reached(self, below: NDArray[np.bool_]) -> Steps:
        """The index at which the next stage begins in each row, or the length: (E,)."""
        length = below.shape[1]
        begins = np.full(len(below), length, dtype=np.intp)
        run = np.zeros(len(below), dtype=np.intp)
        for index in range(length):
            run = np.where(below[:, index], run + 1, 0)
            begins[(run >= self._patience) & (begins == length)] = index + 1
        return begins
