"""What studies say: rewards measured without an agent, one fixed reward a method."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from showtell.claims.evidence import (
    Evidence,
    Part,
    format_estimate,
    method_with,
    methods_matching,
    part_of,
    task_suffix,
)
from showtell.claims.tests import Diagonal, LandscapePeak, Order, SameShape
from showtell.results import alignment_fit
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.studies import statistics
from showtell.studies.statistics import Estimate


def landscape_peak(test: LandscapePeak, results: Results) -> Evidence:
    """Where each reward curve is largest."""
    parts: list[Part] = []
    for method, curve in curves(results, test.study, test.method):
        peak = curve.x[int(np.argmax(curve.reward))]
        holds = abs(peak - test.at) <= test.within
        text = f"largest at {peak:+.3f} {test.unit}{curve.task_suffix}"
        parts.append(Part(method=method, value=peak, holds=holds, text=text))
    return Evidence(parts, line=test.at, band=(test.at - test.within, test.at + test.within))


def same_shape(test: SameShape, results: Results) -> Evidence:
    """The rank correlation of each reward curve with that of the reference."""
    reference = method_with(test.reference, test.method, results.comparison.methods)
    if reference is None:
        return Evidence([])
    found = list(curves(results, test.study, test.method))
    references = {curve.task: curve for method, curve in found if method == reference.name}
    parts: list[Part] = []
    for method, curve in found:
        if method != reference.name and curve.task in references:
            rank = statistics.spearman(curve.reward, references[curve.task].reward)
            text = f"{rank:.2f} with {reference.label}{curve.task_suffix}"
            parts.append(Part(method=method, value=rank, holds=rank >= test.value, text=text))
    return Evidence(parts, line=test.value)


def order(test: Order, results: Results) -> Evidence:
    """Each method's number beside that of the reference."""
    reference = method_with(test.than, test.method, results.comparison.methods)
    if reference is None:
        return Evidence([])
    parts: list[Part] = []
    lines: list[float] = []
    notes: list[str] = []
    for task, whole in results.study_tables(test.study).items():
        table = whole.where(**test.rows)
        rows = {name: _row(table, name, test.column) for name in table.distinct("method")}
        than = rows.get(reference.name)
        if than is None:
            continue
        where = task_suffix(task, results)
        lines.append(than.value)
        notes.append(f"{reference.label}: {format_estimate(than, test.column)}{where}.")
        for method in methods_matching(test.method, rows):
            if method != reference.name:
                holds, text = _lower(rows[method], than), format_estimate(rows[method], test.column)
                parts.append(part_of(method, rows[method], holds, text + where))
    return Evidence(parts, line=lines[0] if len(lines) == 1 else None, note=" ".join(notes))


def diagonal(test: Diagonal, results: Results) -> Evidence:
    """By how much a task's own sentence leads the best of the others, on that task's rollouts."""
    parts: list[Part] = []
    for task, table in results.study_tables(test.study).items():
        for method in methods_matching(test.method, table.distinct("method")):
            rows = table.where(method=method)
            stream = results.comparison.generator("lead", method, task, test.column)
            lead = alignment_fit.lead(rows, task, test.column, stream)
            if lead is None:
                continue
            text = f"{lead.gap.value:+.2f} [{lead.gap.low:+.2f}, {lead.gap.high:+.2f}]: "
            text += f"{lead.own:.2f}, {lead.other:.2f} with the sentence of {lead.second}"
            holds = _leads(lead.gap)
            parts.append(part_of(method, lead.gap, holds, f"{text} ({task})"))
    return Evidence(parts, line=0.0)


class Curve(NamedTuple):
    """The reward of one method over one variable of a task."""

    task: str
    x: list[float]
    reward: list[float]
    task_suffix: str  # " (task)" where there are several


def curves(results: Results, study: str, pattern: str) -> Iterator[tuple[str, Curve]]:
    """(method, its reward landscape) for each method of a landscape study."""
    for task, table in results.study_tables(study).items():
        variable = results.study_settings(study)["variable"]
        for method in methods_matching(pattern, table.distinct("method")):
            rows = table.where(method=method)
            x, reward = rows.numbers(variable), rows.numbers("reward")
            yield method, Curve(task, x, reward, task_suffix(task, results))


def _leads(gap: Estimate) -> bool | None:
    assert gap.low is not None and gap.high is not None
    return True if gap.low > 0 else False if gap.high < 0 else None


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
