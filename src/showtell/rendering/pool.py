"""A pool of processes that draw: snapshots in, frames out through shared memory."""

import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from showtell.project.errors import UserError
from showtell.rendering.scene import WORKER, Frames, Scene, Snapshots, View
from showtell.rendering.worker import Start, Task, scene_class

_SLOTS = 2  # chunks a worker holds: it draws one while the other is copied out
_SLOT_BYTES = 8 << 20  # a chunk's pictures fit in this, unless a single one does not


_processes = 1  # of a pool that asks for no number: a rule's threads


def use_processes(count: int) -> None:
    """Draw with so many processes from here on; the pictures are the same with any number."""
    global _processes
    _processes = count


def processes() -> int:
    """How many processes this job may use."""
    return _processes


class RenderError(RuntimeError):
    """A scene failed to draw."""


class DeadRendererError(RenderError, UserError):
    """A render process that died twice over the same snapshots: the machine's fault, or GL's."""


class Chunk(NamedTuple):
    """Rows `first` to `last` of a batch, and how often a process has died over them."""

    first: int
    last: int
    deaths: int


class RenderPool:
    """Draws batches of snapshots in `workers` processes that know no torch.

    Without a number there are as many as `use_processes` said: the rule's threads.
    With `workers=0` it draws in this process, which only scenes without OpenGL may do.
    `environment` is set in the workers before anything is imported there (`MUJOCO_GL`, ...).
    """

    def __init__(
        self,
        scene: str,
        settings: dict[str, Any],
        workers: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._start = Start(scene, settings)
        self._environment = dict(environment or {})
        self._here: Scene | None = None
        if workers == 0:
            found = scene_class(scene)
            if getattr(found, "needs_gl", True):  # a scene has to say that it is harmless
                raise UserError(
                    f"{scene} needs OpenGL, which crashes beside torch; "
                    "it cannot be drawn with workers=0: ask for one worker or more."
                )
            self._here = found(**settings)
        # All are started at once and import while the caller goes on.
        count = _processes if workers is None else workers
        self._workers = [self._worker(number) for number in range(count)]
        self._closed = False

    def draw(self, snapshots: Snapshots, view: View) -> Frames:
        """The pictures of these moments, in their order: (N, H, W, 3)."""
        if self._closed:
            raise RuntimeError(f"the render pool of {self._start.scene} is closed")
        snapshots = np.ascontiguousarray(snapshots, dtype=np.float64)
        frames = np.empty((len(snapshots), view.height, view.width, 3), dtype=np.uint8)
        if self._here is not None:
            for frame, snapshot in zip(frames, snapshots, strict=True):
                frame[:] = self._here.draw(snapshot, view)
            return frames
        try:
            self._draw(snapshots, view, frames)
        except BaseException:
            # Answers of this batch may still be under way; fresh workers cannot mix them up.
            for number in range(len(self._workers)):
                self._replace(number)
            raise
        return frames

    def close(self) -> None:
        """End the workers; safe to call twice."""
        self._closed = True
        for worker in self._workers:
            worker.stop()
        self._workers.clear()
        if self._here is not None:
            self._here.close()
            self._here = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _draw(self, snapshots: Snapshots, view: View, frames: Frames) -> None:
        todo = deque(_chunks(len(snapshots), view, len(self._workers)))
        frame_bytes = view.height * view.width * 3
        slot = max((chunk.last - chunk.first for chunk in todo), default=0) * frame_bytes
        while todo or any(worker.under_way for worker in self._workers):
            for number in range(len(self._workers)):
                while todo and self._workers[number].free:
                    chunk = todo.popleft()
                    rows = snapshots[chunk.first : chunk.last]
                    if not self._workers[number].send(chunk, rows, view, slot):
                        todo.extendleft(self._bury(number))
            ready = wait([w.connection for w in self._workers if w.under_way])
            for number, worker in enumerate(self._workers):
                if worker.connection in ready:
                    try:
                        answer = worker.connection.recv()
                    except (EOFError, ConnectionResetError):
                        todo.extendleft(self._bury(number))
                        continue
                    if answer is not None:
                        raise RenderError(f"{self._start.scene} could not draw:\n{answer}")
                    worker.collect(frames, slot)

    def _bury(self, number: int) -> list[Chunk]:
        """Replace a worker that died; its chunks, last first, the guilty one counted."""
        worker = self._workers[number]
        guilty, *innocent = worker.under_way
        code = worker.process.wait()
        if guilty.deaths:
            raise DeadRendererError(
                f"the render process of {self._start.scene} died twice ({_cause(code)}) while "
                f"drawing snapshots {guilty.first} to {guilty.last - 1} of a batch. If memory ran "
                "out, ask for fewer processes (CORES=1); `make doctor` checks the drawing. Run "
                "the same command again, and it carries on."
            )
        self._replace(number)
        return [*reversed(innocent), guilty._replace(deaths=1)]

    def _replace(self, number: int) -> None:
        self._workers[number].stop()
        self._workers[number] = self._worker(number)

    def _worker(self, number: int) -> "_Worker":
        # On a machine with several GPUs each worker takes its own, by its number.
        return _Worker(self._start, self._environment | {WORKER: str(number)})


class _Worker:
    """One process, its socket and its shared memory."""

    def __init__(self, start: Start, environment: Mapping[str, str]) -> None:
        # A file without a name, not a named segment: no kill can leak it, and the memory is not
        # bounded by the 64 MB of /dev/shm that containers give.
        self._file = _nameless_file()
        self._map: mmap.mmap | None = None
        self.under_way: deque[Chunk] = deque()
        self._sent = 0
        self._collected = 0
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "showtell.rendering.worker"),
                    *(str(theirs.fileno()), str(self._file), str(os.getpid())),
                ],
                pass_fds=(theirs.fileno(), self._file),
                stdin=subprocess.DEVNULL,
                # A child's environment is given whole; this adds to ours what the scene needs.
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            )
        self.connection = Connection(ours.detach())
        self.connection.send(start)

    @property
    def free(self) -> bool:
        """Whether a slot is free."""
        return len(self.under_way) < _SLOTS

    def send(self, chunk: Chunk, rows: Snapshots, view: View, slot: int) -> bool:
        """Hand over a chunk; False if the process is gone."""
        self.under_way.append(chunk)
        if self._map is None or len(self._map) < _SLOTS * slot:
            if self._map is not None:
                self._map.close()
            os.ftruncate(self._file, _SLOTS * slot)
            self._map = mmap.mmap(self._file, _SLOTS * slot)
        offset = (self._sent % _SLOTS) * slot
        self._sent += 1
        try:
            self.connection.send(Task(rows, view, offset, len(self._map)))
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def collect(self, frames: Frames, slot: int) -> None:
        """Copy the oldest chunk's pictures to where they belong."""
        assert self._map is not None
        chunk = self.under_way.popleft()
        target = frames[chunk.first : chunk.last]
        offset = (self._collected % _SLOTS) * slot
        self._collected += 1
        target[:] = np.ndarray(target.shape, np.uint8, self._map, offset)

    def stop(self) -> None:
        """End the process and free the memory."""
        self.connection.close()
        self.process.kill()
        self.process.wait()
        if self._map is not None:
            self._map.close()
        os.close(self._file)


def _chunks(count: int, view: View, workers: int) -> list[Chunk]:
    """Several for each worker, so that a slow one does not hold up the rest."""
    fitting = max(1, _SLOT_BYTES // (view.height * view.width * 3))
    size = min(fitting, max(1, -(-count // (4 * workers))))
    return [Chunk(first, min(first + size, count), 0) for first in range(0, count, size)]


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("showtell-frames")
    with tempfile.TemporaryFile() as file:  # where there is no memfd: an unlinked file
        return os.dup(file.fileno())


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
