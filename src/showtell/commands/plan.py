"""What would run, how long, how much disk: counted by a dry run, priced by records or parts."""

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from showtell.commands.columns import aligned
from showtell.commands.costs import Cost, of_network, of_training, together, unit_costs
from showtell.project.errors import UserError
from showtell.project.foreign import snakemake
from showtell.project.replicate import Replicate
from showtell.study.grid import Grid
from showtell.study.specifications import Specifications

# Rules whose jobs are larger at another scale: its records are no price of theirs.
_SCALED = ("train", "train_encoder", "read_videos", "draw_videos")
# A shorter training says more of starting a process than of its steps (of its unit costs, s).
_SHORTEST_S = 20.0


class Price(NamedTuple):
    """What one job of a rule takes, from - to."""

    low_s: float
    high_s: float
    megabytes: float
    source: str  # of the price


def plan(root: Path, replicate: str, grid: Grid, cores: int, study: Path | None = None) -> str:
    """A table of the jobs to run, with totals."""
    jobs = pending(root, replicate, study)
    if not jobs:
        return f"results/{replicate}: nothing to do; every result is up to date."
    rows: list[tuple[str, ...]] = [("rule", "jobs", "each", "together", "disk", "priced by")]
    low = high = megabytes = 0.0
    for rule, count in jobs.items():
        price = _price(root, replicate, rule, grid)
        low, high = low + count * price.low_s, high + count * price.high_s
        megabytes += count * price.megabytes
        each = _between(price.low_s, price.high_s)
        together = _between(count * price.low_s, count * price.high_s)
        disk = f"{count * price.megabytes:.0f} MB"
        rows.append((rule, str(count), each, together, disk, price.source))
    lines = [f"results/{replicate}: {sum(jobs.values())} jobs to run.", "", *aligned(rows), ""]
    lines.append(
        f"About {_between(low / cores, high / cores)} on {cores} cores, {megabytes:.0f} MB of "
        "results."
    )
    lines += _on_gpus(grid, jobs)
    downloads = _downloads(grid) if "fetch_encoder" in jobs else []
    about = f"{', '.join(downloads)} (see docs/paper-scale.md)" if downloads else "none"
    lines.append(f"Downloads: {about}.")
    return "\n".join(lines)


def _on_gpus(grid: Grid, jobs: dict[str, int]) -> list[str]:
    """Of a whole replicate's trainings, if their networks ask for a GPU."""
    cost = together(of_training(job) for job in _trainings(grid))
    if "train" not in jobs or not cost.gpu_flop:
        return []
    low, high = cost.core_range()
    return [
        f"All trainings of this scale: {_between(low, high)} of one core and "
        f"{_between(cost.gpu_low_s, cost.gpu_high_s)} of one H100 ({cost.gpu_flop / 1e18:.3g} "
        f"EFLOP); the largest takes {cost.memory / 1e9:.1f} GB of memory, "
        f"{cost.gpu_memory / 1e9:.1f} GB on the GPU and {cost.disk / 1e9:.1f} GB of disk while it "
        "runs."
    ]


def pending(root: Path, replicate: str, study: Path | None = None) -> dict[str, int]:
    """Jobs to run, by rule, as Snakemake counts them."""
    done = snakemake.dry_run(root, replicate, *([f"study={study}"] if study else []))
    if done.returncode != 0:
        raise UserError(snakemake.refusal(done.stdout + done.stderr))
    return snakemake.job_counts(done.stdout + done.stderr)


