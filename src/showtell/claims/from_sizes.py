"""What studies say of networks of several sizes: a number over size, and what lowers it."""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise, permutations
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from showtell.claims.decisions import at_least
from showtell.claims.evidence import Evidence, Part, certain, methods_matching, part_of, task_suffix
from showtell.claims.tests import BySize, LowersEach, LowersSmallMore, Predicts, WithSize
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.studies import statistics
from showtell.studies.statistics import Estimate

Blocked = Mapping[str, str]  # task -> the control that fails on it
_WIDTH = 2 * 1.959964  # standard errors in a 95 % interval
_EXACT = 8  # methods whose orders are all tried; of more, so many are drawn:
_DRAWN = 20_000


class Gain(NamedTuple):
    """By how much one method has a lower number than the reference of its network."""

    method: str
    value: float  # above 0: lower than the reference
    error: float  # its standard error over states
    p_lower: float
    p_higher: float


def with_size(test: WithSize, results: Results, blocked: Blocked) -> Evidence:
    """Each step to the next larger network, at the same states, and how straight the line is."""
    parts: list[Part] = []
    for task, table in _tables(test, results):
        alone = table.where(versus="")
        sizes = _sizes(alone, test.method)
        names = sorted(sizes, key=lambda name: sizes[name])
        if len(names) < 2:
            continue
        values = {name: alone.where(method=name).numbers(test.column)[0] for name in names}
        where, why = task_suffix(task, results), blocked.get(task)
        for smaller, larger in pairwise(names):
            gap = table.where(method=larger, versus=smaller)
            up, down = (gap.numbers(name)[0] for name in ("p_higher", "p_lower"))
            known = up == up
            text = f"{values[smaller]:.3f} to {values[larger]:.3f} from {smaller}{where}"
            over, under = (up, down) if test.rises else (down, up)
            parts.append(
                part_of(
                    larger,
                    _interval(gap, test.column),
                    text,
                    p_holds=over if known else 1.0,
                    p_fails=under if known else 1.0,
                    untestable=why if known else "a reward is constant",
                )
            )
        if test.linear is not None and len(names) > 2:
            r = _pearson([math.log10(sizes[name]) for name in names], list(values.values()))
            straight = (r if test.rises else -r) >= test.linear
            known = r == r
            chances: dict[str, Any] = certain(straight) if known and why is None else {}
            parts.append(
                Part(
                    method=names[-1],
                    value=r,
                    text=f"correlation {r:+.2f} with the logarithm of the size{where}",
                    untestable=why if known else "a reward is constant",
                    **chances,
                )
            )
    return Evidence(parts, line=0.0)


def lowers_each(test: LowersEach, results: Results, blocked: Blocked) -> Evidence:
    """The best strength of each network beside its reference; Simes' test over its strengths."""
    parts: list[Part] = []
    for task, table in _tables(test, results):
        for _, reference, gains in _gains(test, table, results):
            best = max(gains, key=lambda gain: gain.value)
            text = f"{-best.value:+.3f} to {reference}{task_suffix(task, results)}"
            known = all(gain.p_lower == gain.p_lower for gain in gains)
            why = blocked.get(task) if known else "a reward is constant"
            half = best.error * _WIDTH / 2
            parts.append(
                part_of(
                    best.method,
                    Estimate(-best.value, -best.value - half, -best.value + half, 0),
                    text,
                    # Some strength lowers it; it fails only where every strength raises it.
                    p_holds=at_least([gain.p_lower for gain in gains], 1) if known else 1.0,
                    p_fails=max(gain.p_higher for gain in gains) if known else 1.0,
                    untestable=why,
                )
            )
    return Evidence(parts, line=0.0)


def lowers_small_more(test: LowersSmallMore, results: Results, blocked: Blocked) -> Evidence:
    """The best gain of each smaller network less that of the largest.

    A study writes no interval of such a difference, so the two standard errors are added: as if
    the gains of two networks moved against each other from state to state as much as they can.
    """
    parts: list[Part] = []
    for task, table in _tables(test, results):
        of_sizes = list(_gains(test, table, results))
        if len(of_sizes) < 2:
            continue
        best = [max(gains, key=lambda gain: gain.value) for _, _, gains in of_sizes]
        largest = best[-1]
        for gain in best[:-1]:
            gap, error = gain.value - largest.value, gain.error + largest.error
            known = gap == gap and error > 0
            p = float(ndtr(-gap / error)) if known else 1.0
            half = error * _WIDTH / 2
            parts.append(
                part_of(
                    gain.method,
                    Estimate(gap, gap - half, gap + half, 0),
                    f"lower by {gain.value:.3f}, with {largest.method} by {largest.value:.3f}"
                    f"{task_suffix(task, results)}",
                    p_holds=p,
                    p_fails=1 - p if known else 1.0,
                    untestable=blocked.get(task) if known else "a reward is constant",
                )
            )
    return Evidence(parts, line=0.0)


