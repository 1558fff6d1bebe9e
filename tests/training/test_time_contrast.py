"""The losses of HOLD-C, against the definition written out in loops."""

import numpy as np
import pytest
import torch

from showtell.training.time_contrast import ranks, triplets


def by_loops(vectors, videos, times, near, far, margin):
    """Facts: every anchor i, every positive p within `near`, the semi-hard or furthest negative."""
    count, found = len(vectors), []
    squared = ((vectors[:, None] - vectors[None]) ** 2).sum(-1)
    for i in range(count):
        negatives = [
            n for n in range(count) if videos[n] != videos[i] or abs(times[n] - times[i]) > far
        ]
        for p in range(count):
            if p == i or videos[p] != videos[i] or abs(times[p] - times[i]) > near:
                continue
            harder = [n for n in negatives if squared[i, n] > squared[i, p]]
            chosen = (
                min(harder, key=lambda n: squared[i, n])
                if harder
                else max(negatives, key=lambda n: squared[i, n])
            )
            found.append(max(0.0, margin + squared[i, p] - squared[i, chosen]))
    return np.array(found)


@pytest.mark.parametrize("scale", [0.05, 1.0])
def test_triplets_are_those_of_the_definition(scale):
    draws = np.random.default_rng(0)
    videos = np.repeat([0, 1, 2], 12)
    times = np.tile(np.arange(12), 3)
    vectors = scale * draws.normal(size=(36, 4))
    found = triplets(
        torch.from_numpy(vectors),
        torch.from_numpy(videos),
        torch.from_numpy(times),
        near=2, far=4, margin=0.2,
    )  # fmt: skip
    np.testing.assert_allclose(found, by_loops(vectors, videos, times, 2, 4, 0.2), atol=1e-6)


def test_without_a_harder_negative_the_furthest_is_taken():
    """One video of six frames: of the frame at 0 only that at 5 is a negative, and it is near."""
    vectors = torch.tensor([[0.0], [3.0], [0.5], [0.5], [0.5], [0.1]])
    found = triplets(
        vectors, torch.zeros(6), torch.arange(6), near=1, far=4, margin=0.2
    )  # fmt: skip
    assert found[0] == pytest.approx(0.2 + 9 - 0.01)


def test_ranks_ask_that_the_later_of_two_earlier_frames_is_nearer():
    right = torch.tensor([[[3.0], [2.0], [0.0]]])  # of the goal 0: 4 < 9
    wrong = torch.tensor([[[2.0], [3.0], [0.0]]])
    softness = 0.25
    assert ranks(right, softness=softness) == pytest.approx(
        softness * np.log1p(np.exp(-5 / softness)), abs=1e-6
    )
    assert ranks(wrong, softness=softness) == pytest.approx(5.0, abs=1e-3)


def test_ranks_are_the_mean_over_all_triples():
    draws = np.random.default_rng(1)
    vectors = draws.normal(size=(2, 5, 3))
    values = []
    for video in vectors:
        for goal in range(5):
            for later in range(goal):
                for earlier in range(later):
                    gap = ((video[later] - video[goal]) ** 2).sum()
                    gap -= ((video[earlier] - video[goal]) ** 2).sum()
                    values.append(0.5 * np.logaddexp(0, gap / 0.5))
    found = ranks(torch.from_numpy(vectors), softness=0.5)
    assert found.item() == pytest.approx(np.mean(values))
