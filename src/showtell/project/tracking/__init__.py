"""Runs shown live in MLflow, at no risk to them: a job writes lines to a file, a relay sends them.

A training never imports mlflow, never waits for a server and never fails because of one. Its sink
appends to a spool file under `.snakemake/tracking`; one relay process a repository (relay.py)
forwards all spools in batches and outlives outages. What a store misses, `rebuild` (replay.py)
fills in from the result files: the store is a view, the files are the truth.
"""

import fcntl
import hashlib
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
from typing import Any, TextIO

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
        """Where this store's spools, its relay's lock and log are."""
        digest = hashlib.sha256(self.uri.encode()).hexdigest()[:8]
        return self.root / ".snakemake" / "tracking" / digest


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
    """Show a job while the block runs; it gets the sink, called with a step and its values.

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
        self._file: TextIO | None = None
        if tracking.uri == OFF:
            return
        try:
            tracking.folder.mkdir(parents=True, exist_ok=True)
            self._file = _append(tracking.folder / f"{run.identity}.jsonl")
            start_relay(tracking)
        except OSError as error:
            self._give_up(error)
        self._write({"run": run.to_json(), "pid": os.getpid()})

    def point(self, step: int, values: Mapping[str, float]) -> None:
        """Show values at a step; takes microseconds and never raises."""
        try:
            line = {"step": int(step), "values": {key: float(v) for key, v in values.items()}}
        except (TypeError, ValueError) as error:
            self._give_up(error)
            return
        self._write(line)

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

    def _give_up(self, error: Exception) -> None:
        self._file = None
        _LOG.warning("this run is not shown live (%s); its files are complete anyway.", error)


def _append(path: Path) -> TextIO:
    """Open a spool to append to, locked as alive: the relay removes only what nobody writes."""
    for _ in range(100):
        # Line-buffered: a kill loses no finished line.
        file = path.open("a", buffering=1)
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:  # the relay is looking at it
            file.close()
            time.sleep(0.01)
            continue
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            return file
        file.close()  # removed between opening and locking
    raise BlockingIOError(f"{path} stays locked")


def start_relay(tracking: Tracking) -> None:
    """Start the process that forwards spools to the store, unless one is at it."""
    with (tracking.folder / "relay.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
    with (tracking.folder / "relay.log").open("a") as log:
        subprocess.Popen(
            [sys.executable, "-m", f"{__name__}.relay", "--root", str(tracking.root)],
            cwd=tracking.root,
            # Not an argument: a store's address may hold a password, and arguments are public.
            env=os.environ | {"MLFLOW_TRACKING_URI": tracking.uri},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a killed workflow's relay still says that it was killed
        )