def _price(root: Path, replicate: str, rule: str, grid: Grid) -> Price:
    """By the records of this replicate, or by unit costs that another scale's records refine."""
    here = _records(root, replicate, rule)
    if here:
        seconds = sorted(r["s"] for r in here)
        quarter = len(seconds) // 4
        return Price(seconds[quarter], seconds[-1 - quarter], _megabytes(here), replicate)
    table = unit_costs()
    megabytes = table["job_bytes"].get(rule, 1e5) / 1e6
    vary, source = None, "unit costs"
    for other in (Replicate.parse(replicate).scale, "mini", "desk", "smoke", "paper"):
        found = _records(root, other, rule)
        if found and rule not in _SCALED:
            typical = statistics.median(r["s"] for r in found)
            return Price(typical / 2, 2 * typical, _megabytes(found), other)
        beside = [r["s"] / cost for r in found if (cost := _core_seconds(r) or 0.0) >= _SHORTEST_S]
        if beside:
            ratio = statistics.median(beside)
            vary, source = (ratio / 1.5, 1.5 * ratio), f"unit costs, refined by {other}"
            break
    if rule == "train":
        costs = [of_training(job) for job in _trainings(grid)]
        low, high = together(costs).seconds(vary)
        count = max(1, len(costs))
        return Price(low / count, high / count, megabytes, source)
    low, high = table["job_s"].get(rule, (1, 60))
    if rule == "train_encoder":
        used = {name for paper in grid.parameters.papers for name in grid.networks(paper)}
        dear = [_network(grid, name) for name in used & grid.parameters.training.keys()]
        low = max(low, sum(cost.gpu_low_s for cost in dear) / max(1, len(dear)))
        high = max(high, sum(cost.gpu_high_s for cost in dear) / max(1, len(dear)))
    if rule == "read_videos" and any(not v.drawn for v in grid.parameters.videos.values()):
        low, high = table["job_s"]["read_videos_of_people"]
    return Price(low, high, megabytes, source)


def _network(grid: Grid, name: str) -> Cost:
    parameters = grid.parameters
    recipe, encoder = parameters.training[name], parameters.encoders[name]
    return of_network(recipe.model_dump(mode="json"), encoder.model_dump(mode="json"))


def _trainings(grid: Grid) -> Iterator[dict[str, Any]]:
    """The settings of each training of the grid."""
    specifications = Specifications(grid)
    for paper, name, experiment in grid.experiments():
        for cell in grid.cells(paper, name):
            if grid.home(cell) != cell:
                continue  # counted where it is trained
            for phase in grid.phases(experiment, cell.method):
                yield specifications.settings_of_training(cell, phase)


def _core_seconds(record: dict[str, Any]) -> float | None:
    """What the table says of a record that needed no GPU; None where it cannot."""
    job = record.get("params", {}).get("job")
    try:
        cost = of_training(json.loads(job)) if job else None
    except (KeyError, TypeError, ValueError, UserError):  # of another version
        return None
    return cost.core_s if cost and not cost.gpu_flop else None


def _records(root: Path, replicate: str, rule: str) -> list[dict[str, Any]]:
    found = defaultdict(list)
    for path in sorted((root / "results" / replicate).rglob("*.benchmark.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            record["folder"] = path.parent
            found[record.get("rule_name", "")].append(record)
    return found[rule]


def _megabytes(records: list[dict[str, Any]]) -> float:
    folders = {record["folder"] for record in records}
    sizes = [
        sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        for folder in folders
    ]
    return float(sum(sizes)) / max(1, len(records)) / 1e6


def _downloads(grid: Grid) -> list[str]:
    """Published weights that this study uses; "random" makes its own."""
    used = set().union(*(grid.networks(paper) for paper in grid.parameters.papers))
    return [
        f"{name} ({encoder.fetched})"
        for name, encoder in grid.parameters.encoders.items()
        if name in used - grid.parameters.training.keys()
        and encoder.fetched is not None
        and not encoder.fetched.endswith("random")
    ]


def _between(low: float, high: float) -> str:
    """A range, in one unit."""
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if high >= 1.5 * size or unit == "s":
            a, b = (
                f"{round(x / size, 1 if x < 10 * size and unit == 'h' else None):g}"
                for x in (low, high)
            )
            return f"{a} {unit}" if a == b else f"{a} to {b} {unit}"
    raise AssertionError
