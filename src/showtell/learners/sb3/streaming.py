"""Frames on their way to a reward, in micro-batches, while the environments of a rollout step.

The updates after a rollout need its labels, and the next rollout acts by what they learned: so no
frame can wait for the next rollout without a change of the algorithm. Within a rollout one thread
waits for the render processes, another for the encoder. The number of frames alone decides which
of them share a micro-batch, so timing changes no bit, and a rollout ends with nothing under way.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from showtell.rendering.scene import Frames, Snapshots, View
from showtell.rewards.reward import FrameByFrame

_FRAMES = 256  # of a micro-batch, at most
_BYTES = 32 << 20  # of its frames, at most, unless a single one is larger
_HELD = 2  # micro-batches whose frames are held: one is drawn while one is scored


class FrameStream:
    """Draws and scores the frames of one rollout after the other, in the order of `add`."""

    def __init__(self, reward: FrameByFrame, draw: Callable[[Snapshots, View], Frames]) -> None:
        view = reward.reads.view
        assert view is not None
        self._reward, self._draw, self._view = reward, draw, view
        self._size = max(1, min(_FRAMES, _BYTES // (3 * view.height * view.width)))
        self._waiting: list[Snapshots] = []
        self._scored: list[Future[NDArray[np.float32]]] = []
        self._drawing = ThreadPoolExecutor(1)
        # As many threads as the learner's, whose number decides the order of sums.
        self._scoring = ThreadPoolExecutor(
            1, initializer=torch.set_num_threads, initargs=(torch.get_num_threads(),)
        )

    def add(self, snapshots: Snapshots) -> None:
        """Moments whose frames are read, (n, D)."""
        self._waiting.append(snapshots)
        if sum(map(len, self._waiting)) >= self._size:
            rows = np.concatenate(self._waiting)
            whole = len(rows) - len(rows) % self._size
            self._send(rows[:whole])
            self._waiting = [rows[whole:]]

    def rewards(self) -> NDArray[np.float32]:
        """Of every frame since the last call, (N,); waits for those under way."""
        if self._waiting:
            self._send(np.concatenate(self._waiting))
        scores = [scored.result() for scored in self._scored]
        self._waiting, self._scored = [], []
        return np.concatenate(scores)

    def close(self) -> None:
        """Drop what is under way."""
        self._drawing.shutdown(wait=False, cancel_futures=True)
        self._scoring.shutdown(wait=True, cancel_futures=True)
        self._drawing.shutdown()

    def _send(self, rows: Snapshots) -> None:
        for first in range(0, len(rows), self._size):
            before = self._scored[-_HELD] if len(self._scored) >= _HELD else None
            drawn = self._drawing.submit(self._drawn, rows[first : first + self._size], before)
            self._scored.append(self._scoring.submit(self._score, drawn))

    def _drawn(self, rows: Snapshots, before: "Future[Any] | None") -> Frames:
        if before is not None:
            before.exception()  # waits; what went wrong there is raised where it is collected
        return self._draw(rows, self._view)

    def _score(self, drawn: "Future[Frames]") -> NDArray[np.float32]:
        return self._reward.of_frames(drawn.result())
