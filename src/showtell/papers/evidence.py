"""What the results say about one claim: a finding for each method it speaks of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from showtell.papers.ledger import Above, AtLeast, LandscapePeak, Order, SameShape, Setting
from showtell.papers.results import Results
from showtell.papers.table import Table
from showtell.studies import statistics
from showtell.studies.statistics import Estimate


class Part(BaseModel):
    """The test on one method (and, for studies, one task)."""

    model_config = ConfigDict(frozen=True)

    method: str
    value: float
    low: float | None = None
    high: float | None = None
    seeds: int | None = None  # behind this number; a fixed model has none
    holds: bool | None  # None: undecided
    said: str  # the finding, for a reader


class Evidence(NamedTuple):
    """All findings for one claim."""

    parts: list[Part]
    waiting: tuple[str, ...] = ()  # methods still without results
    line: float | None = None  # the value that the parts are held against
    band: tuple[float, float] | None = None  # or the range that they should lie in
    note: str = ""


def gather(test: Any, results: Results) -> Evidence:
    """The finding for each method that a test speaks of."""
    return _GATHER[type(test)](test, results)


def _above(test: Above, results: Results) -> Evidence:
    parts: list[Part] = []
    waiting: list[str] = []
    plan = results.comparison
    second = results.scores(test.versus, test.phase, test.policy, test.metric)
    for method in matching(test.method, plan.methods):
        first = results.scores(method, test.phase, test.policy, test.metric)
        tasks = sorted(set(first) & set(second))
        if not tasks:
            waiting.append(method)
            continue
        one, two = ({task: scores[task] for task in tasks} for scores in (first, second))
        purpose = (method, test.versus, test.phase, test.policy, test.metric)
        gap = statistics.difference(one, two, plan.generator("difference", *purpose))
        wins = statistics.probability_of_improvement(
            one, two, plan.generator("improvement", *purpose)
        )
        said = f"{_shown(gap, test.metric, '+')}; ahead in {100 * wins.value:.0f} % of pairs"
        parts.append(_part(method, gap, _beyond(gap, 0.0, strict=True), said))
    return Evidence(parts, tuple(waiting), line=0.0)


def _at_least(test: AtLeast, results: Results) -> Evidence:
    parts: list[Part] = []
    waiting: list[str] = []
    for method in matching(test.method, results.comparison.methods):
        if not results.scores(method, test.phase, test.policy, test.metric):
            waiting.append(method)
            continue
        estimate = interval(results, method, test.phase, test.policy, test.metric)
        holds = _beyond(estimate, test.value, strict=False)
        parts.append(_part(method, estimate, holds, _shown(estimate, test.metric)))
    return Evidence(parts, tuple(waiting), line=test.value)


def _landscape_peak(test: LandscapePeak, results: Results) -> Evidence:
    parts: list[Part] = []
    for method, curve in curves(results, test.study, test.method):
        peak = curve.x[int(np.argmax(curve.reward))]
        holds = abs(peak - test.at) <= test.within
        said = f"largest at {peak:+.3f} {test.unit}{curve.on}"
        parts.append(Part(method=method, value=peak, holds=holds, said=said))
    return Evidence(parts, line=test.at, band=(test.at - test.within, test.at + test.within))


def _same_shape(test: SameShape, results: Results) -> Evidence:
    reference = having(test.reference, test.method, results.comparison.methods)
    found = list(curves(results, test.study, test.method))
    references = {curve.task: curve for method, curve in found if method == reference}
    parts: list[Part] = []
    for method, curve in found:
        if method != reference and curve.task in references:
            rank = statistics.spearman(curve.reward, references[curve.task].reward)
            said = f"{rank:.2f} with {setting_words(test.reference)}{curve.on}"
            parts.append(Part(method=method, value=rank, holds=rank >= test.value, said=said))
    return Evidence(parts, line=test.value)


def _order(test: Order, results: Results) -> Evidence:
    reference = having(test.than, test.method, results.comparison.methods)
    parts: list[Part] = []
    lines: list[float] = []
    notes: list[str] = []
    for task, whole in results.studies_called(test.study).items():
        table = whole.where(**test.rows)
        rows = {name: _row(table, name, test.column) for name in table.distinct("method")}
        than = rows.get(reference or "")
        if than is None:
            continue
        on = _on(task, results)
        lines.append(than.value)
        notes.append(f"{setting_words(test.than)}: {_shown(than, test.column)}{on}.")
        for method in matching(test.method, rows):
            if method != reference:
                holds, said = _lower(rows[method], than), _shown(rows[method], test.column)
                parts.append(_part(method, rows[method], holds, said + on))
    return Evidence(parts, line=lines[0] if len(lines) == 1 else None, note=" ".join(notes))


def interval(
    results: Results, method: str, phase: str, policy: str, metric: str, task: str | None = None
) -> Estimate:
    """IQM of one metric with its interval: the same bytes wherever it is shown."""
    scores = results.scores(method, phase, policy, metric, task)
    purpose = ("iqm", *sorted(scores), method, phase, policy, metric)
    return statistics.iqm(scores, results.comparison.generator(*purpose))


class Curve(NamedTuple):
    """The reward of one method over one variable of a task."""

    task: str
    x: list[float]
    reward: list[float]
    on: str  # " (task)" where there are several


def curves(results: Results, kind: str, pattern: str) -> Iterator[tuple[str, Curve]]:
    """(method, its reward landscape) for each method of a landscape study."""
    for task, table in results.studies_called(kind).items():
        variable = results.study_settings(kind)["variable"]
        for method in matching(pattern, table.distinct("method")):
            rows = table.where(method=method)
            x, reward = rows.numbers(variable), rows.numbers("reward")
            yield method, Curve(task, x, reward, _on(task, results))


def _beyond(estimate: Estimate, line: float, strict: bool) -> bool | None:
    """Whether a whole interval lies above a line (True), below it (False), or neither."""
    if estimate.low is None or estimate.high is None or not estimate.decides:
        return None
    if estimate.low > line or (estimate.low == line and not strict):
        return True
    if estimate.high < line or (estimate.high == line and strict):
        return False
    return None


def _lower(one: Estimate, other: Estimate) -> bool | None:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    return True if one.high < other.low else False if one.low > other.high else None


def _row(table: Table, method: str, column: str) -> Estimate:
    """A study's number with its interval, where it wrote one."""
    rows = table.where(method=method)
    ends = [rows.numbers(name)[0] if name in rows.columns else None for name in ("low", "high")]
    low, high = (None if end is None or end != end else end for end in ends)
    return Estimate(rows.numbers(column)[0], low, high, 0)


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a pattern such as `text*` stands for."""
    return [name for name in names if fnmatchcase(name, pattern)]


def having(setting: Setting, pattern: str, methods: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The matched method whose reward has these settings."""
    for name in matching(pattern, methods):
        if all(methods[name].get(key) == value for key, value in setting.items()):
            return name
    return None


