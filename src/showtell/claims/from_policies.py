"""What trained policies say: means over seeds and tasks, and their differences."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from showtell.claims.evidence import (
    Evidence,
    Part,
    format_estimate,
    methods_matching,
    part_of,
    size,
)
from showtell.claims.scores import Pair, checked, on_one_scale, pair_of, stream_of
from showtell.claims.tests import Above, AboveOn, Against, AtLeast, AtMost, NoBetter, NoWorse, Times
from showtell.results.reading import Results
from showtell.studies import statistics
from showtell.studies.permutation import ENOUGH_SEEDS, p_above, p_below, p_most
from showtell.studies.statistics import Estimate

Blocked = Mapping[str, str]  # task -> the control that fails on it


class Finding(NamedTuple):
    """A difference, how probable it is by chance, and what was found in words."""

    estimate: Estimate
    p_holds: float
    p_fails: float
    text: str


def above(test: Above, results: Results, blocked: Blocked) -> Evidence:
    """The difference of the means, with the smallest one that matters."""

    def found(pair: Pair) -> Finding:
        gap = gap_of(pair, results)
        p_holds = p_above(pair.one, pair.other, 0.0, stream_of(pair, results))
        wins = statistics.probability_of_improvement(pair.one, pair.other, stream_of(pair, results))
        text = f"{_points(gap, test)}; ahead in {100 * wins.value:.0f} % of pairs of seeds"
        return Finding(
            gap,
            p_holds if gap.value >= test.by - 1e-9 else 1.0,
            p_below(pair.one, pair.other, test.by, stream_of(pair, results)),
            text,
        )

    return _compared(test, results, blocked, found, line=0.0)


def above_on(test: AboveOn, results: Results, blocked: Blocked) -> Evidence:
    """The difference of one method's means on two tasks, with the smallest one that matters."""
    parts: list[Part] = []
    waiting: list[str] = []
    why = blocked.get(test.task) or blocked.get(test.versus_task)
    for method in methods_through(test.method, test.phase, results):
        scores = results.scores(method, test.phase, test.policy, test.metric)
        if not {test.task, test.versus_task} <= scores.keys():
            waiting.append(method)
            continue
        # The statistics pair scores by task: here both sides stand for the difference of two.
        one, other = ({test.task: scores[task]} for task in (test.task, test.versus_task))
        purpose = (method, test.task, test.versus_task, test.policy, test.metric)
        pair = checked(Pair(one, other, purpose))
        gap = gap_of(pair, results)
        enough = gap.value >= test.by - 1e-9
        over = p_above(one, other, 0.0, stream_of(pair, results)) if enough else 1.0
        under = p_below(one, other, test.by, stream_of(pair, results))
        text = f"{format_estimate(gap, test.metric, '+')} ({test.task} less {test.versus_task})"
        judged = p_values(over, under, pair.few, why or pair.untestable)
        parts.append(part_of(method, gap, text, **judged))
    return Evidence(parts, tuple(waiting), line=0.0)


def no_better(test: NoBetter, results: Results, blocked: Blocked) -> Evidence:
    """The difference of the means, which should stay below a margin."""

    def found(pair: Pair) -> Finding:
        gap, streams = gap_of(pair, results), (stream_of(pair, results) for _ in range(2))
        under = p_below(pair.one, pair.other, test.by, next(streams))
        over = p_above(pair.one, pair.other, test.by, next(streams))
        return Finding(gap, under, over, _points(gap, test))

    return _compared(test, results, blocked, found, line=test.by)


def no_worse(test: NoWorse, results: Results, blocked: Blocked) -> Evidence:
    """The difference of the means, which should stay above a margin below zero."""

    def found(pair: Pair) -> Finding:
        gap, streams = gap_of(pair, results), (stream_of(pair, results) for _ in range(2))
        over = p_above(pair.one, pair.other, -test.by, next(streams))
        under = p_below(pair.one, pair.other, -test.by, next(streams))
        return Finding(gap, over, under, _points(gap, test))

    return _compared(test, results, blocked, found, line=-test.by)


def times(test: Times, results: Results, blocked: Blocked) -> Evidence:
    """One mean less so many of the other: a ratio has no range where it divides by zero."""

    def found(pair: Pair) -> Finding:
        stream = stream_of(pair, results)
        gap = statistics.mean_difference(pair.one, pair.other, stream, times=test.times)
        many = {task: [test.times * x for x in seeds] for task, seeds in pair.other.items()}
        over = p_above(pair.one, many, 0.0, stream_of(pair, results))
        under = p_below(pair.one, many, 0.0, stream_of(pair, results))
        one, other = (size(statistics.mean(of), test.metric) for of in (pair.one, pair.other))
        return Finding(gap, over, under, f"{_ratio(pair)} times: {one} against {other}")

    return _compared(test, results, blocked, found, line=0.0)


