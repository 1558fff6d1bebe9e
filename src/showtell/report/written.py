"""What `compare` and `figure` wrote of an experiment, where it is still what the results say."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from showtell.claims.ledger import Ledger, ledger_files
from showtell.claims.verdicts import Verdict, judge
from showtell.project.files import read_json
from showtell.results.reading import Results
from showtell.results.summary import summarise
from showtell.results.table import Table
from showtell.study.layout import Layout

# Of a job: the code it ran, and the root seed, which the report's own job says once.
_NOT_COMPARED = ("fingerprint", "modules", "root")


def compared(
    entry: Mapping[str, Any], results: Results, ledger: Ledger, layout: Layout
) -> tuple[Table, list[Verdict]]:
    """The summary and the verdicts of one experiment: read where current, else computed."""
    plan = results.comparison
    folder = layout.comparison(plan.paper, plan.experiment)
    summary, claims = folder / "summary.csv", folder / "claims.json"
    job = {key: value for key, value in entry.items() if key != "figures"}
    sources = [*results.numbers, *ledger_files([plan.paper])]
    if _current([summary, claims], folder / "provenance.json", job, sources):
        verdicts = [Verdict.model_validate(claim) for claim in read_json(claims)["claims"]]
        return Table.read(summary), verdicts
    return summarise(results), judge(ledger, results)


def figure_is_current(
    entry: Mapping[str, Any], settings: Mapping[str, Any], results: Results, layout: Layout
) -> bool:
    """Whether the files of a figure show the results that exist."""
    plan, name = results.comparison, settings["name"]
    where = (plan.paper, plan.experiment, name)
    job = {key: value for key, value in entry.items() if key != "figures"} | {"figure": settings}
    outputs = [layout.figure(*where, suffix) for suffix in ("svg", "csv")]
    sources = [*results.numbers, *results.videos.values(), *results.demos.values()]
    return _current(outputs, layout.figure(*where, "provenance.json"), job, sources)


def _current(
    outputs: list[Path], provenance: Path, job: Mapping[str, Any], sources: Iterable[Path]
) -> bool:
    """Whether outputs are of this job, and younger than all that it reads."""
    if not all(path.exists() for path in (*outputs, provenance)):
        return False
    made = read_json(provenance)["job"]
    if {key: value for key, value in made.items() if key not in _NOT_COMPARED} != job:
        return False
    latest = max((path.stat().st_mtime_ns for path in sources), default=0)
    return latest <= min(path.stat().st_mtime_ns for path in outputs)
