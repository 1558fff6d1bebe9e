"""What would run, how long, how much disk: counted by a dry run, priced by earlier records."""

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from showtell.commands.columns import aligned
from showtell.project.errors import UserError
from showtell.project.foreign import snakemake
from showtell.project.replicate import Replicate
from showtell.study.grid import Grid


@dataclass(frozen=True)
class Price:
    """What one job of a rule cost, by earlier records."""

    seconds: float
    megabytes: float
    source: str  # the replicate the record comes from


def plan(root: Path, replicate: str, grid: Grid, cores: int, study: Path | None = None) -> str:
    """A table of the jobs to run, with totals."""
    jobs = pending(root, replicate, study)
    if not jobs:
        return f"results/{replicate}: nothing to do; every result is up to date."
    rows: list[tuple[str, ...]] = [("rule", "jobs", "each", "together", "disk", "priced by")]
    seconds = megabytes = 0.0
    unpriced: list[str] = []
    for rule, count in jobs.items():
        price = _price(root, replicate, rule, grid)
        if price is None:
            unpriced.append(rule)
            rows.append((rule, str(count), "?", "?", "?", "no record yet"))
            continue
        seconds += count * price.seconds
        megabytes += count * price.megabytes
        each, together = _duration(price.seconds), _duration(count * price.seconds)
        rows.append(
            (rule, str(count), each, together, f"{count * price.megabytes:.0f} MB", price.source)
        )
    lines = [f"results/{replicate}: {sum(jobs.values())} jobs to run.", "", *aligned(rows), ""]
    lines.append(
        f"About {_duration(seconds / cores)} on {cores} cores, {megabytes:.0f} MB of results."
    )
    if "fetch_encoder" in jobs:
        lines.append("Downloads: " + ", ".join(_downloads(grid)) + " (see docs/paper-scale.md).")
    else:
        lines.append("Downloads: none.")
    if unpriced:
        lines.append(
            f"Without a price: {', '.join(unpriced)}. "
            "`make reproduce SCALE=smoke` records one of each."
        )
    return "\n".join(lines)


def pending(root: Path, replicate: str, study: Path | None = None) -> dict[str, int]:
    """Jobs to run, by rule, as Snakemake counts them."""
    done = snakemake.dry_run(root, replicate, *([f"study={study}"] if study else []))
    if done.returncode != 0:
        raise UserError(f"the dry run failed: {done.stderr.strip()[-2000:]}")
    return snakemake.job_counts(done.stdout + done.stderr)


def _price(root: Path, replicate: str, rule: str, grid: Grid) -> Price | None:
    """The median record of a rule: of this replicate, or of another, stretched by its steps."""
    here = _records(root, replicate, rule)
    if here:
        return Price(statistics.median(r["s"] for r in here), _megabytes(here), replicate)
    for other in (Replicate.parse(replicate).scale, "mini", "desk", "smoke", "paper"):
        found = _records(root, other, rule)
        if not found:
            continue
        if rule != "train":
            return Price(statistics.median(r["s"] for r in found), _megabytes(found), other)
        rates = [r["s"] / steps for r in found if (steps := _steps(r))]
        if rates:
            mean = statistics.mean(_planned_steps(grid))
            return Price(statistics.median(rates) * mean, _megabytes(found), f"{other}, by steps")
    return None


def _records(root: Path, replicate: str, rule: str) -> list[dict[str, Any]]:
    found = defaultdict(list)
    for path in sorted((root / "results" / replicate).rglob("*.benchmark.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            record["folder"] = path.parent
            found[record.get("rule_name", "")].append(record)
    return found[rule]


def _planned_steps(grid: Grid) -> Iterator[int]:
    """How long each training of the grid is."""
    for paper, name, experiment in grid.experiments():
        for cell in grid.cells(paper, name):
            if grid.home(cell) != cell:
                continue  # counted where it is trained
            for phase in grid.phases(experiment, cell.method):
                yield grid.learner(cell, phase).steps


def _steps(record: dict[str, Any]) -> int | None:
    job = record.get("params", {}).get("job")
    return json.loads(job)["learner"]["steps"] if job else None


def _megabytes(records: list[dict[str, Any]]) -> float:
    folders = {record["folder"] for record in records}
    sizes = [
        sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        for folder in folders
    ]
    return float(sum(sizes)) / max(1, len(records)) / 1e6


def _downloads(grid: Grid) -> list[str]:
    return [
        f"{name} ({encoder.fetched})"
        for name, encoder in grid.parameters.encoders.items()
        if name not in grid.parameters.training and encoder.fetched is not None
    ]


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
