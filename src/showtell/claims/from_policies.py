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
from showtell.claims.scores import Pair, checked, normalised, pair_of
from showtell.claims.tests import Above, Against, AtLeast, AtMost, Early, NoBetter, NoWorse, Times
from showtell.results.reading import Results
from showtell.studies import statistics
from showtell.studies.permutation import ENOUGH_SEEDS, p_above, p_below, p_most
from showtell.studies.statistics import Estimate

Blocked = Mapping[str, str]  # task -> the control that fails on it
EARLY_POINTS = 3  # of a curve: the first is the policy before any update


class Finding(NamedTuple):
    """A difference, how probable it is by chance, and what was found in words."""

    estimate: Estimate
    p_holds: float
    p_fails: float
    text: str


def above(test: Above, results: Results, blocked: Blocked) -> Evidence:
    """The difference of the means, with the smallest one that matters."""

    def found(pair: Pair) -> Finding:
        gap = _difference(pair, results)
        p_holds = p_above(pair.one, pair.other, 0.0, _stream(pair, results))
        wins = statistics.probability_of_improvement(pair.one, pair.other, _stream(pair, results))
        text = f"{_points(gap, test)}; ahead in {100 * wins.value:.0f} % of pairs of seeds"
        return Finding(
            gap,
            p_holds if gap.value >= test.by - 1e-9 else 1.0,
            p_below(pair.one, pair.other, test.by, _stream(pair, results)),
            text,
        )

    return _compared(test, results, blocked, found, line=0.0)


def no_better(test: NoBetter, results: Results, blocked: Blocked) -> Evidence:
    """The difference of the means, which should stay below a margin."""

    def found(pair: Pair) -> Finding:
        gap, streams = _difference(pair, results), (_stream(pair, results) for _ in range(2))
        under = p_below(pair.one, pair.other, test.by, next(streams))
        over = p_above(pair.one, pair.other, test.by, next(streams))
        return Finding(gap, under, over, _points(gap, test))

    return _compared(test, results, blocked, found, line=test.by)


def no_worse(test: NoWorse, results: Results, blocked: Blocked) -> Evidence:
    """The difference of the means, which should stay above a margin below zero."""

    def found(pair: Pair) -> Finding:
        gap, streams = _difference(pair, results), (_stream(pair, results) for _ in range(2))
        over = p_above(pair.one, pair.other, -test.by, next(streams))
        under = p_below(pair.one, pair.other, -test.by, next(streams))
        return Finding(gap, over, under, _points(gap, test))

    return _compared(test, results, blocked, found, line=-test.by)


def times(test: Times, results: Results, blocked: Blocked) -> Evidence:
    """One mean less so many of the other: a ratio has no range where it divides by zero."""

    def found(pair: Pair) -> Finding:
        stream = _stream(pair, results)
        gap = statistics.mean_difference(pair.one, pair.other, stream, times=test.times)
        many = {task: [test.times * x for x in seeds] for task, seeds in pair.other.items()}
        over = p_above(pair.one, many, 0.0, _stream(pair, results))
        under = p_below(pair.one, many, 0.0, _stream(pair, results))
        one, other = (size(statistics.mean(of), test.metric) for of in (pair.one, pair.other))
        return Finding(gap, over, under, f"{_ratio(pair)} times: {one} against {other}")

    return _compared(test, results, blocked, found, line=0.0)


def reaches(test: AtLeast | AtMost, results: Results, blocked: Blocked) -> Evidence:
    """How many seeds reach the value, or stay below it: the sign test on the median seed."""
    parts: list[Part] = []
    waiting: list[str] = []
    for method in _going_through(test.method, test.phase, results):
        for tasks, suffix, why in _tasks(test.each_task, results, blocked):
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
                    **_judged(p_most(does), p_most([not x for x in does]), few, why),
                )
            )
    return Evidence(parts, tuple(waiting), line=test.value)


def early(test: Early, results: Results, blocked: Blocked) -> Evidence:
    """How much better one phase begins than another, by what the agent did while it learned."""
    parts: list[Part] = []
    waiting: list[str] = []
    for method in _going_through(test.method, test.phase, results):
        for tasks, suffix, why in _tasks(test.each_task, results, blocked):
            one, other = (
                _beginnings(results, method, phase, tasks, test)
                for phase in (test.phase, test.versus_phase)
            )
            shared = sorted(set(one) & set(other))
            if not shared:
                waiting.append(method + suffix)
                continue
            purpose = (method, test.phase, test.versus_phase, test.column, suffix)
            pair = Pair({t: one[t] for t in shared}, {t: other[t] for t in shared}, purpose)
            gap = _difference(pair, results)
            over = p_above(pair.one, pair.other, 0.0, _stream(pair, results))
            under = p_below(pair.one, pair.other, test.by, _stream(pair, results))
            over = over if gap.value >= test.by - 1e-9 else 1.0
            text = format_estimate(gap, test.column, "+") + suffix
            parts.append(part_of(method, gap, text, **_judged(over, under, pair.few, why)))
    return Evidence(parts, tuple(waiting), line=0.0, note=_too_coarse(test, results))


