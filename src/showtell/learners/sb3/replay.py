"""A replay buffer in segments: every row is written once, at the first checkpoint after it.

Where many rows wait for the checkpoint, they are written before it, so that it stays short.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.learners.sb3.picture_replay import PictureReplay
from showtell.learners.sb3.stored_once import StoredOnce
from showtell.project.segments import Arrays, Segment

_SEGMENT_BYTES = 8 << 20  # rows of this size do not wait for a checkpoint


class ReplaySegments:
    """Which rows of a replay buffer stand in which segment.

    Rows are numbered from the training's start; the buffer holds the latest `size` of them.
    """

    def __init__(self, buffer: StoredOnce) -> None:
        self._buffer = buffer
        self._spans: list[tuple[int, int]] = []  # first row, and the one after the last

    def waiting(self, rows: int) -> Segment | None:
        """A new segment, if the rows since the last one are too many to wait for a checkpoint."""
        size = (rows - self._written) * self._buffer.observations[0].nbytes
        return self._segments(rows)[-1] if size >= _SEGMENT_BYTES else None

    def state(self, rows: int) -> dict[str, Any]:
        """The buffer's content after `rows` rows, as segments of which the last one is new."""
        segments = self._segments(rows)
        shifts = None
        if isinstance(self._buffer, PictureReplay):
            shifts = self._buffer.generator.bit_generator.state
        return {
            "rows": rows, "spans": list(self._spans), "segments": segments, "shifts": shifts,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Fill the buffer with what `state` was taken from."""
        buffer, rows = self._buffer, state["rows"]
        self._spans = list(state["spans"])
        for (first, end), segment in zip(self._spans, state["segments"], strict=True):
            # The oldest segment may begin with rows that newer ones have replaced: they follow.
            places = self._places(first, end)
            buffer.put_rows(places, segment.read())
        if isinstance(buffer, PictureReplay):
            buffer.generator.bit_generator.state = state["shifts"]
        buffer.pos, buffer.full = rows % buffer.buffer_size, rows >= buffer.buffer_size

    @property
    def _written(self) -> int:
        return self._spans[-1][1] if self._spans else 0

    def _segments(self, rows: int) -> list[Segment]:
        oldest = max(0, rows - self._buffer.buffer_size)
        first = max(self._written, oldest)
        self._spans = [span for span in self._spans if span[1] > oldest]
        if rows > first:
            self._spans.append((first, rows))
        return [
            Segment(f"replay-{first:012d}-{end:012d}", partial(self._read, first, end))
            for first, end in self._spans
        ]

    def _read(self, first: int, end: int) -> Arrays:
        return self._buffer.rows(self._places(first, end))

    def _places(self, first: int, end: int) -> NDArray[np.int64]:
        return np.arange(first, end, dtype=np.int64) % self._buffer.buffer_size
