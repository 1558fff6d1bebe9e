import numpy as np
import pytest

from showtell.learners.scaling import FirstRolloutScale, ReturnScale


def batches(count: int = 6, offset: float = 300.0, spread: float = 4.0):
    draws = np.random.default_rng(0)
    labels = np.zeros((count, 8, 5), dtype=np.float32)
    labels[..., -1] = offset + spread * draws.standard_normal((count, 8))
    return labels


def test_returns_come_to_have_no_mean_and_spread_one():
    scale = ReturnScale()
    *_, last = [scale.scaled(labels) for labels in batches(count=400)]
    returns = np.concatenate([scale.scaled(labels).sum(axis=1) for labels in batches(count=400)])
    assert returns.mean() == pytest.approx(0, abs=0.05)
    assert returns.std() == pytest.approx(1, abs=0.05)
    assert (last[:, :-1] == 0).all()


def test_all_episodes_so_far_count():
    scale, labels = ReturnScale(), batches()
    *_, last = [scale.scaled(part) for part in labels]
    returns = labels.sum(axis=2, dtype=np.float64)
    expected = (returns[-1] - returns.mean()) / returns.std()
    np.testing.assert_allclose(last[:, -1], expected, rtol=1e-4)


def test_episodes_keep_their_order_and_steps_their_proportions():
    labels = np.array([[1, 2, 4], [3, 3, 3]], dtype=np.float32)
    scaled = ReturnScale().scaled(labels)
    assert scaled[1].sum() > scaled[0].sum()
    assert scaled[0, 1] == 2 * scaled[0, 0]


def test_a_reward_that_never_varies_pays_nothing_and_divides_by_nothing():
    assert (ReturnScale().scaled(np.zeros((4, 3), dtype=np.float32)) == 0).all()
    constant = ReturnScale().scaled(np.tile(np.float32([0, 0, 7]), (4, 1)))
    assert (constant == 0).all()


def test_what_is_restored_goes_on_exactly():
    whole, first, second = ReturnScale(), ReturnScale(), ReturnScale()
    labels = batches()
    for part in labels[:3]:
        whole.scaled(part), first.scaled(part)
    second.restore(first.state())
    for part in labels[3:]:
        assert np.array_equal(whole.scaled(part), second.scaled(part))


def test_the_first_rollout_decides_the_scale_of_all():
    scale = FirstRolloutScale()
    first = scale.scaled(np.array([[0.9, 0.7], [0.5, 0.7]], dtype=np.float32))
    assert first.max() == 0
    assert first.std() == pytest.approx(1, rel=1e-5)
    later = scale.scaled(np.array([[1.1, 0.9]], dtype=np.float32))
    np.testing.assert_allclose(later, [[0.2 / np.sqrt(0.02), 0.0]], atol=1e-5)


def test_one_scale_serves_a_reward_with_any_offset_and_size():
    labels = np.random.default_rng(1).normal(size=(6, 8, 5)).astype(np.float32)
    plain, moved = FirstRolloutScale(), FirstRolloutScale()
    for part in labels:
        np.testing.assert_allclose(moved.scaled(0.1 * part + 7), plain.scaled(part), atol=1e-4)


def test_a_constant_reward_becomes_zero():
    assert (FirstRolloutScale().scaled(np.full((4, 3), 0.9, dtype=np.float32)) == 0).all()


def test_the_restored_scale_is_that_of_the_first_rollout():
    first, second = FirstRolloutScale(), FirstRolloutScale()
    labels = batches()
    first.scaled(labels[0])
    second.restore(first.state())
    assert np.array_equal(first.scaled(labels[1]), second.scaled(labels[1]))