def _too_coarse(test: Early, results: Results) -> str:
    """A sentence, if the curves are there and none has enough points in the part asked for."""
    phases = (test.phase, test.versus_phase)
    everywhere = results.comparison.tasks
    for method in _going_through(test.method, test.phase, results):
        there = {run.phase for run in results.progress if run.method == method}
        begun = [_beginnings(results, method, phase, everywhere, test) for phase in phases]
        if not there.issuperset(phases) or all(begun):
            return ""
    return (
        f"No curve has {EARLY_POINTS} points within the first {100 * test.part:g} % of its steps: "
        "give these learners more steps, or a smaller log_every."
    )


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
        pattern for pattern in test.others if not _going_through(pattern, test.other_phase, results)
    ]
    for method in _going_through(test.method, test.phase, results):
        others = _others(test, method, results)
        for other in others:
            named = f" (to {other})" if len(others) > 1 else ""
            for tasks, suffix, why in _tasks(test.each_task, results, blocked):
                pair = pair_of(test, results, method, other, tasks)
                if pair is None:
                    waiting.append(method + named + suffix)
                    continue
                pair = _on_one_scale(pair, test, results)
                estimate, p_holds, p_fails, text = found(pair)
                judged = _judged(p_holds, p_fails, pair.few, why or pair.untestable)
                parts.append(part_of(method, estimate, text + named + suffix, **judged))
    return Evidence(parts, tuple(waiting), tuple(absent), line=line)


def _judged(p_holds: float, p_fails: float, few: bool, why: str | None) -> dict[str, Any]:
    """The p-values of a part, if there are seeds enough and nothing stands against them."""
    if few or why is not None:
        return {"untestable": why}
    return {"p_holds": p_holds, "p_fails": p_fails}


def _on_one_scale(pair: Pair, test: Against, results: Results) -> Pair:
    many = test.times if isinstance(test, Times) else 1.0
    if test.metric != "return":
        return checked(pair, many)
    if many == 1.0:
        pair = normalised(pair, results, test.policy)
        return pair if pair.untestable else checked(pair)
    # A ratio of returns depends on their zero, so that stays; of one task it needs no scale.
    return pair if len(pair.one) == 1 else normalised(pair, results, test.policy, from_zero=False)


def _others(test: Against, method: str, results: Results) -> list[str]:
    """The methods that one method is compared with."""
    if test.versus is None:
        return [method]
    names = [
        name
        for pattern in test.others
        for name in _going_through(pattern, test.other_phase, results)
    ]
    itself = test.phase == test.other_phase
    return [name for name in dict.fromkeys(names) if not (itself and name == method)]


def _tasks(
    each: bool, results: Results, blocked: Blocked
) -> Iterator[tuple[tuple[str, ...], str, str | None]]:
    """(tasks, their suffix in a text, why they cannot be tested) of every part of one method.

    All tasks together are those on which the controls hold, or all if they hold on none.
    """
    tasks = results.comparison.tasks
    if each:
        for task in tasks:
            yield (task,), f" ({task})", blocked.get(task)
        return
    open_ones = tuple(task for task in tasks if task not in blocked)
    if open_ones:
        left_out = f" (without {', '.join(t for t in tasks if t in blocked)})" if blocked else ""
        yield open_ones, left_out, None
    else:
        yield tasks, "", "; ".join(dict.fromkeys(blocked.values()))


def _going_through(pattern: str, phase: str, results: Results) -> list[str]:
    plan = results.comparison
    return [
        name for name in methods_matching(pattern, plan.methods) if phase in plan.phases_of(name)
    ]


def _difference(pair: Pair, results: Results) -> Estimate:
    return statistics.mean_difference(pair.one, pair.other, _stream(pair, results))


def _stream(pair: Pair, results: Results) -> np.random.Generator:
    return results.comparison.generator("difference", *pair.purpose)


def _points(gap: Estimate, test: Against) -> str:
    normalised = " of the normalised return" if test.metric == "return" else ""
    return format_estimate(gap, "success" if normalised else test.metric, "+") + normalised


def _ratio(pair: Pair) -> str:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.float64(statistics.mean(pair.one)) / statistics.mean(pair.other))
    return "∞" if np.isinf(ratio) else "0/0" if np.isnan(ratio) else f"{ratio:.1f}"


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
