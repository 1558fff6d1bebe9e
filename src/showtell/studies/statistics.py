"""Numbers with honest intervals: IQM and its stratified bootstrap over seeds × tasks.

Below RANGE_BELOW seeds a bootstrap interval covers too little to be called one; then low and high
are the range: the statistic with every seed at the lowest, or the highest, of its task.

These are the estimators of Agarwal et al., "Deep RL at the Edge of the Statistical Precipice"
(2021), as the library rliable defines them; a test holds them to its `metrics`. Its bootstrap
cannot be used: it needs `arch`, whose newest version that rliable accepts (7.2) fails to import
beside pandas 3, and it would take a second of every job's start.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
COVERAGE = 0.95
RANGE_BELOW = (
    6  # measured coverage of the bootstrap interval: 75 % of 3 seeds, 90 % of 5, 93 % of 10
)

Array = NDArray[np.float64]
Scores = Mapping[str, Sequence[float]]  # task -> one score a seed; tasks may differ in seeds


class Estimate(NamedTuple):
    """A number, its range or 95 % interval where there is one, and the seeds behind it."""

    value: float
    low: float | None
    high: float | None
    seeds: int  # of the task that has fewest: resampling happens within a task


def spread_name(seeds: int) -> str:
    """What low and high of so many seeds are called."""
    return "range over seeds" if seeds < RANGE_BELOW else "95 % bootstrap interval"


def interquartile_mean(values: Array) -> Array:
    """The mean of the middle half, along the last axis: a quarter is cut at each end.

    Of fewer than four values none is cut, as in rliable: it is their mean.
    """
    cut = values.shape[-1] // 4
    kept = np.sort(values, axis=-1)[..., cut : values.shape[-1] - cut]
    return np.asarray(kept.mean(axis=-1))


def iqm(scores: Scores, generator: np.random.Generator) -> Estimate:
    """IQM over seeds × tasks with its interval. No interval for a single seed."""
    strata = _strata(scores)
    return _estimate(
        pooled_iqm(scores), [strata], lambda drawn: interquartile_mean(drawn[0]), generator
    )


def pooled_iqm(scores: Scores) -> float:
    """IQM over seeds × tasks."""
    return float(interquartile_mean(np.concatenate(_strata(scores))))


def difference(
    first: Scores, second: Scores, generator: np.random.Generator, times: float = 1.0
) -> Estimate:
    """IQM of the first minus `times` that of the second; they are resampled independently."""
    return _estimate(
        pooled_iqm(first) - times * pooled_iqm(second),
        [_strata(first), _strata(second)],
        lambda drawn: interquartile_mean(drawn[0]) - times * interquartile_mean(drawn[1]),
        generator,
    )


def mean_difference(
    first: Scores, second: Scores, generator: np.random.Generator, times: float = 1.0
) -> Estimate:
    """Mean over tasks of the mean over seeds: of the first, minus `times` that of the second."""
    value = mean(first) - times * mean(second)
    groups = [_strata(first), _strata(second)]
    seeds = min(len(task) for strata in groups for task in strata)
    if seeds < RANGE_BELOW:
        if seeds < 2:
            return Estimate(value, None, None, seeds)
        low, high = (
            float(np.mean([ends[0](task) for task in groups[0]]))
            - times * float(np.mean([ends[1](task) for task in groups[1]]))
            for ends in ((min, max), (max, min))
        )
        return Estimate(value, low, high, seeds)
    drawn = [
        np.mean([_resample([task], generator).mean(axis=1) for task in strata], axis=0)
        for strata in groups
    ]
    low, high = map(float, np.quantile(drawn[0] - times * drawn[1], _tails()))
    return Estimate(value, low, high, seeds)


def mean(scores: Scores) -> float:
    """Mean over tasks of the mean over seeds."""
    return float(np.mean([task.mean() for task in _strata(scores)]))


def ratio(first: Scores, second: Scores, generator: np.random.Generator) -> Estimate:
    """IQM of the first over that of the second; infinite over zero, NaN for zero over zero.

    A resample of zero over zero says nothing for either and counts as 1.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(np.float64(pooled_iqm(first)) / np.float64(pooled_iqm(second)))
        return _estimate(
            value,
            [_strata(first), _strata(second)],
            lambda drawn: np.nan_to_num(
                interquartile_mean(drawn[0]) / interquartile_mean(drawn[1]), nan=1.0, posinf=np.inf
            ),
            generator,
            # Between two infinities there is no mean: the nearer one of the drawn is taken.
            method="inverted_cdf",
        )


