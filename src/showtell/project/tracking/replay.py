"""The store, rebuilt from the result files: run it twice and nothing changes."""

import csv
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from showtell.project.files import read_json
from showtell.project.foreign.dvc import known_md5
from showtell.project.provenance import records
from showtell.project.tracking.run import Run, allowed, describe
from showtell.project.tracking.store import Point, Store

_ARTIFACTS = (".safetensors", ".mp4", ".svg", ".html")


@dataclass(frozen=True)
class Replay:
    """What one provenance file and its outputs say about a run."""

    run: Run
    digest: str
    series: tuple[Path, ...]
    metrics: tuple[tuple[str, Path], ...]  # with the prefix of their names
    began_ms: int
    ended_ms: int

    def points(self) -> list[Point]:
        """Every value in the files, at times spread over the job's own."""
        found: list[Point] = []
        last_step = 0
        for path in self.series:
            rows = _rows(path)
            for index, (step, values) in enumerate(rows, start=1):
                at_ms = self.began_ms + (self.ended_ms - self.began_ms) * index // len(rows)
                found += [Point(allowed(key), v, step, at_ms) for key, v in values.items()]
                last_step = max(last_step, step)
        for prefix, path in self.metrics:
            for key, value in _numbers(read_json(path), prefix):
                found.append(Point(allowed(key), value, last_step, self.ended_ms))
        return found


def fill_in(results: Path, root: Path, store: Store) -> dict[str, int]:
    """Write each run whose files the store has not met; counts of what was done."""
    counts = {"unchanged": 0, "written": 0}
    found = list(replays(results, root))
    for experiment in sorted({replayed.run.experiment for replayed in found}):
        group = [replayed for replayed in found if replayed.run.experiment == experiment]
        shown = store.find(experiment)
        parents = _parents(store, group)
        for replayed in group:
            run = shown.get(replayed.run.identity)
            if run is not None and run.data.tags.get("files.digest") == replayed.digest:
                counts["unchanged"] += 1
            else:
                show(store, replayed, run, parents.get(replayed.run.invocation))
                counts["written"] += 1
        current = {replayed.run.tags["results.path"]: replayed.run.identity for replayed in group}
        _mark_superseded(store, shown, current)
    return counts


def _parents(store: Store, group: list[Replay]) -> dict[str | None, str]:
    """The run of each invocation, as long as its jobs together."""
    spans: dict[str, tuple[int, int]] = {}
    for replayed in group:
        if replayed.run.invocation:
            began, ended = replayed.began_ms, replayed.ended_ms
            known = spans.get(replayed.run.invocation, (began, ended))
            spans[replayed.run.invocation] = min(known[0], began), max(known[1], ended)
    experiment = group[0].run.experiment
    return {
        invocation: store.parent(experiment, invocation, began, ended)
        for invocation, (began, ended) in sorted(spans.items())
    }


def _mark_superseded(store: Store, shown: Mapping[str, Any], current: Mapping[str, str]) -> None:
    """Runs whose folder now holds another job's results: history, and labelled so."""
    for identity, run in shown.items():
        tags = run.data.tags
        replaced = current.get(tags.get("results.path", ""), identity) != identity
        if replaced and run.info.status != "RUNNING" and "superseded" not in tags:
            store.log(run.info.run_id, [], {"superseded": "true"})


def show(store: Store, replayed: Replay, shown: Any, parent: str | None = None) -> None:
    """Add what the run does not show yet; start it afresh where it shows something else."""
    points = replayed.points()
    run_id: str | None = None
    have: dict[tuple[str, int], float] = {}
    if shown is not None:
        run_id = shown.info.run_id
        have = store.points(run_id, {point.key for point in points} & shown.data.metrics.keys())
        wanted = {(point.key, point.step): point.value for point in points}
        if any(not _same(value, wanted.get(place)) for place, value in have.items()):
            store.delete(run_id)
            run_id, have = None, {}
    if run_id is None:
        run_id = store.create(replayed.run, replayed.began_ms)
    missing = [point for point in points if (point.key, point.step) not in have]
    tags = replayed.run.tags | {"files.digest": replayed.digest}
    store.log(run_id, missing, tags | ({"mlflow.parentRunId": parent} if parent else {}))
    store.finish(run_id, "FINISHED", replayed.ended_ms)


def replays(results: Path, root: Path) -> Iterator[Replay]:
    """One a provenance file, in a fixed order."""
    md5s = known_md5(root)
    for path, record in records(results):
        yield _replay(path, record, root, md5s)


def replay_of(provenance: Path, root: Path) -> Replay:
    """What one job's files say."""
    return _replay(provenance, read_json(provenance), root, {})


def _replay(path: Path, record: Mapping[str, Any], root: Path, md5s: Mapping[str, str]) -> Replay:
    """Digests come from the provenance itself, so an unchanged job costs one small read."""
    name = path.name.removesuffix("provenance.json").rstrip(".")
    folder = path.parent / name if name else path.parent
    outputs = {place: root / place for place in record["outputs"]}
    tags: dict[str, str] = {}
    for place, file in outputs.items():
        if file.suffix in _ARTIFACTS:
            tags[f"file.{file.stem}{file.suffix}"] = place
            tags[f"sha256.{file.stem}{file.suffix}"] = record["outputs"][place]
            if place in md5s:
                tags[f"dvc.md5.{file.stem}{file.suffix}"] = md5s[place]
    evaluation = folder / "evaluation" / "metrics.json"
    metrics = [("final/", file) for file in outputs.values() if file.name == "metrics.json"]
    seen = hashlib.sha256(path.read_bytes())
    if evaluation.exists():
        metrics.append(("evaluation/", evaluation))
        seen.update(evaluation.read_bytes())
        video = evaluation.with_name("rollout.mp4")
        if video.exists():
            tags["file.rollout.mp4"] = video.relative_to(root).as_posix()
    seen.update(repr(sorted(tags.items())).encode())
    run = describe(
        root,
        record["job_name"],
        record["job"],
        folder,
        record.get("invocation"),
        git=(record["git_commit"], record["git_dirty"]),
    )
    began_ms = int(datetime.fromisoformat(record["started"]).timestamp() * 1000)
    resumed = {"resumed": str(record.get("resumed", 0))}
    return Replay(
        run=replace(run, tags=run.tags | tags | resumed),
        digest=seen.hexdigest(),
        series=tuple(f for f in outputs.values() if f.name in ("progress.csv", "training.csv")),
        metrics=tuple(metrics),
        began_ms=began_ms,
        ended_ms=began_ms + int(record["wall_time_s"] * 1000),
    )


def _rows(path: Path) -> list[tuple[int, dict[str, float]]]:
    """(step, values) of each row of a learning curve; empty cells and words are no values."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for index, row in enumerate(rows):
        numbers = {key: _number(text) for key, text in row.items()}
        step = numbers.pop("step", None)
        values = {key: value for key, value in numbers.items() if value is not None}
        found.append((index if step is None else int(step), values))
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    """The numbers in nested JSON, by path: `deterministic/return`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            prefix = name if not name or name.endswith("/") else f"{name}/"
            yield from _numbers(inner, f"{prefix}{key}")
    elif isinstance(value, bool | int | float):
        yield name, float(value)


def _same(shown: float, wanted: float | None) -> bool:
    if wanted is None:
        return False
    return math.isclose(shown, wanted, rel_tol=1e-9) or (math.isnan(shown) and math.isnan(wanted))
