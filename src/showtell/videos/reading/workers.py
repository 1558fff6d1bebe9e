"""Runs one function over many tasks in processes; a task that kills its process stops no other."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.connection import wait as wait_for
from typing import Generic, NamedTuple, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
_WAITING = 4  # tasks that wait for each worker: enough to keep it busy, few enough to hold


class Done(NamedTuple, Generic[Task, Result]):
    """A task and its result; None where the task ended its process twice."""

    task: Task
    result: Result | None


def run(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int
) -> Iterator[Done[Task, Result]]:
    """Results as they come, in any order; with no workers in this process, in order."""
    if workers < 1:
        yield from (Done(task, function(task)) for task in tasks)
        return
    waiting = iter(tasks)
    while suspects := (yield from _run(function, waiting, workers, workers * _WAITING)):
        apart = iter(suspects)  # one of them killed its process: one at a time, to find which
        while killers := (yield from _run(function, apart, 1, 1)):
            yield from (Done(task, None) for task in killers)


def _run(
    function: Callable[[Task], Result], waiting: Iterator[Task], workers: int, most: int
) -> Generator[Done[Task, Result], None, list[Task]]:
    """Until all is done or a process dies; returns the tasks, at most `most`, that it left."""
    # Not forked: decoders and torch have threads, which a fork does not copy.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_die_with_parent)
    running: dict[Future[Result], Task] = {}
    try:
        while True:
            for task in islice(waiting, most - len(running)):
                # Kept before it is handed over: a broken pool takes no task.
                future: Future[Result] = Future()
                running[future] = task
                handed = pool.submit(function, task)
                running[handed] = running.pop(future)
            if not running:
                return []
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                result = future.result()
                yield Done(running.pop(future), result)
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _die_with_parent() -> None:
    """A worker whose parent was killed would otherwise wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
