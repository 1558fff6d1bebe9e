"""A disk that fills up at any write, and what else a job may lose: its store, its renderer, half
of its machine. Each is named in one sentence, and the next run ends with the same bytes."""

import os
import random
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.boundaries import Point
from tests.faults.children import Job, run
from tests.faults.table import Row

_ROOM = 1 << 20  # bytes of memory beside what the process has already


def campaign(root: Path, jobs: dict[str, Job], dice: random.Random, most: int) -> Iterator[Row]:
    """Rows: the disk at each kind of job; then tracker, renderer and machine."""
    yield Row.of(
        "disk full from a write on, at every kind of job",
        "7: nothing half-written counted; a traceback each",
        _full_disks(root, jobs, dice, most),
    )
    trained = [jobs[name] for name in ("train (DQN)", "train_encoder") if name in jobs]
    yield Row.of(
        "a tracking server that is dead all along",
        "11: same",
        (_beside(root, job, _dead_store) for job in trained),
    )
    if "evaluate" in jobs:
        yield Row.of(
            "the render process killed once; again and again",
            "once: replaced; always: a traceback in the pool",
            [_beside(root, jobs["evaluate"], _renderer_dies(n)) for n in (1, 1000)],
        )
    yield Row.of(
        "one core of two; no memory beside what the job has",
        "not tried",
        (
            _beside(root, jobs[name], lost)
            for name in ("train (DQN)", "train_encoder", "compare")
            if name in jobs
            for lost in (_one_core, _no_memory)
        ),
    )


def full_disk(root: Path, job: Job, number: int, wanted: dict[str, bytes]) -> str:
    """What a disk that is full from one boundary on came to, and the next run with room."""
    job.clear(root)
    return _ended(root, job, wanted, Point(number, "disk full from here on"))


def _full_disks(root: Path, jobs: dict[str, Job], dice: random.Random, most: int) -> Iterator[str]:
    each = -(-most // len(jobs))
    for job in jobs.values():
        job.clear(root)
        kinds = run(root, job).kinds
        wanted = job.made(root)
        for number in dice.sample(range(len(kinds)), min(each, len(kinds))):
            yield full_disk(root, job, number, wanted)


def _beside(root: Path, job: Job, befalls: Callable[[], Any]) -> str:
    job.clear(root)
    assert run(root, job).code == 0
    wanted = job.made(root)
    job.clear(root)
    return _ended(root, job, wanted, None, befalls)


def _ended(
    root: Path,
    job: Job,
    wanted: dict[str, bytes],
    point: Point | None,
    befalls: Callable[[], Any] = lambda: None,
) -> str:
    first = run(root, job, point, befalls)
    if first.code == 0:
        return "went on, same bytes" if job.made(root) == wanted else "WRONG: other bytes"
    if not first.sentence:
        return f"WRONG: {first.code}, {first.said.strip().splitlines()[-1:]}"
    if run(root, job).code or job.made(root) != wanted:
        return "WRONG: the next run differs"
    return "a sentence, then same bytes"


def _dead_store() -> None:
    os.environ["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"


def _renderer_dies(times: int) -> Callable[[], None]:
    def befalls() -> None:
        from showtell.rendering import pool

        start, left = pool._Worker.__init__, [times]

        def dying(worker: Any, *given: Any) -> None:
            start(worker, *given)
            if left[0]:
                left[0] -= 1
                os.kill(worker.process.pid, signal.SIGKILL)

        pool._Worker.__init__ = dying  # type: ignore[method-assign]

    return befalls


def _one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _no_memory() -> None:
    with Path("/proc/self/statm").open() as file:
        has = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (has + _ROOM, has + _ROOM))