def setting_words(setting: Setting) -> str:
    """Settings as a reader says them."""
    names = {"alpha": "α"}
    return ", ".join(f"{names.get(key, key)} = {value:g}" for key, value in setting.items())


def _part(method: str, estimate: Estimate, holds: bool | None, said: str) -> Part:
    value, low, high, seeds = estimate
    return Part(
        method=method, value=value, low=low, high=high, seeds=seeds or None, holds=holds, said=said
    )


def _shown(estimate: Estimate, metric: str, sign: str = "") -> str:
    """A number as a reader wants it; rates are percentages, their differences points."""
    rate = metric.startswith("success")
    scale, digits = (100, 0) if rate else (1, 2)
    unit = "" if not rate else " points" if sign else " %"
    value, low, high = (
        None if end is None else f"{scale * end:{sign}.{digits}f}" for end in estimate[:3]
    )
    return f"{value}{unit} (no interval)" if low is None else f"{value}{unit} [{low}, {high}]"


def _on(task: str, results: Results) -> str:
    return f" ({task})" if len(results.comparison.tasks) > 1 else ""


def words(metric: str) -> str:
    """A metric's name as words."""
    return "EPIC distance" if metric == "epic" else metric.replace("_", " ")


_GATHER: dict[type, Callable[[Any, Results], Evidence]] = {
    Above: _above,
    AtLeast: _at_least,
    LandscapePeak: _landscape_peak,
    SameShape: _same_shape,
    Order: _order,
}