def predicts(test: Predicts, results: Results, blocked: Blocked) -> Evidence:
    """The rank correlation of a study's number with the mean success of each method."""
    parts: list[Part] = []
    for task, table in _of_rows(test.study, test.rows, results):
        alone = table.where(versus="")
        pairs = []
        for method in methods_matching(test.method, alone.distinct("method")):
            key = (method, test.phase, test.policy, test.metric, task)
            scores = results.scores(*key).get(task)
            if scores:
                number = alone.where(method=method).numbers(test.column)[0]
                pairs.append((number, statistics.mean({task: scores})))
        if len(pairs) < 3:
            continue
        x, y = (list(column) for column in zip(*pairs, strict=True))
        rank = statistics.spearman(x, y)
        stream = results.comparison.generator("predicts", test.study, test.method, task)
        known = rank == rank
        p_holds, p_fails = _orders(x, y, stream) if known else (1.0, 1.0)
        parts.append(
            Part(
                method=test.method,
                value=rank,
                text=f"rank correlation {rank:+.2f} of {len(pairs)} methods"
                f"{task_suffix(task, results)}",
                p_holds=p_holds,
                p_fails=p_fails,
                untestable=blocked.get(task) if known else "all methods have one value",
            )
        )
    waiting = () if parts else (test.method,)
    return Evidence(parts, waiting, line=0.0)


def _orders(x: list[float], y: list[float], stream: np.random.Generator) -> tuple[float, float]:
    """The share of the orders of y with so low a rank correlation, and of those with so high."""
    one, other = statistics.ranks(x), statistics.ranks(y)
    found = float(one @ other)  # the same order as the correlation's: all else is fixed
    if len(x) <= _EXACT:
        drawn = np.array([one @ np.array(order) for order in permutations(other)])
        added = 0
    else:
        drawn = np.array([one @ stream.permutation(other) for _ in range(_DRAWN)])
        added = 1
    count = len(drawn) + added
    low, high = (added + np.count_nonzero(s * (drawn - found) <= 1e-9) for s in (1, -1))
    return float(low / count), float(high / count)


def _tables(test: BySize, results: Results) -> Iterator[tuple[str, Table]]:
    for task, table in _of_rows(test.study, test.rows, results):
        if test.task in (None, task):
            yield task, table


def _of_rows(study: str, rows: Mapping[str, str], results: Results) -> Iterator[tuple[str, Table]]:
    for task, table in results.study_tables(study).items():
        yield task, table.where(**rows)


def _sizes(alone: Table, pattern: str) -> dict[str, float]:
    """Method -> the size of its network; methods without one are left out."""
    found = dict(zip(alone.column("method"), alone.numbers("parameters"), strict=True))
    return {name: found[name] for name in methods_matching(pattern, found) if found[name] > 0}


def _gains(
    test: LowersEach | LowersSmallMore, table: Table, results: Results
) -> Iterator[tuple[float, str, list[Gain]]]:
    """(size, the reference's name, gains of the others) of each network, by size."""
    sizes = _sizes(table.where(versus=""), test.method)
    methods = results.comparison.methods
    for size in sorted(set(sizes.values())):
        names = [name for name in sizes if sizes[name] == size and name in methods]
        references = [
            name
            for name in names
            if all(methods[name].reward.get(key) == value for key, value in test.than.items())
        ]
        others = [name for name in names if name not in references]
        if len(references) == 1 and others:
            yield size, references[0], [_gain(test, table, n, references[0]) for n in others]


def _gain(test: BySize, table: Table, method: str, reference: str) -> Gain:
    row = table.where(method=method, versus=reference)
    low, high, lower, higher = (
        row.numbers(name)[0] for name in ("low", "high", "p_lower", "p_higher")
    )
    return Gain(method, -row.numbers(test.column)[0], (high - low) / _WIDTH, lower, higher)


def _interval(rows: Table, column: str) -> Estimate:
    low, high = (rows.numbers(name)[0] for name in ("low", "high"))
    value = rows.numbers(column)[0]
    return Estimate(value, None, None, 0) if low != low else Estimate(value, low, high, 0)


def _pearson(x: list[float], y: list[float]) -> float:
    one, other = (np.array(of) - np.mean(of) for of in (x, y))
    scale = math.sqrt(float((one @ one) * (other @ other)))
    return float(one @ other) / scale if scale > 0 else math.nan
