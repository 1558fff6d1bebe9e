"""Small tables that git keeps and DVC compares: a scale's numbers, reviewable in a diff."""

import csv
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

from showtell.project.files import read_json, write_json, write_text

_SETTING = ("task", "method", "phase", "policy", "metric")


def write_tables(root: Path, scale: str, papers: Iterable[str]) -> None:
    """The numbers of each paper and the networks' held-out scores, as far as they exist."""
    results = root / "results" / scale
    tables = results / "tables"
    for name in papers:
        paper = results / name
        write_json(tables / f"{name}.json", _metrics(paper))
        _write_csv(tables / f"{name}.csv", ("experiment", "series", "iqm"), _bars(paper))
        for series, curve in _curves(paper).items():
            _write_csv(tables / "curves" / name / f"{series}.csv", *curve)
    if (results / "models").is_dir():
        scores = sorted(results.glob("models/*/metrics.json"))
        write_json(tables / "models.json", {path.parent.name: read_json(path) for path in scores})


def _metrics(paper: Path) -> dict[str, Any]:
    """Experiment, setting, number; and the verdict on each claim."""
    found: dict[str, Any] = {}
    for summary in sorted(paper.glob("*/compare/summary.csv")):
        values: dict[str, Any] = {}
        for row in _rows(summary):
            inner = values
            for key in _setting(row):
                inner = inner.setdefault(key, {})
            inner |= {key: float(row[key]) for key in ("iqm", "low", "high") if row.get(key)}
            inner["n_seeds"] = int(float(row["n_seeds"]))
        claims = summary.with_name("claims.json")
        if claims.exists():
            verdicts = read_json(claims)["claims"]
            values["claims"] = {claim["id"]: claim["outcome"] for claim in verdicts}
        found[summary.parents[1].name] = values
    return found


def _bars(paper: Path) -> Iterable[tuple[Any, ...]]:
    """The same numbers in one column, for a bar chart."""
    for summary in sorted(paper.glob("*/compare/summary.csv")):
        for row in _rows(summary):
            yield summary.parents[1].name, " ".join(_setting(row)), row["iqm"]


def _curves(paper: Path) -> dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    """A learning curve a method: the mean over the seeds that got to a step."""
    runs: dict[str, dict[int, list[float]]] = {}
    for progress in sorted(paper.glob("*/*/*/seed*/*/progress.csv")):
        experiment, task, method, _, phase, _ = progress.relative_to(paper).parts
        curve = runs.setdefault(f"{experiment}-{task}-{method}-{phase}", {})
        for row in _rows(progress):
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