def reaches(test: AtLeast | AtMost, results: Results, blocked: Blocked) -> Evidence:
    """How many seeds reach the value, or stay below it: the sign test on the median seed."""
    parts: list[Part] = []
    waiting: list[str] = []
    for method in methods_through(test.method, test.phase, results):
        for tasks, suffix, why in task_groups(test.each_task, results, blocked, test.task):
            key = (method, test.phase, test.policy, test.metric)
            scores = {t: s for t, s in results.scores(*key).items() if t in tasks}
            if not scores:
                waiting.append(method + suffix)
                continue
            stream = results.comparison.generator("iqm", *sorted(scores), *key)
            estimate = statistics.iqm(scores, stream)
            up = isinstance(test, AtLeast)
            does = [(x >= test.value - 1e-9) == up for seeds in scores.values() for x in seeds]
            few = min(map(len, scores.values())) < ENOUGH_SEEDS
            parts.append(
                part_of(
                    method,
                    estimate,
                    f"{format_estimate(estimate, test.metric)}; {sum(does)} of {len(does)} "
                    f"seeds {'reach it' if up else 'stay below'}{suffix}",
                    **p_values(p_most(does), p_most([not x for x in does]), few, why),
                )
            )
    return Evidence(parts, tuple(waiting), line=test.value)


def _compared(
    test: Against,
    results: Results,
    blocked: Blocked,
    found: Callable[[Pair], Finding],
    line: float,
) -> Evidence:
    """A part for each method, each other method, and each task where they count alone."""
    parts: list[Part] = []
    waiting: list[str] = []
    absent = [
        pattern
        for pattern in test.others
        if not methods_through(pattern, test.other_phase, results)
    ]
    for method in methods_through(test.method, test.phase, results):
        others = _others(test, method, results)
        for other in others:
            named = f" (to {other})" if len(others) > 1 else ""
            for tasks, suffix, why in task_groups(test.each_task, results, blocked, test.task):
                pair = pair_of(test, results, method, other, tasks)
                if pair is None:
                    waiting.append(method + named + suffix)
                    continue
                pair = on_one_scale(pair, test, results)
                estimate, p_holds, p_fails, text = found(pair)
                judged = p_values(p_holds, p_fails, pair.few, why or pair.untestable)
                parts.append(part_of(method, estimate, text + named + suffix, **judged))
    return Evidence(parts, tuple(waiting), tuple(absent), line=line)


def p_values(p_holds: float, p_fails: float, few: bool, why: str | None) -> dict[str, Any]:
    """The p-values of a part, if there are seeds enough and nothing stands against them."""
    if few or why is not None:
        return {"untestable": why}
    return {"p_holds": p_holds, "p_fails": p_fails}


def _others(test: Against, method: str, results: Results) -> list[str]:
    """The methods that one method is compared with."""
    if test.versus is None:
        return [method]
    names = [
        name
        for pattern in test.others
        for name in methods_through(pattern, test.other_phase, results)
    ]
    itself = test.phase == test.other_phase
    return [name for name in dict.fromkeys(names) if not (itself and name == method)]


def task_groups(
    each: bool, results: Results, blocked: Blocked, one: str | None = None
) -> Iterator[tuple[tuple[str, ...], str, str | None]]:
    """(tasks, their suffix in a text, why they cannot be tested) of every part of one method.

    All tasks together are those on which the controls hold, or all if they hold on none.
    """
    tasks = results.comparison.tasks if one is None else (one,)
    if each or one is not None:
        for task in tasks:
            yield (task,), f" ({task})", blocked.get(task)
        return
    open_ones = tuple(task for task in tasks if task not in blocked)
    if open_ones:
        left_out = f" (without {', '.join(t for t in tasks if t in blocked)})" if blocked else ""
        yield open_ones, left_out, None
    else:
        yield tasks, "", "; ".join(dict.fromkeys(blocked.values()))


def methods_through(pattern: str, phase: str, results: Results) -> list[str]:
    """The methods of a pattern that go through a phase."""
    plan = results.comparison
    return [
        name for name in methods_matching(pattern, plan.methods) if phase in plan.phases_of(name)
    ]


def gap_of(pair: Pair, results: Results) -> Estimate:
    """The difference of two means."""
    return statistics.mean_difference(pair.one, pair.other, stream_of(pair, results))


def _points(gap: Estimate, test: Against) -> str:
    normalised = " of the normalised return" if test.metric == "return" else ""
    return format_estimate(gap, "success" if normalised else test.metric, "+") + normalised


def _ratio(pair: Pair) -> str:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.float64(statistics.mean(pair.one)) / statistics.mean(pair.other))
    return "∞" if np.isinf(ratio) else "0/0" if np.isnan(ratio) else f"{ratio:.1f}"
