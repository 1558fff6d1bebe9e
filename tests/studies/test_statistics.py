"""The estimators against scipy, and what an interval may and may not say."""

import numpy as np
import pytest
import scipy.stats
from rliable import metrics as rliable

from showtell.project.seeds import generator
from showtell.studies.statistics import (
    difference,
    interquartile_mean,
    iqm,
    iqm_curve,
    mean_difference,
    probability_of_improvement,
    spearman,
    spread_name,
)

DATA = np.random.default_rng(3)


def stream(*address):
    return generator(0, "test", *address)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 11, 40])
def test_iqm_is_scipys_quarter_trimmed_mean(count):
    values = DATA.normal(size=count)
    assert interquartile_mean(values) == pytest.approx(scipy.stats.trim_mean(values, 0.25))


def test_point_estimates_are_those_of_rliable():
    x, y = DATA.normal(size=(7, 3)), DATA.normal(loc=0.3, size=(5, 3))
    tasks = "abc"
    first, second = ({task: s[:, i] for i, task in enumerate(tasks)} for s in (x, y))
    assert iqm(first, stream()).value == pytest.approx(rliable.aggregate_iqm(x))
    wins = probability_of_improvement(first, second, stream()).value
    assert wins == pytest.approx(rliable.probability_of_improvement(x, y))


def test_iqm_pools_seeds_and_tasks_even_when_a_seed_is_missing():
    scores = {"push": [0.1, 0.9, 0.4, 0.5], "pull": [0.2, 0.3, 0.8]}
    pooled = [0.1, 0.9, 0.4, 0.5, 0.2, 0.3, 0.8]
    estimate = iqm(scores, stream())
    assert estimate.value == pytest.approx(scipy.stats.trim_mean(pooled, 0.25))
    assert estimate.seeds == 3


def test_interval_is_that_of_a_direct_stratified_bootstrap():
    scores = {"a": DATA.normal(size=7), "b": DATA.normal(loc=3, size=6)}
    plain, means = np.random.default_rng(0), []
    for _ in range(3_000):
        drawn = [plain.choice(values, len(values)) for values in scores.values()]
        means.append(scipy.stats.trim_mean(np.concatenate(drawn), 0.25))
    estimate = iqm(scores, stream())
    assert [estimate.low, estimate.high] == pytest.approx(
        np.quantile(means, [0.025, 0.975]), abs=0.05
    )


def test_interval_of_one_task_is_scipys_percentile_bootstrap():
    values = DATA.normal(size=12)
    expected = scipy.stats.bootstrap(
        (values,),
        lambda x, axis: scipy.stats.trim_mean(x, 0.25, axis=axis),
        method="percentile",
        n_resamples=20_000,
        rng=1,
    ).confidence_interval
    estimate = iqm({"task": values}, stream())
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=0.05)


def test_tasks_are_strata_so_a_gap_between_tasks_does_not_widen_the_interval():
    near = [0.0, 0.01, 0.02, 0.03, 0.01, 0.02]
    far = [100 + seed for seed in near]
    estimate = iqm({"near": near, "far": far}, stream())
    assert estimate.high - estimate.low < 0.05


def test_same_address_gives_the_same_bytes_and_another_address_does_not():
    scores = {"task": DATA.normal(size=12)}
    assert iqm(scores, stream("x")) == iqm(scores, stream("x"))
    assert iqm(scores, stream("x")) != iqm(scores, stream("y"))


def test_a_single_seed_has_no_spread():
    assert iqm({"task": [0.7]}, stream()) == (0.7, None, None, 1)


def test_one_task_with_a_single_seed_takes_the_interval_from_all():
    assert iqm({"a": [0.1, 0.2, 0.3], "b": [0.5]}, stream()).low is None


def test_below_six_seeds_the_spread_is_the_range_of_the_seeds():
    assert spread_name(5) == "range over seeds" != spread_name(6)
    estimate = iqm({"task": [0.7, 0.75, 0.9, 0.71, 0.8]}, stream())
    assert (estimate.low, estimate.high) == pytest.approx((0.7, 0.9))
    gap = difference({"t": [0.8, 0.9]}, {"t": [0.1, 0.3]}, stream())
    assert (gap.low, gap.high) == pytest.approx((0.5, 0.8))
    means = mean_difference({"t": [0.8, 0.9]}, {"t": [0.1, 0.3]}, stream(), times=2)
    assert (means.value, means.low, means.high) == pytest.approx((0.45, 0.2, 0.7))


def test_the_mean_difference_of_many_seeds_has_scipys_bootstrap_interval():
    x, y = DATA.normal(loc=1, size=12), DATA.normal(size=10)
    expected = scipy.stats.bootstrap(
        (x, y),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        method="percentile",
        n_resamples=20_000,
        rng=1,
    ).confidence_interval
    estimate = mean_difference({"t": x}, {"t": y}, stream())
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=0.05)


def test_no_seed_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one seed"):
        iqm({"task": []}, stream())


def test_difference_separates_what_is_apart_and_not_what_overlaps():
    good, bad, alike = {"t": [0.9, 1.0, 0.95]}, {"t": [0.0, 0.1, 0.05]}, {"t": [0.8, 1.1, 0.9]}
    apart = difference(good, bad, stream())
    assert apart.value == pytest.approx(0.9)
    assert apart.low > 0
    close = difference(good, alike, stream())
    assert close.low < 0 < close.high


def test_probability_of_improvement_is_mann_whitneys_u_over_all_pairs():
    x, y = DATA.normal(loc=0.5, size=6), DATA.normal(size=5)
    u = scipy.stats.mannwhitneyu(x, y, alternative="greater").statistic
    estimate = probability_of_improvement({"t": x}, {"t": y}, stream())
    assert estimate.value == pytest.approx(u / 30)
    assert estimate.low <= estimate.value <= estimate.high


def test_probability_of_improvement_counts_a_tie_half_and_averages_tasks():
    estimate = probability_of_improvement(
        {"tied": [1.0, 1.0], "won": [2.0, 3.0, 4.0]},
        {"tied": [1.0, 1.0], "won": [0.0, 1.0]},
        stream(),
    )
    assert estimate.value == pytest.approx(0.75)


def test_probability_of_improvement_refuses_different_tasks():
    with pytest.raises(ValueError, match="tasks differ"):
        probability_of_improvement({"a": [1.0]}, {"b": [1.0]}, stream())


def test_curve_has_the_interval_of_each_step():
    curves = DATA.normal(size=(12, 4))
    middle, low, high = iqm_curve(curves, stream())
    assert middle == pytest.approx(scipy.stats.trim_mean(curves, 0.25, axis=0))
    for step in range(4):
        single = iqm({"t": curves[:, step]}, stream("step", step))
        assert (low[step], high[step]) == pytest.approx((single.low, single.high), abs=0.1)


def test_curve_of_one_seed_has_no_band():
    middle, low, _ = iqm_curve(np.array([[1.0, 2.0]]), stream())
    assert middle.tolist() == [1.0, 2.0]
    assert np.isnan(low).all()


def test_spearman_is_scipys_with_ties():
    x, y = [1, 2, 2, 3, 5, 8], [3, 3, 1, 9, 4, 4]
    assert spearman(x, y) == pytest.approx(scipy.stats.spearmanr(x, y).statistic)
    assert np.isnan(spearman([1, 1, 1], [1, 2, 3]))
