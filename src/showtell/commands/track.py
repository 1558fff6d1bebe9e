"""Show every finished job in MLflow: the store, brought up to date from the result files."""

import logging
import sys
from pathlib import Path

from showtell.project.tracking import Tracking, new_invocation

_LOG = logging.getLogger(__name__)


def track(root: Path, replicate: str, *, begin: bool = False) -> int:
    """Rebuild the store from one replicate's files; with `begin`, print a new invocation's name."""
    if begin:
        # Its parent run appears with its first job: nothing here waits for a store.
        sys.stdout.write(f"{new_invocation()}\n")
        return 0
    # mlflow takes seconds to import; `begin` does without.
    from showtell.project.tracking.view import View

    counts = View(root / "results" / replicate, Tracking.from_environment(root)).rebuild()
    _LOG.info("tracked: %(written)d runs written, %(unchanged)d unchanged", counts)
    return 0
