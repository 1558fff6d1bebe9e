"""Runs shown live in MLflow, at no risk to them: a job writes lines to a file, a relay sends them.

A training never imports mlflow, never waits for a server and never fails because of one. Its sink
appends to a spool file under `.snakemake/tracking`; one relay process a repository (relay.py)
forwards all spools in batches and outlives outages. What a store misses, `rebuild` (replay.py)
fills in from the result files: the store is a view, the files are the truth.
"""

import fcntl
import json
import logging
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from showtell.project.tracking.run import Run, describe

Sink = Callable[[int, Mapping[str, float]], None]
OFF = "off"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tracking:
    """Which store shows the runs of which repository, and under which invocation."""

    root: Path
    uri: str
    invocation: str | None = None

    @classmethod
    def from_environment(cls, root: Path | None = None) -> "Tracking":
        """The one entry point from the environment, for jobs and the command line.

        MLFLOW_TRACKING_URI is MLflow's own variable ("off" shows nothing); SHOWTELL_PARENT_RUN is
        set by the workflow and groups the jobs of one invocation.
        """
        root = (root or Path.cwd()).resolve()
        uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root}/mlflow.db"
        return cls(root, uri, os.environ.get("SHOWTELL_PARENT_RUN") or None)

    @property
    def folder(self) -> Path:
        """Where spools, the relay's lock and its log are."""
        return self.root / ".snakemake" / "tracking"


def new_invocation() -> str:
    """A name for one run of the workflow; the parent run appears with its first child."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {secrets.token_hex(2)}"


@contextmanager
def live_run(
    job: Mapping[str, Any],
    results_path: Path,
    *,
    job_name: str = "train",
    tracking: Tracking | None = None,
) -> Iterator[Sink]:
    """Show a running job: `with live_run(job, folder) as sink: sink(step, values)`.

    The same job in the same folder is the same run, however often it is killed and resumed.
    """
    tracking = tracking or Tracking.from_environment()
    run = describe(tracking.root, job_name, job, results_path, tracking.invocation)
    spool = _Spool(tracking, run)
    try:
        yield spool.point
    except BaseException as error:
        spool.close("KILLED" if isinstance(error, KeyboardInterrupt | SystemExit) else "FAILED")
        raise
    spool.close("FINISHED")


class _Spool:
    """One job's lines: a header, points, an end. An error disables it, once, with a warning."""

    def __init__(self, tracking: Tracking, run: Run) -> None:
        self._file: Any = None
        if tracking.uri == OFF:
            return
        try:
            tracking.folder.mkdir(parents=True, exist_ok=True)
            # Line-buffered appending: a kill loses no finished line.
            self._file = (tracking.folder / f"{run.identity}.jsonl").open("a", buffering=1)
            start_relay(tracking)
        except OSError as error:
            self._give_up(error)
        self._write({"run": run.to_json(), "pid": os.getpid()})

    def point(self, step: int, values: Mapping[str, float]) -> None:
        """Show values at a step; takes microseconds and never raises."""
        self._write({"step": int(step), "values": {key: float(v) for key, v in values.items()}})

    def close(self, status: str) -> None:
        """Say how the job ended."""
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

    def _give_up(self, error: OSError) -> None:
        self._file = None
        _LOG.warning("this run is not shown live (%s); its files are complete anyway.", error)


def start_relay(tracking: Tracking) -> None:
    """Start the process that forwards spools to the store, unless one is at it."""
    with (tracking.folder / "relay.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
    with (tracking.folder / "relay.log").open("a") as log:
        subprocess.Popen(
            [
                sys.executable, "-m", "showtell.project.tracking.relay",
                "--root", str(tracking.root), "--uri", tracking.uri,
            ],
            cwd=tracking.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a killed workflow's relay still says that it was killed
        )  # fmt: skip
