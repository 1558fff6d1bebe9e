"""Exact tests over seeds: held to scipy's, and to how often they are wrong."""

import numpy as np
import pytest
import scipy.stats

from showtell.studies.permutation import p_above, p_below, p_most, permuted, welch

DATA = np.random.default_rng(5)


def stream():
    return np.random.default_rng(0)


def by_scipy(x, y, alternative):
    return scipy.stats.permutation_test(
        (x, y),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        vectorized=True,
        n_resamples=np.inf,
        alternative=alternative,
    ).pvalue


@pytest.mark.parametrize("margin", [0.0, 0.3, -0.2])
def test_one_task_is_scipys_permutation_test_of_the_shifted_scores(margin):
    x, y = DATA.normal(loc=0.5, size=5), DATA.normal(size=6)
    exact = permuted({"t": x}, {"t": y}, margin, stream())
    assert exact == pytest.approx(by_scipy(x - margin, y, "greater"))
    student = scipy.stats.ttest_ind(x - margin, y, equal_var=False, alternative="greater").pvalue
    assert welch({"t": x}, {"t": y}, margin) == pytest.approx(student)
    assert p_above({"t": x}, {"t": y}, margin, stream()) == max(
        exact, welch({"t": x}, {"t": y}, margin)
    )
    other = scipy.stats.ttest_ind(x - margin, y, equal_var=False, alternative="less").pvalue
    below = p_below({"t": x}, {"t": y}, margin, stream())
    assert below == pytest.approx(max(by_scipy(x - margin, y, "less"), other))


def test_five_against_five_apart_is_one_of_252():
    apart = {"t": [0.9, 0.92, 0.95, 0.97, 1.0]}, {"t": [0.0, 0.1, 0.2, 0.3, 0.4]}
    assert p_above(*apart, 0.0, stream()) == pytest.approx(1 / 252)
    assert p_below(*apart, 0.0, stream()) == 1.0


def test_equal_scores_are_no_evidence_in_either_direction():
    same = {"t": [0.5] * 5}
    assert p_above(same, same, 0.0, stream()) == p_below(same, same, 0.0, stream()) == 1.0


def test_scores_change_places_within_their_task_only():
    # The gap between the tasks is huge, that between the methods small and the same in both.
    one = {"near": [0.1, 0.2, 0.3, 0.4, 0.5], "far": [100.1, 100.2, 100.3, 100.4, 100.5]}
    other = {task: [score - 0.6 for score in seeds] for task, seeds in one.items()}
    assert permuted(one, other, 0.0, stream()) == pytest.approx(1 / 252**2)


def test_many_tasks_are_drawn_and_agree_with_the_exact_answer_within_chance():
    one = {f"t{k}": DATA.normal(loc=0.3, size=5) for k in range(2)}
    other = {f"t{k}": DATA.normal(size=5) for k in range(2)}
    exact = permuted(one, other, 0.0, stream())
    # A third task without any difference has the same distribution around zero, drawn this time.
    same = dict.fromkeys(range(5), 0.0)
    more = one | {"t2": list(same.values())}, other | {"t2": list(same.values())}
    assert permuted(*more, 0.0, stream()) == pytest.approx(exact, abs=0.01)
    assert permuted(*more, 0.0, stream()) == permuted(*more, 0.0, stream())


def test_the_sign_test_is_a_binomial():
    for does in ([True] * 5, [True, True, False, True], [False] * 6):
        expected = scipy.stats.binomtest(sum(does), len(does), 0.5, "greater").pvalue
        assert p_most(does) == pytest.approx(expected)


def test_seeds_that_learn_or_do_not_show_no_equivalence_by_their_shift():
    """One of five against three of five: the shift alone would break every tie the same way."""
    one, other = {"t": [0.97] + [0.03] * 4}, {"t": [0.97] * 3 + [0.03] * 2}
    assert permuted(other, one, -0.1, stream()) < 0.05
    assert p_below(one, other, 0.1, stream()) > 0.05


def test_scores_without_spread_are_decided_by_their_difference():
    assert welch({"t": [0.5] * 5}, {"t": [0.3] * 5}, 0.1) == 0.0
    assert welch({"t": [0.5] * 5}, {"t": [0.3] * 5}, 0.2) == 1.0
    assert welch({"t": [0.5]}, {"t": [0.3]}, 0.0) == 1.0
