"""Tests over seeds: how probable a result at least so far from the null is by chance.

A bootstrap interval over five seeds covers 90 % instead of 95 %. A permutation test needs no such
approximation: if two methods have the same distribution of scores, every assignment of the scores
to the two methods is equally probable. With a margin it assumes that one distribution is the other,
shifted; seeds that either learn or do not are no such shift. So the p-value is the larger one of
the permutation test and of Welch's t test, which allows a different spread of each method.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations
from math import comb, prod

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

ENOUGH_SEEDS = 5  # of each method, on each task: 1 of 252 assignments separates five from five
EXACT = 200_000  # with more assignments than that, some are drawn
DRAWN = 20_000  # so that a p-value of 0.05 has a standard error of 0.0015
_TOLERANCE = 1e-9  # sums of the same scores in another order

Array = NDArray[np.float64]
Scores = Mapping[str, Sequence[float]]  # task -> one score a seed


def p_above(first: Scores, second: Scores, margin: float, generator: np.random.Generator) -> float:
    """P-value of “the mean of the first is at most `margin` above that of the second”.

    The mean is over tasks; scores change places within a task.
    """
    return max(permuted(first, second, margin, generator), welch(first, second, margin))


def permuted(first: Scores, second: Scores, margin: float, generator: np.random.Generator) -> float:
    """The exact permutation test: the share of assignments with so large a difference."""
    assigned: list[Array] = []
    observed = 0.0
    for task in sorted(first):
        one = np.asarray(first[task], dtype=np.float64) - margin
        two = np.asarray(second[task], dtype=np.float64)
        observed += float(one.mean() - two.mean())
        assigned.append(_differences(one, two, generator))
    if prod(map(len, assigned)) <= EXACT:
        total = np.zeros(1)
        for differences in assigned:
            total = (total[:, None] + differences).ravel()
        return float((total >= observed - _TOLERANCE).mean())
    drawn = np.zeros(DRAWN)
    for differences in assigned:
        drawn += differences[generator.integers(0, len(differences), DRAWN)]
    return float((1 + np.count_nonzero(drawn >= observed - _TOLERANCE)) / (1 + DRAWN))


def welch(first: Scores, second: Scores, margin: float) -> float:
    """Welch's t test, stratified by task, with the degrees of freedom of Satterthwaite."""
    groups = [np.asarray(of[task], dtype=np.float64) for of in (first, second) for task in of]
    # Of the mean over tasks of a difference of means; a score of one seed has no variance.
    parts = [group.var(ddof=1) / len(group) if len(group) > 1 else np.inf for group in groups]
    over = np.mean([np.mean(first[task]) - np.mean(second[task]) for task in first]) - margin
    error = math.sqrt(sum(parts)) / len(first)
    if error < _TOLERANCE:
        return 0.0 if over > _TOLERANCE else 1.0
    if math.isinf(error):
        return 1.0
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(group) - 1) for part, group in zip(parts, groups, strict=True)
    )
    return float(stdtr(freedom, -over / error))


def p_below(first: Scores, second: Scores, margin: float, generator: np.random.Generator) -> float:
    """P-value of “the mean of the first is at least `margin` above that of the second”."""
    return p_above(second, first, -margin, generator)


def p_most(holds: Sequence[bool]) -> float:
    """P-value of “at most half of all seeds would do so”: the sign test."""
    count = len(holds)
    ways = sum(comb(count, k) for k in range(sum(holds), count + 1))
    return ways / float(2**count)


def _differences(one: Array, two: Array, generator: np.random.Generator) -> Array:
    """The difference of the means under every assignment, or under so many drawn ones."""
    scores, n, m = np.concatenate([one, two]), len(one), len(two)
    if comb(n + m, n) <= EXACT:
        sums = scores[_assignments(n, m)].sum(axis=1)
    else:
        order = generator.permuted(np.tile(scores, (DRAWN, 1)), axis=1)
        sums = np.append(order[:, :n].sum(axis=1), one.sum())
    return np.asarray(sums / n - (scores.sum() - sums) / m)


@cache
def _assignments(n: int, m: int) -> NDArray[np.intp]:
    """All ways to choose n of n + m, a row each."""
    return np.array(list(combinations(range(n + m), n)), dtype=np.intp)
