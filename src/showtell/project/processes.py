"""Processes by host, number and start time: whether one still runs, and an end with a parent's."""

import logging
import os
import platform
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

VARIABLE = "SHOWTELL_WORKFLOW"  # in the environment of jobs: the process that schedules them
_LOG = logging.getLogger(__name__)
_LOOK_S = 1.0
_SAME_START_S = 3.0  # a clock that was set moves the start times that the system reports


class Process(NamedTuple):
    """One process; a number alone would be given to another process sooner or later."""

    host: str
    pid: int
    started: float  # seconds since 1970

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The process of this number, on this machine; one that has ended began in 1970."""
        import psutil

        try:
            return cls(platform.node(), pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return cls(platform.node(), pid, 0.0)

    @classmethod
    def parse(cls, text: str) -> "Process | None":
        """The process that a text stands for; None where it stands for none."""
        try:
            host, pid, started = text.split()
            return cls(host, int(pid), float(started))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.host} {self.pid} {self.started:.2f}"

    @property
    def here(self) -> bool:
        """Whether it runs on this machine, where it can be looked at."""
        return self.host == platform.node()

    def lives(self) -> bool:
        """Whether it still runs on this machine; a zombie does not."""
        import psutil

        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < _SAME_START_S
            return bool(same and found.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


def end_with_workflow(environment: Mapping[str, str]) -> None:
    """End this job soon after the process that scheduled it, if that one runs on this machine.

    A shell stands between the two, so that Linux's signal at a parent's death would not reach a
    job; looking once a second holds on every system, and costs a job 20 µs a look.
    """
    workflow = Process.parse(environment.get(VARIABLE, ""))
    if workflow is not None and workflow.here:
        end_after(workflow, 0)


def end_after(process: Process, grace_s: float, *, interrupt: bool = False) -> None:
    """End this process at most so long after another one, whatever it is doing.

    With `interrupt`, it and its children are first asked to end, as by Ctrl-C.
    """

    def look() -> None:
        while process.lives():
            time.sleep(_LOOK_S)
        if interrupt:
            _interrupt_family()
        time.sleep(grace_s)
        _LOG.error("process %d, which started this one, has ended: this one ends.", process.pid)
        os._exit(1)  # as a kill would: files are whole or absent

    threading.Thread(target=look, name=f"end with {process.pid}", daemon=True).start()


def _interrupt_family() -> None:
    """What Ctrl-C sends to all of a terminal, for this process and its children in its group."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        with suppress(ProcessLookupError):
            if os.getpgid(child.pid) == os.getpgrp():
                os.kill(child.pid, signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
