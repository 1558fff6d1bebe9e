"""Writes the report: at the end as a job, and meanwhile whenever results arrive.

The process that watches for results also follows trainings under way into MLflow.
"""

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import psutil

from showtell import report
from showtell.project.errors import UserError
from showtell.project.provenance import refuse_damaged_below
from showtell.project.replicate import Replicate
from showtell.project.tracking import Tracking
from showtell.project.tracking.view import View
from showtell.study.grid import Grid
from showtell.study.layout import Layout
from showtell.study.loading import base, load, overlay
from showtell.study.specifications import Specifications
from showtell.study.yaml_files import changes

_LOG = logging.getLogger(__name__)
_TICK_S = 0.5
_PAUSE_S = 5.0
_REST = 50  # the live page takes at most a fiftieth of one core from the trainings


def run(job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Input: the folder results/<replicate>; the pages show whatever exists there.

    A page of each paper is written below the name of the index: report.html, report/hold.html.
    """
    refuse_damaged_below(Path.cwd(), inputs["results"][0], (".csv", ".json"))
    report.build(inputs["results"][0], job, outputs["page"])


def refresh(root: Path, replicate: Replicate, study: Path | None = None) -> int:
    """Rebuild a replicate's page, or that of a study of one's own, if what it shows has changed."""
    differences = changes(base(root), overlay(root, replicate.scale))
    parameters = load(root, replicate.scale, study, replicate.seed)
    job = json.loads(
        Specifications(Grid(parameters)).report(replicate.scale, differences, str(study or ""))
    )
    results = root / "results" / replicate.name
    page = Layout(results).page(next(iter(parameters.papers)) if study else None)
    report.refresh(results, job, page.with_suffix(".html"))
    return 0


def watch(root: Path, replicate: Replicate, pid: int, study: Path | None = None) -> int:
    """Keep the page and MLflow up to date while a process lives."""
    os.nice(10)  # the trainings come first
    view = View(root / "results" / replicate.name, Tracking.from_environment(root))
    again = 0.0
    try:
        process = psutil.Process(pid)
        while _lives(process):
            view.follow()
            began = time.monotonic()
            if began >= again:
                try:
                    refresh(root, replicate, study)
                except (OSError, UserError) as error:  # a file was replaced under our eyes
                    _LOG.info("the page waits for the next round: %s", error)
                again = time.monotonic() + max(_PAUSE_S, _REST * (time.monotonic() - began))
            time.sleep(_TICK_S)
    except psutil.NoSuchProcess:
        pass
    view.close()
    return refresh(root, replicate, study)


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and bool(process.status() != psutil.STATUS_ZOMBIE)
