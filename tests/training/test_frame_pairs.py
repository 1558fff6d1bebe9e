"""Pairs of histories and goals, and the frames between them, by hand."""

from collections import Counter

import numpy as np
import pytest
import torch

from showtell.nets.hold_r import FPS
from showtell.training.frame_pairs import AllPairs, OnePair, choose, compared, targets
from showtell.training.video_batches import Batch, before, pair
from tests.nets.test_hold_r import network

ALL = {
    "kind": "all", "frames_a_video": 3, "views": "shared", "backwards": "absolute",
    "other_videos": None,
}  # fmt: skip
TIMES = np.array([1, 4, 9])


def every(**changes):
    return AllPairs.model_validate(ALL | changes)


def test_a_history_is_repeated_from_the_first_frame():
    assert before(np.array([0, 1, 5]), 3).tolist() == [[0, 0, 0], [0, 0, 1], [3, 4, 5]]
    assert before(np.array([2]), 1).tolist() == [[2]]


def test_every_ordered_pair_of_a_video_is_as_likely():
    draws = np.random.default_rng(0)
    drawn = Counter(tuple(pair(4, 1, draws).tolist()) for _ in range(6000))
    assert set(drawn) == {(a, b) for b in range(4) for a in range(b)}
    assert all(abs(count / 1000 - 1) < 0.15 for count in drawn.values())
    *history, goal = pair(30, 3, draws).tolist()
    assert history[-1] < goal


@pytest.mark.parametrize(
    ("backwards", "expected"),
    [
        ("absolute", [[0, 3, 8], [3, 0, 5], [8, 5, 0]]),
        (20.0, [[0, 3, 8], [40, 0, 5], [40, 40, 0]]),  # at twice the rate twice as many frames
    ],
)
def test_targets_of_all_pairs(backwards, expected):
    assert targets(TIMES, every(backwards=backwards), 2.0).tolist() == expected


def test_pairs_that_go_backwards_can_be_left_out():
    found = targets(TIMES, every(backwards=None), 1.0)
    assert np.isnan(found[np.tril_indices(3, -1)]).all()
    assert found[np.triu_indices(3)].tolist() == [0, 3, 8, 0, 5, 0]


def batch(frames, times, fps=(FPS,)):
    draws = np.random.default_rng(0)
    pictures = torch.from_numpy(draws.normal(size=(len(fps), frames, 3, 24, 24))).float()
    repeated = np.zeros(np.shape(times), bool)
    times, videos = np.asarray(times), np.arange(len(fps))
    return Batch(pictures, times, repeated, videos, np.asarray(fps, np.float64))


def test_one_pair_a_video_is_compared_in_the_frames_of_its_video():
    made = batch(3, [[0, 1, 7], [4, 5, 6]], fps=(FPS, 2 * FPS))
    model = network()._model
    predicted, target = compared(model, made, OnePair(kind="one"), history=2)
    assert target.tolist() == [6, 1]
    alone = model.compare(made.pictures[:, :2], model.read_goals(made.pictures[:, 2]))
    torch.testing.assert_close(predicted, alone * torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize("views", ["shared", "independent"])
def test_all_pairs_are_those_that_the_network_compares_one_by_one(views):
    """Two frames a video with a history of two: four frames a view, of which two are goals."""
    how = every(views=views, frames_a_video=2)
    times = [choose(how, 2, 20, np.random.default_rng(seed)) for seed in (0, 1)]
    count = 4 if views == "shared" else 8
    made = batch(count, times, fps=(FPS, FPS))
    model = network()._model
    predicted, target = compared(model, made, how, history=2)
    assert predicted.shape == target.shape == (8,)
    goals = made.pictures[:, [1, 3]] if views == "shared" else made.pictures[:, [5, 7]]
    expected, between = [], []
    for video in range(2):
        for i in range(2):
            for j in range(2):
                history = made.pictures[video, 2 * i : 2 * i + 2]
                read = model.read_goals(goals[video, j][None])
                expected.append(model.compare(history[None], read)[0])
                newest = made.times[video, [1, 3]]
                between.append(abs(newest[j] - newest[i]))
    torch.testing.assert_close(predicted, torch.stack(expected), rtol=1e-4, atol=1e-4)
    assert target.tolist() == between


def test_goals_of_another_video_are_so_many_frames_away():
    how = every(frames_a_video=2, other_videos=30)
    made = batch(2, [[0, 3], [1, 2]], fps=(FPS, FPS / 2))
    model = network(history=1)._model
    predicted, target = compared(model, made, how, history=1)
    assert target.tolist() == [0, 3, 3, 0, 0, 1, 1, 0, *[30] * 4, *[15] * 4]
    # The second video's first history with the first goal of the first video.
    read = model.read_goals(made.pictures[0, :1])
    alone = model.compare(made.pictures[1, :1][None], read)[0] / 2
    torch.testing.assert_close(predicted[12], alone, rtol=1e-4, atol=1e-4)
