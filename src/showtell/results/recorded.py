"""An experiment's numbers as small tables that git keeps: enough to compute every verdict again.

The score of each seed, the learning curves and the tables of the studies; no weights, no videos.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from showtell.project.errors import UserError
from showtell.project.files import read_json
from showtell.results.reading import METRICS, Comparison, Results
from showtell.results.table import Table, Value
from showtell.study.layout import Run

_RUN = ("task", "method", "seed", "phase")
_CURVE = ("step", "true_return", "success")
FILES = ("comparison.json", "scores.csv", "curves.csv")  # beside studies/<task>/<study>.csv


def plan(job: Mapping[str, Any]) -> dict[str, Any]:
    """What was compared, without the code that did it."""
    return {key: value for key, value in job.items() if key in Comparison.model_fields}


def scores(results: Results) -> Table:
    """A row for each policy of each training: the mean of each metric over its episodes."""
    rows = (
        (*run, policy, *(metrics.get(name) for name in METRICS))
        for run, of_policy in sorted(results.scores_of.items())
        for policy, metrics in of_policy.items()
    )
    return Table.of((*_RUN, "policy", *METRICS), rows)


def curves(results: Results) -> Table:
    """True return and success of every training while it learned."""
    return Table.of((*_RUN, *_CURVE), _points(results))


def _points(results: Results) -> Iterator[tuple[Value, ...]]:
    for run, table in sorted(results.progress.items()):
        for point in zip(*(table.numbers(name) for name in _CURVE), strict=True):
            yield (*run, int(point[0]), *point[1:])


def read(folder: Path) -> Results:
    """The results that the tables of one experiment hold."""
    lacking = [name for name in FILES if not (folder / name).exists()]
    if lacking:
        raise UserError(
            f"{folder} has no {lacking[0]}; expected the tables of one experiment, such as "
            "results/mini/tables/vlm_rm/cartpole. `make tables SCALE=mini` writes them."
        )
    comparison = Comparison.model_validate(read_json(folder / "comparison.json"))
    table = Table.read(folder / "scores.csv", key=(*_RUN, "policy"))
    judged: dict[Run, dict[str, dict[str, float]]] = {}
    columns = [table.numbers(name) for name in METRICS]
    policies = table.column("policy")
    for place, run in enumerate(_runs(table)):
        metrics = {name: column[place] for name, column in zip(METRICS, columns, strict=True)}
        judged.setdefault(run, {})[policies[place]] = metrics
    studies = {
        (path.parent.name, path.stem): Table.read(path) for path in folder.glob("studies/*/*.csv")
    }
    return Results(
        comparison,
        judged,
        _progress(Table.read(folder / "curves.csv", key=(*_RUN, "step"))),
        studies,
    )


def _progress(table: Table) -> dict[Run, Table]:
    points: dict[Run, list[tuple[Value, ...]]] = {}
    columns = [table.numbers(name) for name in _CURVE]
    for run, step, *values in zip(_runs(table), *columns, strict=True):
        points.setdefault(run, []).append((int(step), *values))
    return {run: Table.of(_CURVE, rows) for run, rows in points.items()}


def _runs(table: Table) -> list[Run]:
    table.numbers("seed")  # an error about a word names the file
    return [Run(task, method, int(seed), phase) for task, method, seed, phase in table.pick(_RUN)]
