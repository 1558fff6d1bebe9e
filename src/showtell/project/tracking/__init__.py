"""Runs shown in MLflow, at no risk to them: trainings write files, `watch` and `track` show them.

A training never imports mlflow, never waits for a server and never fails because of one: its sink
appends to one live file (live.py). The process that keeps the page up to date follows these files
into the store while trainings last (view.py) and outlives outages. What a store misses, `track`
fills in from the result files (replay.py): the store is a view, the files are the truth.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

Sink = Callable[[int, Mapping[str, float]], None]
OFF = "off"


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


def new_invocation() -> str:
    """A name for one run of the workflow; the parent run appears with its first child."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {secrets.token_hex(2)}"
