"""What studies say: rewards measured without an agent, one fixed reward a method."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from showtell.claims.evidence import (
    Evidence,
    Part,
    certain,
    format_estimate,
    method_with,
    methods_matching,
    part_of,
    task_suffix,
)
from showtell.claims.tests import Diagonal, LandscapePeak, Order, Rises, SameShape, Separates
from showtell.results import alignment_fit, distances
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.studies import statistics
from showtell.studies.statistics import Estimate

Blocked = Mapping[str, str]  # task -> the control that fails on it


def landscape_peak(test: LandscapePeak, results: Results, blocked: Blocked) -> Evidence:
    """Where each reward curve is largest."""
    parts: list[Part] = []
    for method, curve in curves(results, test.study, test.method, test.task):
        peak = curve.x[int(np.argmax(curve.reward))]
        holds = abs(peak - test.at) <= test.within
        text = f"largest at {peak:+.3f} {test.unit}{curve.task_suffix}"
        parts.append(_fixed(method, peak, holds, text, blocked.get(curve.task)))
    return Evidence(parts, line=test.at, band=(test.at - test.within, test.at + test.within))


def rises(test: Rises, results: Results, blocked: Blocked) -> Evidence:
    """The rank correlation of each reward curve with its variable, between two places."""
    parts: list[Part] = []
    for method, curve in curves(results, test.study, test.method, test.task):
        between = [
            pair
            for pair in zip(curve.x, curve.reward, strict=True)
            if test.low <= pair[0] <= test.high
        ]
        rank = statistics.spearman(*map(list, zip(*between, strict=True)))
        holds = (rank < test.value) if test.below else rank >= test.value
        why = "a reward is constant over the curve" if rank != rank else blocked.get(curve.task)
        parts.append(_fixed(method, rank, holds, f"{rank:.2f}{curve.task_suffix}", why))
    return Evidence(parts, line=test.value)


def same_shape(test: SameShape, results: Results, blocked: Blocked) -> Evidence:
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
            why = "a reward is constant over the curve" if rank != rank else blocked.get(curve.task)
            parts.append(_fixed(method, rank, rank >= test.value, text, why))
    return Evidence(parts, line=test.value)


def order(test: Order, results: Results, blocked: Blocked) -> Evidence:
    """Each method's number beside that of the reference."""
    reference = method_with(test.than, test.method, results.comparison.methods)
    if reference is None:
        return Evidence([])
    parts: list[Part] = []
    lines: list[float] = []
    notes: list[str] = []
    for task, whole in results.study_tables(test.study).items():
        if test.task not in (None, task):
            continue
        table = whole.where(**test.rows)
        alone = table.where(versus="")
        than = _row(alone, reference.name, test.column)
        if than is None:
            continue
        where = task_suffix(task, results)
        lines.append(than.value)
        notes.append(f"{reference.label}: {format_estimate(than, test.column)}{where}.")
        for method in methods_matching(test.method, alone.distinct("method")):
            one = _row(alone, method, test.column)
            if method == reference.name or one is None:
                continue
            pair = table.where(method=method, versus=reference.name)
            lower, higher = (pair.numbers(name)[0] for name in ("p_lower", "p_higher"))
            gap = _row(pair, method, test.column)
            text = f"{format_estimate(one, test.column)}, difference "
            text += f"{'' if gap is None else format_estimate(gap, test.column, '+')}{where}"
            known = lower == lower
            parts.append(
                part_of(
                    method,
                    one,
                    text,
                    p_holds=lower if known else 1.0,
                    p_fails=higher if known else 1.0,
                    untestable=blocked.get(task) if known else "a reward is constant",
                )
            )
    return Evidence(parts, line=lines[0] if len(lines) == 1 else None, note=" ".join(notes))


def diagonal(test: Diagonal, results: Results, blocked: Blocked) -> Evidence:
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
            why = blocked.get(task)
            parts.append(
                part_of(
                    method,
                    lead.gap,
                    f"{text} ({task})",
                    p_holds=1.0 if why else lead.p_behind,
                    p_fails=1.0 if why else lead.p_ahead,
                    untestable=why,
                )
            )
    return Evidence(parts, line=0.0)


def separates(test: Separates, results: Results, blocked: Blocked) -> Evidence:
    """By how much the area of one method leads another's, on average over tasks, in each scene."""
    tables = results.study_tables(test.study)
    open_ones = {task: table for task, table in tables.items() if task not in blocked}
    names = list(dict.fromkeys(name for t in tables.values() for name in t.distinct("method")))
    others = (test.versus,) if isinstance(test.versus, str) else test.versus
    versus = [name for pattern in others for name in methods_matching(pattern, names)]
    parts: list[Part] = []
    absent = [other for other in others if tables and not methods_matching(other, names)]
    for method in methods_matching(test.method, names):
        for other in dict.fromkeys(name for name in versus if name != method):
            for scene in test.scenes:
                stream = results.comparison.generator("separates", method, other, scene)
                about = (method, other, scene, test.against, stream, test.margin)
                lead = distances.lead(open_ones or tables, *about)
                if lead is None:
                    absent.append(f"{method} beside {other} in the scene {scene}")
                    continue
                text = f"{lead.one:.2f} with {method}, {lead.other:.2f} with {other}: "
                text += f"{lead.gap.value:+.2f} [{lead.gap.low:+.2f}, {lead.gap.high:+.2f}]"
                why = None if open_ones else "; ".join(blocked[task] for task in tables)
                chances = {} if why else {"p_holds": lead.p_behind, "p_fails": lead.p_ahead}
                text += f" (scene {scene})"
                parts.append(part_of(method, lead.gap, text, untestable=why, **chances))
    note = "" if parts or not absent else f"Not measured: {', '.join(absent)}."
    return Evidence(parts, absent=tuple(absent), line=-test.margin, note=note)


class Curve(NamedTuple):
    """The reward of one method over one variable of a task."""

    task: str
    x: list[float]
    reward: list[float]
    task_suffix: str  # " (task)" where there are several


def curves(
    results: Results, study: str, pattern: str, one: str | None = None
) -> Iterator[tuple[str, Curve]]:
    """(method, its reward landscape) for each method of a landscape study, on one task or all."""
    for task, table in results.study_tables(study).items():
        if one not in (None, task):
            continue
        variable = results.study_settings(study)["variable"]
        for method in methods_matching(pattern, table.distinct("method")):
            rows = table.where(method=method)
            x, reward = rows.numbers(variable), rows.numbers("reward")
            yield method, Curve(task, x, reward, task_suffix(task, results))


def _fixed(method: str, value: float, holds: bool, text: str, why: str | None) -> Part:
    """A part about a fixed model: no sampling, so no chance."""
    judged: dict[str, Any] = {} if why else certain(holds)
    return Part(method=method, value=value, text=text, untestable=why, **judged)


def _row(table: Table, method: str, column: str) -> Estimate | None:
    """A study's number with its interval, where it wrote one."""
    rows = table.where(method=method)
    if not rows.rows:
        return None
    ends = [rows.numbers(name)[0] if name in rows.columns else None for name in ("low", "high")]
    low, high = (None if end is None or end != end else end for end in ends)
    return Estimate(rows.numbers(column)[0], low, high, 0)
