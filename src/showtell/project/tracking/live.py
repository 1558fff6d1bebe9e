"""The live file of a training, `.resume/live.jsonl`: its sink appends, and all displays read it.

A line when the training starts or resumes (its run and process), a line a step that it reports
(step, steps in all, values, time), and a line when it ends.
"""

import json
import logging
import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from showtell.project.tracking import Sink, Tracking
from showtell.project.tracking.run import Run, describe

FILE = Path(".resume/live.jsonl")
_TAIL = 8192  # bytes: more than one line, however many values it has
_LOG = logging.getLogger(__name__)


@contextmanager
def live_run(
    job: Mapping[str, Any],
    results_path: Path,
    *,
    steps: int,
    job_name: str = "train",
    tracking: Tracking | None = None,
) -> Iterator[Sink]:
    """Write a training's live file while the block runs; it gets the sink: a step and its values.

    The same job in the same folder is the same run, however often it is killed and resumed.
    """
    tracking = tracking or Tracking.from_environment()
    run = describe(tracking.root, job_name, job, results_path, tracking.invocation)
    live = _Live(results_path / FILE, run, steps)
    try:
        yield live.point
    except BaseException as error:
        live.close("KILLED" if isinstance(error, KeyboardInterrupt | SystemExit) else "FAILED")
        raise
    live.close("FINISHED")


def under_way(results_path: Path) -> tuple[int, int] | None:
    """The last step of the training in this folder, and its steps in all."""
    try:
        with (results_path / FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return None
    for raw in reversed(lines):
        try:
            line = json.loads(raw)
            if "run" in line:  # it has just started
                return None
            return int(line["step"]), int(line["of"])
        except (ValueError, KeyError, TypeError):  # no step, or cut: by a kill, or by _TAIL
            continue
    return None


class _Live:
    """One training's lines. An error disables it, once, with a warning."""

    def __init__(self, path: Path, run: Run, steps: int) -> None:
        self._steps = steps
        self._file: TextIO | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", buffering=1)  # by lines: a kill loses none that is whole
            self._file.write("\n")  # ends a line that a kill has cut
        except OSError as error:
            self._give_up(error)
        self._write({"run": run.to_json(), "pid": os.getpid(), "host": platform.node()})

    def point(self, step: int, values: Mapping[str, float]) -> None:
        """Report a step; takes microseconds and never raises."""
        try:
            numbers = {key: float(value) for key, value in values.items()}
            line = {"step": int(step), "of": self._steps, "values": numbers}
        except (TypeError, ValueError) as error:
            self._give_up(error)
            return
        self._write(line)

    def close(self, status: str) -> None:
        """Write how the training ended."""
        self._write({"end": status})
        if self._file is not None:
            self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(line | {"at": int(time.time() * 1000)}) + "\n")
        except OSError as error:  # a full disk, a folder that vanished
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._file = None
        _LOG.warning("this run is not shown live (%s); its files are complete anyway.", error)
