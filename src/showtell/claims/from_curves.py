"""What training logs say: how a phase begins, and how soon a level is reached."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from showtell.claims.evidence import Evidence, Part, format_estimate, part_of
from showtell.claims.from_policies import (
    Blocked,
    gap_of,
    methods_through,
    p_values,
    task_groups,
)
from showtell.claims.scores import Pair, checked, room_for_better, stream_of
from showtell.claims.tests import Early, Sooner, Within
from showtell.results.reading import Results
from showtell.studies.permutation import ENOUGH_SEEDS, p_above, p_below, p_most
from showtell.studies.statistics import Estimate

EARLY_POINTS = 3  # of a curve: the first is the policy before any update
_SMOOTHED = 3  # points whose mean has to reach a level


def early(test: Early, results: Results, blocked: Blocked) -> Evidence:
    """How much better one phase begins than another, by what the agent did while it learned."""
    parts: list[Part] = []
    waiting: list[str] = []
    for method in methods_through(test.method, test.phase, results):
        for on, suffix, why in task_groups(test.each_task, results, blocked):
            one, other = (
                _beginnings(results, method, phase, on, test)
                for phase in (test.phase, test.versus_phase)
            )
            shared = sorted(set(one) & set(other))
            if not shared:
                waiting.append(method + suffix)
                continue
            purpose = (method, test.phase, test.versus_phase, test.column, suffix)
            pair = Pair({t: one[t] for t in shared}, {t: other[t] for t in shared}, purpose)
            gap = gap_of(pair, results)
            over = p_above(pair.one, pair.other, 0.0, stream_of(pair, results))
            under = p_below(pair.one, pair.other, test.by, stream_of(pair, results))
            over = over if gap.value >= test.by - 1e-9 else 1.0
            text = format_estimate(gap, test.column, "+") + suffix
            if test.column.startswith("success"):
                pair = room_for_better(checked(pair), test.by, results)
            judged = p_values(over, under, pair.few, why or pair.untestable)
            parts.append(part_of(method, gap, text, **judged))
    return Evidence(parts, tuple(waiting), line=0.0, note=_too_coarse(test, results))


def _too_coarse(test: Early, results: Results) -> str:
    """A sentence, if the curves are there and none has enough points in the part asked for."""
    phases = (test.phase, test.versus_phase)
    everywhere = results.comparison.tasks
    for method in methods_through(test.method, test.phase, results):
        there = {run.phase for run in results.progress if run.method == method}
        begun = [_beginnings(results, method, phase, everywhere, test) for phase in phases]
        if not there.issuperset(phases) or all(begun):
            return ""
    return (
        f"No curve has {EARLY_POINTS} points within the first {100 * test.part:g} % of its steps: "
        "give these learners more steps, or a smaller log_every."
    )


def _beginnings(
    results: Results, method: str, phase: str, tasks: tuple[str, ...], test: Early
) -> dict[str, list[float]]:
    """Task -> the mean of each seed over the first part of a phase."""
    found: dict[str, list[float]] = {}
    for name in tasks:
        steps, lines = results.curves(method, phase, name, test.column)
        first = [place for place, step in enumerate(steps) if step <= test.part * steps[-1]]
        if len(first) >= EARLY_POINTS:
            found[name] = [float(np.mean(line[: first[-1] + 1])) for line in lines.values()]
    return found


def sooner(test: Sooner, results: Results, blocked: Blocked) -> Evidence:
    """How many times more steps others take to a level, by each seed's own curve.

    A seed that never reaches it counts with its last step: a lower bound. So it can speak for the
    claim where it is another method's, and never where it is the method's own.
    """
    parts: list[Part] = []
    waiting: list[str] = []
    for method in methods_through(test.method, "train", results):
        for other in methods_through(test.versus, "train", results):
            for on, suffix, why in task_groups(True, results, blocked):
                found = _to_level(test, results, method, other, on[0])
                if found is None:
                    waiting.append(method + suffix)
                    continue
                parts.append(_faster(test, results, found, (method, other, on[0]), suffix, why))
    return Evidence(parts, tuple(waiting), line=math.log(test.times))


class _Steps(NamedTuple):
    """Steps of each seed to a level; None where it is not reached by `last`."""

    level: float
    one: list[int | None]
    other: list[int | None]
    last: tuple[int, int]  # of one and of the other


def _to_level(test: Sooner, results: Results, method: str, other: str, task: str) -> _Steps | None:
    curves = [results.curves(name, "train", task, test.column) for name in (method, other)]
    if not all(steps and lines for steps, lines in curves):
        return None
    (steps, lines), (other_steps, other_lines) = curves
    mean = np.mean([_smooth(line) for line in lines.values()], axis=0)
    level = test.level if test.level is not None else test.of_best * float(mean.max())
    return _Steps(
        level,
        [_reached(steps, line, level) for line in lines.values()],
        [_reached(other_steps, line, level) for line in other_lines.values()],
        (steps[-1], other_steps[-1]),
    )


def _faster(
    test: Sooner,
    results: Results,
    found: _Steps,
    purpose: tuple[str, str, str],
    suffix: str,
    why: str | None,
) -> Part:
    method, _, task = purpose
    worst = math.ceil(test.times * max(found.last))  # of an own seed that never reaches it
    one = [math.log(step or worst) for step in found.one]
    other = [math.log(step or found.last[1]) for step in found.other]
    pair = Pair({task: other}, {task: one}, (*purpose, test.column, "sooner"))
    margin = math.log(test.times)
    gap = gap_of(pair, results)
    over = p_above(pair.one, pair.other, margin, stream_of(pair, results))
    under = p_below(pair.one, pair.other, margin, stream_of(pair, results))
    if None in found.other:  # its steps are more than these: no evidence against the claim
        under = 1.0
    counts = [
        f"{sum(step is not None for step in steps)} of {len(steps)} seeds of “{name}”"
        for name, steps in zip(purpose, (found.one, found.other), strict=False)
    ]
    least = "at least " if None in found.other else ""
    text = (
        f"{least}{math.exp(gap.value):.1f} times the steps to {test.column.replace('_', ' ')} "
        f"{found.level:.3g}, which {' and '.join(counts)} reach{suffix}"
    )
    return part_of(method, gap, text, **p_values(over, under, pair.few, why))


def within(test: Within, results: Results, blocked: Blocked) -> Evidence:
    """How many seeds reach a level in so many steps: the sign test.

    A training that is shorter and has not reached it by its end says nothing.
    """
    parts: list[Part] = []
    waiting: list[str] = []
    for method in methods_through(test.method, "train", results):
        for (task,), suffix, why in task_groups(True, results, blocked):
            if test.tasks is not None and task not in test.tasks:
                continue
            steps, lines = results.curves(method, "train", task, test.column)
            if not steps or not lines:
                waiting.append(method + suffix)
                continue
            at = [_reached(steps, line, test.level) for line in lines.values()]
            does = [step is not None and step <= test.steps for step in at]
            if steps[-1] < test.steps and not all(does):
                why = why or f"the training has {steps[-1]:,} steps, not {test.steps:,}"
            shown = Estimate(float(np.mean(does)), None, None, len(does))
            text = (
                f"{sum(does)} of {len(does)} seeds reach {test.column.replace('_', ' ')} "
                f"{test.level:g} within {test.steps:,} steps{suffix}"
            )
            few = len(does) < ENOUGH_SEEDS
            chances = p_values(p_most(does), p_most([not x for x in does]), few, why)
            parts.append(part_of(method, shown, text, **chances))
    return Evidence(parts, tuple(waiting), line=0.5)


def _smooth(line: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The mean of the latest points at each point."""
    sums = np.cumsum(np.asarray(line, dtype=np.float64))
    sums[_SMOOTHED:] -= sums[:-_SMOOTHED].copy()
    return sums / np.minimum(np.arange(1, len(sums) + 1), _SMOOTHED)


def _reached(steps: Sequence[int], line: Sequence[float], level: float) -> int | None:
    above = np.flatnonzero(_smooth(line) >= level - 1e-9)
    return steps[int(above[0])] if len(above) else None
