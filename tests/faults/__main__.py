"""`make faults`: every kind of fault, bounded and seeded; its table in docs/reliability.md."""

import argparse
import os
import platform
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults import damage, hostile, kills, parameters, servers, shortages, small_jobs
from tests.faults.children import Job
from tests.faults.table import Row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
POINTS, DISKS, DAMAGES, VALUES = 320, 40, 100, 300
SEED = 1


def main() -> int:
    """Measure, write the table, and fail where something ended as nothing should."""
    options = _options()
    os.environ["MLFLOW_TRACKING_URI"] = "off"
    began, dice, rows = time.monotonic(), random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "showtell").resolve()
        root.mkdir()
        jobs: dict[str, Job] = {}
        if options.parts & {"kills", "damage", "shortages"}:
            jobs = small_jobs.make(root, options.jobs)
        for row in _rows(root, jobs, dice, options):
            print(row.text(), f"({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
            rows.append(row)
    wrong = sum(row.wrong for row in rows)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    said = (
        f"`make faults` with seed {options.seed}, {sum(row.came.total() for row in rows):,} faults "
        f"in {(time.monotonic() - began) / 60:.0f} minutes on {cores} cores, {platform.machine()}, "
        f"Python {platform.python_version()}: {wrong} ended as nothing should."
    )
    if options.write:
        write(PAGE, said, rows)
    print(said)
    return int(wrong > 0)


def _rows(
    root: Path, jobs: dict[str, Job], dice: random.Random, options: argparse.Namespace
) -> Iterator[Row]:
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "servers": lambda: servers.campaign(root),
        "hostile": lambda: hostile.campaign(root),
        "parameters": lambda: parameters.campaign(dice, options.values),
        "damage": lambda: damage.campaign(root, jobs, dice, options.damages),
        "shortages": lambda: shortages.campaign(root, jobs, dice, options.disks),
        "kills": lambda: kills.campaign(root, jobs, dice, options.points),
    }
    for name, rows in parts.items():
        if name in options.parts:
            yield from rows()


def write(page: Path, said: str, rows: list[Row]) -> None:
    """Replace the block between the two marks."""
    lines = ["| fault | before | tried | now |", "|---|---|---|---|", *(row.text() for row in rows)]
    block = "\n".join([BEGIN, "", said, "", *lines, "", END])
    text = re.sub(f"{BEGIN}.*{END}", lambda _: block, page.read_text(), flags=re.DOTALL)
    page.write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--points", type=int, default=POINTS, help="at which jobs are killed")
    parser.add_argument("--disks", type=int, default=DISKS, help="writes at which a disk is full")
    parser.add_argument("--damages", type=int, default=DAMAGES, help="damaged inputs")
    parser.add_argument("--values", type=int, default=VALUES, help="changed parameters")
    parser.add_argument("--jobs", nargs="+", type=str, help="these kinds of jobs alone")
    parser.add_argument("--parts", nargs="+", default=[], help="kills, damage, …; default: all")
    parser.add_argument("--write", action="store_true", help="the table into docs/reliability.md")
    options = parser.parse_args()
    every = {"servers", "hostile", "parameters", "damage", "shortages", "kills"}
    options.parts = set(options.parts) or every
    options.jobs = set(options.jobs) if options.jobs else None
    return options


if __name__ == "__main__":
    sys.exit(main())
