"""What trained policies say: IQMs over seeds and tasks, and their differences."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from showtell.claims.evidence import (
    Evidence,
    Part,
    format_estimate,
    interval_vs,
    methods_matching,
    part_of,
)
from showtell.claims.tests import Above, Against, AtLeast, Early, NoBetter, NoWorse, Times
from showtell.results.estimates import interval
from showtell.results.reading import Results
from showtell.studies import statistics
from showtell.studies.statistics import Estimate, Scores

Finding = tuple[Estimate, bool | None, str]  # a number, whether it holds, what was found in words


class _Pair(NamedTuple):
    """Scores of one method and of what it is held against, on the tasks that both have."""

    one: Scores
    other: Scores
    purpose: tuple[str, ...]  # the stream of its statistics


def above(test: Above, results: Results) -> Evidence:
    """The difference of the IQMs."""

    def found(pair: _Pair) -> Finding:
        gap, wins = _difference(pair, results), _wins(pair, results)
        text = (
            f"{format_estimate(gap, test.metric, '+')}; ahead in {100 * wins.value:.0f} % of pairs"
        )
        return gap, interval_vs(gap, 0.0, strict=True), text

    return _compared(test, results, found, line=0.0)


def no_better(test: NoBetter, results: Results) -> Evidence:
    """The difference of the IQMs, which should stay below a line."""

    def found(pair: _Pair) -> Finding:
        gap = _difference(pair, results)
        over = interval_vs(gap, test.by, strict=False)
        return gap, None if over is None else not over, format_estimate(gap, test.metric, "+")

    return _compared(test, results, found, line=test.by)


def no_worse(test: NoWorse, results: Results) -> Evidence:
    """The difference of the IQMs, which should stay above a line below zero."""

    def found(pair: _Pair) -> Finding:
        gap = _difference(pair, results)
        return gap, interval_vs(gap, -test.by, strict=False), format_estimate(gap, test.metric, "+")

    return _compared(test, results, found, line=-test.by)


def times(test: Times, results: Results) -> Evidence:
    """One IQM less so many of the other: a ratio has no interval where it divides by zero."""

    def found(pair: _Pair) -> Finding:
        stream = results.comparison.generator("times", *pair.purpose)
        gap = statistics.difference(pair.one, pair.other, stream, times=test.times)
        one, other = (
            Estimate(float(statistics.pooled_iqm(scores)), None, None, 0)
            for scores in (pair.one, pair.other)
        )
        ratio = _ratio(pair, results)
        numbers = (
            format_estimate(e, test.metric).removesuffix(" (no interval)") for e in (one, other)
        )
        return gap, interval_vs(gap, 0.0, strict=True), f"{ratio}: {' against '.join(numbers)}"

    return _compared(test, results, found, line=0.0)


def at_least(test: AtLeast, results: Results) -> Evidence:
    """The IQM."""
    parts: list[Part] = []
    waiting: list[str] = []
    for method in _going_through(test.method, test.phase, results):
        for task, suffix in _tasks(test.each_task, results):
            key = (method, test.phase, test.policy, test.metric, task)
            if not results.scores(*key):
                waiting.append(method + suffix)
                continue
            estimate = interval(results, *key)
            holds = interval_vs(estimate, test.value, strict=False)
            parts.append(
                part_of(method, estimate, holds, format_estimate(estimate, test.metric) + suffix)
            )
    return Evidence(parts, tuple(waiting), line=test.value)


def early(test: Early, results: Results) -> Evidence:
    """How much better one phase begins than another, by what the agent did while it learned."""
    parts: list[Part] = []
    waiting: list[str] = []
    for method in _going_through(test.method, test.phase, results):
        for task, suffix in _tasks(test.each_task, results):
            one, other = (
                _beginnings(results, method, phase, task, test)
                for phase in (test.phase, test.versus_phase)
            )
            shared = sorted(set(one) & set(other))
            if not shared:
                waiting.append(method + suffix)
                continue
            purpose = (method, test.phase, test.versus_phase, test.column, task or "")
            pair = _Pair({t: one[t] for t in shared}, {t: other[t] for t in shared}, purpose)
            gap = _difference(pair, results)
            text = format_estimate(gap, test.column, "+") + suffix
            parts.append(part_of(method, gap, interval_vs(gap, 0.0, strict=True), text))
    return Evidence(parts, tuple(waiting), line=0.0, note=_too_coarse(test, results))


def _too_coarse(test: Early, results: Results) -> str:
    """A sentence, if the curves are there and none has a point in the part that is asked for."""
    phases = (test.phase, test.versus_phase)
    for method in _going_through(test.method, test.phase, results):
        there = {run.phase for run in results.progress if run.method == method}
        begun = [_beginnings(results, method, phase, None, test) for phase in phases]
        if not there.issuperset(phases) or any(begun):
            return ""
    return (
        f"No curve has a point within the first {100 * test.part:g} % of its steps: "
        "give these learners a smaller log_every."
    )


def _compared(
    test: Against, results: Results, found: Callable[[_Pair], Finding], line: float
) -> Evidence:
    """A part for each method, each other method, and each task where they count alone."""
    parts: list[Part] = []
    waiting: list[str] = []
    for method in _going_through(test.method, test.phase, results):
        others = _others(test, method, results)
        for other in others:
            named = f" (to {other})" if len(others) > 1 else ""
            for task, suffix in _tasks(test.each_task, results):
                pair = _pair(test, results, method, other, task)
                if pair is None:
                    waiting.append(method + named + suffix)
                    continue
                estimate, holds, text = found(pair)
                parts.append(part_of(method, estimate, holds, text + named + suffix))
    return Evidence(parts, tuple(waiting), line=line)


def _others(test: Against, method: str, results: Results) -> list[str]:
    """The methods that one method is held against."""
    if test.versus is None:
        return [method]
    names = [
        name
        for pattern in test.others
        for name in _going_through(pattern, test.other_phase, results)
    ]
    itself = test.phase == test.other_phase
    return [name for name in dict.fromkeys(names) if not (itself and name == method)]


def _pair(
    test: Against, results: Results, method: str, other: str, task: str | None
) -> _Pair | None:
    one = results.scores(method, test.phase, test.policy, test.metric, task)
    two = results.scores(other, test.other_phase, test.policy, test.metric, task)
    tasks = sorted(set(one) & set(two))
    if not tasks:
        return None
    purpose = [method, other, test.phase, test.policy, test.metric]
    if test.other_phase != test.phase:
        purpose.append(test.other_phase)
    if task is not None:
        purpose.append(task)
    return _Pair({t: one[t] for t in tasks}, {t: two[t] for t in tasks}, tuple(purpose))


def _tasks(each: bool, results: Results) -> Iterator[tuple[str | None, str]]:
    """(task, its suffix in a text): every task alone, or all of them together."""
    if not each:
        yield None, ""
        return
    for task in results.comparison.tasks:
        yield task, f" ({task})"


def _going_through(pattern: str, phase: str, results: Results) -> list[str]:
    plan = results.comparison
    return [
        name for name in methods_matching(pattern, plan.methods) if phase in plan.phases_of(name)
    ]


def _difference(pair: _Pair, results: Results) -> Estimate:
    stream = results.comparison.generator("difference", *pair.purpose)
    return statistics.difference(pair.one, pair.other, stream)


def _wins(pair: _Pair, results: Results) -> Estimate:
    stream = results.comparison.generator("improvement", *pair.purpose)
    return statistics.probability_of_improvement(pair.one, pair.other, stream)


def _ratio(pair: _Pair, results: Results) -> str:
    ratio = statistics.ratio(pair.one, pair.other, results.comparison.generator(*pair.purpose))
    value, low, high = (None if end is None else _many(end) for end in ratio[:3])
    return f"{value} times" if low is None else f"{value} times [{low}, {high}]"


def _many(ratio: float) -> str:
    return "∞" if np.isinf(ratio) else "0/0" if np.isnan(ratio) else f"{ratio:.1f}"


def _beginnings(
    results: Results, method: str, phase: str, task: str | None, test: Early
) -> dict[str, list[float]]:
    """Task -> the mean of each seed over the first part of a phase."""
    found: dict[str, list[float]] = {}
    for name in results.comparison.tasks if task is None else (task,):
        steps, lines = results.curves(method, phase, name, test.column)
        first = [place for place, step in enumerate(steps) if step <= test.part * steps[-1]]
        if first:
            found[name] = [float(np.mean(line[: first[-1] + 1])) for line in lines.values()]
    return found
