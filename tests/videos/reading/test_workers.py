"""Worker processes: results of every task, whatever happens to a process."""

import os
import signal

import pytest

from showtell.videos.reading.workers import run
from tests.videos.reading.making import killed

KILLED = """
import multiprocessing, os, signal, threading, time
from showtell.videos.reading.workers import run
def kill():
    while len(multiprocessing.active_children()) < 2:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=kill).start()
list(run(time.sleep, [60, 60], 2))
"""


def double(number):
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def refuse(number):
    raise ValueError(f"not {number}")


def test_a_task_that_kills_its_process_is_found_and_stops_no_other():
    done = {one.task: one.result for one in run(double, range(12), 2)}
    assert done == {number: None if number == 7 else 2 * number for number in range(12)}


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_the_function_comes_through(workers):
    with pytest.raises(ValueError, match="not 1"):
        list(run(refuse, [1], workers))


def test_no_tasks_need_no_process():
    assert list(run(double, [], 2)) == []


def test_workers_end_with_a_parent_that_was_killed():
    """They hold its output, so that the program has ended only when they have."""
    killed(KILLED, seconds=30)
