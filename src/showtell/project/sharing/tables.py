"""Small tables that git keeps and DVC compares: a replicate's numbers, reviewable in a diff."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

from showtell.project.files import read_json, write_json, write_text
from showtell.project.provenance import refuse_damaged_below
from showtell.study.layout import Layout

_CURVES = ("distances", "staged")  # of a study of distances: three quarters of its bytes
_SETTING = ("task", "method", "phase", "policy", "metric")


def write_tables(root: Path, replicate: str, papers: Iterable[str]) -> int:
    """The numbers of each paper, of networks and of videos; of how many experiments.

    What is not on disk keeps the tables that it has.
    """
    layout = Layout(root / Layout.of(replicate).results)
    refuse_damaged_below(root, layout.results, (".csv", ".json"))
    tables = layout.results / "tables"
    count = 0
    for paper in papers:
        metrics, bars = tables / f"{paper}.json", tables / f"{paper}.csv"
        found = _metrics(layout, paper)
        write_json(metrics, _recorded(metrics) | found)
        header = ("experiment", "series", "iqm")
        kept = [
            tuple(row[key] for key in header)
            for row in (_rows(bars) if bars.exists() else [])
            if row["experiment"] not in found
        ]
        _write_csv(bars, header, [*kept, *_bars(layout, paper)])
        for experiment, folder in layout.comparisons(paper).items():
            _copy(layout, paper, experiment, folder)
            count += 1
        for series, curve in _curves(layout, paper).items():
            _write_csv(tables / "curves" / paper / f"{series}.csv", *curve)
    encoders = layout.encoders()
    if encoders:
        files = {name: folder / "metrics.json" for name, folder in encoders.items()}
        scores = {name: read_json(file) for name, file in files.items() if file.exists()}
        models = tables / "models.json"
        write_json(models, _recorded(models) | scores)
    folders = layout.results.glob(layout.videos("*").relative_to(layout.results).as_posix())
    videos = {folder.name: _videos(folder) for folder in sorted(folders)}
    if any(videos.values()):
        path = tables / "videos.json"
        write_json(path, _recorded(path) | {name: of for name, of in videos.items() if of})
    return count


def _videos(folder: Path) -> dict[str, Any] | None:
    """How many videos there are, which are refused, and the counts of HOLD's Table V."""
    manifest, counts = folder / "shards.json", folder / "counts.csv"
    if not (manifest.exists() and counts.exists()):
        return None
    kept = {k: v for k, v in read_json(manifest).items() if k != "shards"}
    numbers = ("action", "object_named", "both")
    found = {row["task"]: {name: int(row[name]) for name in numbers} for row in _rows(counts)}
    return kept | {"counts": found}


def _recorded(path: Path) -> dict[str, Any]:
    """What an earlier table says."""
    found: dict[str, Any] = read_json(path) if path.exists() else {}
    return found


def _copy(layout: Layout, paper: str, experiment: str, compared: Path) -> None:
    """The input of verdicts: scores of seeds, curves, studies; and the verdicts themselves."""
    tables = layout.tables(paper, experiment)
    for name in ("comparison.json", "scores.csv", "curves.csv", "claims.json"):
        if (compared / name).exists():
            write_text(tables / name, (compared / name).read_text())
    for (task, study), path in layout.studies(paper, experiment).items():
        write_text(tables / "studies" / task / f"{study}.csv", _without_curves(path))


def _without_curves(path: Path) -> str:
    """A study without the values along each rollout: figures read those, no verdict does."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    kept = [place for place, name in enumerate(header) if name not in _CURVES]
    if len(kept) == len(header):
        return path.read_text()
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(
        [row[place] for place in kept] for row in (header, *rows)
    )
    return written.getvalue()


def _metrics(layout: Layout, paper: str) -> dict[str, Any]:
    """Experiment, setting, number; and the verdict on each claim."""
    found: dict[str, Any] = {}
    for experiment, rows in _summaries(layout, paper):
        values: dict[str, Any] = {}
        for row in rows:
            inner = values
            for key in _setting(row):
                inner = inner.setdefault(key, {})
            inner |= {key: float(row[key]) for key in ("iqm", "low", "high") if row.get(key)}
            inner["n_seeds"] = int(float(row["n_seeds"]))
        claims = layout.comparison(paper, experiment) / "claims.json"
        if claims.exists():
            verdicts = read_json(claims)["claims"]
            values["claims"] = {claim["id"]: claim["outcome"] for claim in verdicts}
        found[experiment] = values
    return found


def _bars(layout: Layout, paper: str) -> Iterable[tuple[Any, ...]]:
    """The same numbers in one column, for a bar chart."""
    for experiment, rows in _summaries(layout, paper):
        for row in rows:
            yield experiment, " ".join(_setting(row)), row["iqm"]


def _summaries(layout: Layout, paper: str) -> Iterable[tuple[str, list[dict[str, str]]]]:
    for experiment, folder in layout.comparisons(paper).items():
        if (folder / "summary.csv").exists():
            yield experiment, _rows(folder / "summary.csv")


def _curves(layout: Layout, paper: str) -> dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    """A learning curve a method: the mean over the seeds that got to a step."""
    runs: dict[str, dict[int, list[float]]] = {}
    for place, folder in layout.trainings(paper):
        if not (folder / "progress.csv").exists():
            continue
        run = place.run
        curve = runs.setdefault(f"{place.experiment}-{run.task}-{run.method}-{run.phase}", {})
        for row in _rows(folder / "progress.csv"):
            if row.get("true_return"):
                curve.setdefault(int(row["step"]), []).append(float(row["true_return"]))
    header = ("step", "true_return", "seeds")
    return {
        series: (header, [(step, fmean(curve[step]), len(curve[step])) for step in sorted(curve)])
        for series, curve in runs.items()
    }


def _setting(row: dict[str, str]) -> list[str]:
    return [row[key] for key in _SETTING if row.get(key)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    lines = [",".join(str(value) for value in row) for row in (header, *rows)]
    write_text(path, "\n".join(lines) + "\n")