def probability_of_improvement(
    first: Scores, second: Scores, generator: np.random.Generator
) -> Estimate:
    """How probably a run of the first beats one of the second, a tie counting half.

    The mean over tasks, so both must have the same ones.
    """
    if set(first) != set(second):
        raise ValueError(f"tasks differ: {sorted(first)} and {sorted(second)}")
    one, two = _strata(first), _strata(second)
    ends_one = np.cumsum([len(task) for task in one])[:-1]
    ends_two = np.cumsum([len(task) for task in two])[:-1]

    def improvement(drawn: list[Array]) -> Array:
        tasks_one = np.split(drawn[0], ends_one, axis=-1)
        tasks_two = np.split(drawn[1], ends_two, axis=-1)
        wins = [_wins(x, y) for x, y in zip(tasks_one, tasks_two, strict=True)]
        return np.asarray(np.mean(wins, axis=0))

    value = float(improvement([np.concatenate(one)[None], np.concatenate(two)[None]])[0])
    return _estimate(value, [one, two], improvement, generator)


def iqm_curve(curves: Array, generator: np.random.Generator) -> tuple[Array, Array, Array]:
    """IQM, low and high at every step of S curves, (S, T); whole curves are resampled."""
    middle = interquartile_mean(curves.T)
    if len(curves) < 2:
        return middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan)
    if len(curves) < RANGE_BELOW:
        return middle, curves.min(axis=0), curves.max(axis=0)
    picks = generator.integers(0, len(curves), size=(RESAMPLES // 5, len(curves)))
    # One step at a time: all of them at once would be gigabytes for a long curve.
    drawn = [np.quantile(interquartile_mean(step[picks]), _tails()) for step in curves.T]
    low, high = np.array(drawn).reshape(-1, 2).T
    return middle, low, high


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation; tied values share their mean rank. NaN if one of them is constant."""
    first, second = ranks(x), ranks(y)
    first, second = first - first.mean(), second - second.mean()
    scale = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / scale) if scale > 0 else float("nan")


def ranks(values: Sequence[float] | Array) -> Array:
    """The place of each value in order, from 1; tied values share their mean place."""
    _, places, counts = np.unique(
        np.asarray(values, float), return_inverse=True, return_counts=True
    )
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places])


def _strata(scores: Scores) -> list[Array]:
    """One array of seeds a task, in the order of the tasks' names."""
    if not scores or not all(len(scores[task]) for task in scores):
        raise ValueError("statistics need at least one seed of every task")
    return [np.asarray(scores[task], dtype=np.float64) for task in sorted(scores)]


def _estimate(
    value: float,
    groups: list[list[Array]],
    statistic: Callable[[list[Array]], Array],
    generator: np.random.Generator,
    method: Literal["linear", "inverted_cdf"] = "linear",
) -> Estimate:
    """The percentile bootstrap: seeds are drawn with replacement within each task."""
    seeds = min(len(task) for strata in groups for task in strata)
    if seeds < 2:  # one seed has no spread
        return Estimate(value, None, None, seeds)
    if seeds < RANGE_BELOW:
        # All statistics here grow with the first group and fall with the second.
        low, high = (
            float(statistic([_ends(strata, up == group) for group, strata in enumerate(groups)])[0])
            for up in (0, 1)
        )
        return Estimate(value, low, high, seeds)
    drawn = [_resample(strata, generator) for strata in groups]
    low, high = np.quantile(statistic(drawn), _tails(), method=method)
    return Estimate(value, float(low), float(high), seeds)


def _ends(strata: list[Array], lowest: bool) -> Array:
    """(1, all seeds of all tasks), every one at an end of its task."""
    return np.concatenate(
        [np.full((1, len(task)), task.min() if lowest else task.max()) for task in strata], axis=1
    )


def _resample(strata: list[Array], generator: np.random.Generator) -> Array:
    """(RESAMPLES, all seeds of all tasks)."""
    return np.concatenate(
        [task[generator.integers(0, len(task), size=(RESAMPLES, len(task)))] for task in strata],
        axis=1,
    )


def _tails() -> tuple[float, float]:
    return (1 - COVERAGE) / 2, (1 + COVERAGE) / 2


def _wins(x: Array, y: Array) -> Array:
    """Share of pairs, one of each, in which x is larger: (reps, n), (reps, m) -> (reps,)."""
    gaps = x[..., :, None] - y[..., None, :]
    return np.asarray(((gaps > 0) + 0.5 * (gaps == 0)).mean(axis=(-2, -1)))
