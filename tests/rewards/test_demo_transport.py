"""Optimal transport against the exact plan of an assignment problem."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from showtell.project.errors import UserError
from showtell.rewards.demo_transport import transport
from showtell.study.registry import build, part
from tests.rewards.demonstrations import demo_of, episodes_of, film
from tests.rewards.test_gail import walk

PUBLISHED = {
    "kind": "demo_transport",
    "demo": "one",
    "demos": 1,
    "cost": "cosine",
    "scale": 10.0,
    "regularisation": 0.002,
    "iterations": 300,
}


def moved(demo, states, **changes):
    settings = part("rewards", "demo_transport").settings.model_validate(PUBLISHED | changes)
    return build("rewards", settings, demo=demo).score(episodes_of(states))


def exact(cost):
    """The least mean cost: uniform masses are best moved whole."""
    return cost[linear_sum_assignment(cost)].mean()


@pytest.mark.parametrize("cost", ["cosine", "euclidean"])
def test_the_demonstration_itself_costs_nothing(cost):
    states = walk(0)
    scores = moved(demo_of(states), states, cost=cost)
    assert scores.shape == (1, 40)
    np.testing.assert_allclose(scores, 0, atol=5e-3)


def test_the_order_of_the_states_does_not_count():
    states = walk(0)
    backwards = np.concatenate([states[:, :1], states[:, :0:-1]], axis=1)
    assert moved(demo_of(states), backwards).sum() == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_a_small_regularisation_finds_the_exact_plan(seed):
    cost = np.random.default_rng(seed).random((3, 12, 12))
    plan = transport(cost, 0.001, 3000)
    np.testing.assert_allclose(plan.sum(axis=1), 1 / 12, rtol=1e-6)
    np.testing.assert_allclose(plan.sum(axis=2), 1 / 12, rtol=2e-2)
    found = (plan * cost).sum(axis=(1, 2))
    np.testing.assert_allclose(found, [exact(one) for one in cost], rtol=1e-2)


def test_an_episode_that_lags_is_paid_what_the_exact_plan_costs():
    states = walk(0, steps=30)
    lag = np.concatenate([np.repeat(states[:, :1], 5, axis=1), states[:, :-5]], axis=1)
    deviation = states[0].std(axis=0)
    gaps = (lag[0, 1:, None] - states[0, None, 1:]) / deviation
    cost = np.sqrt((gaps**2).mean(axis=2))
    found = moved(demo_of(states), lag, cost="euclidean", iterations=5000).sum()
    assert found == pytest.approx(-10 * exact(cost), rel=0.01)
    assert found < -0.1


def test_a_large_regularisation_spreads_the_plan_evenly():
    cost = np.random.default_rng(0).random((1, 6, 9))
    np.testing.assert_allclose(transport(cost, 1e4, 50), 1 / 54, rtol=1e-3)


def test_no_regularisation_is_too_small_for_a_float():
    cost = np.random.default_rng(0).random((2, 20, 20)) * 2
    plan = transport(cost, 1e-5, 200)
    assert np.isfinite(plan).all()
    assert plan.sum() == pytest.approx(2)


def test_episodes_are_paid_more_the_nearer_they_come_and_within_bounds():
    states = walk(0)
    noise = np.random.default_rng(1).normal(size=states.shape)
    returns = [moved(demo_of(states), states + size * noise).sum() for size in (0, 0.3, 1, 3)]
    assert returns == sorted(returns, reverse=True)
    assert -20 <= moved(demo_of(states), -states).sum() < returns[-1] <= 0


def test_of_several_demonstrations_the_nearest_counts():
    both = np.concatenate([walk(0), walk(1, drift=0.5)])
    scores = moved(demo_of(both), both, demos=2)
    np.testing.assert_allclose(scores.sum(axis=1), 0, atol=0.05)


def test_episodes_may_be_longer_than_the_demonstration():
    states = walk(0)
    twice = np.concatenate([states[:, :1], np.repeat(states[:, 1:], 2, axis=1)], axis=1)
    assert moved(demo_of(states), twice).sum() == pytest.approx(0, abs=0.02)


def test_the_wrong_demonstration_is_refused_with_what_to_do():
    with pytest.raises(UserError, match="film"):
        moved(film(), walk(0))
    with pytest.raises(UserError, match="3 numbers and one of the demo 'one' is 2"):
        moved(demo_of(walk(0, size=2)), walk(1, size=3))
