"""Distances between frames and goals, against plain formulas."""

import numpy as np
import pytest

from showtell.nets.distance import (
    Distance,
    OfEncoder,
    OfPixels,
    Stage,
    central_square,
    histories_of,
)
from showtell.project.errors import UserError
from tests.nets.models import noise, smoke_encoder


@pytest.fixture(scope="module")
def encoder():
    return smoke_encoder()


def test_l2_and_cosine_are_those_of_the_embeddings_of_the_newest_frame(encoder):
    frames = noise(6).reshape(3, 2, 40, 60, 3)
    goal = 2 * encoder.image(noise(1, seed=3))[0].numpy()
    seen = encoder.image(frames[:, 1]).numpy()
    found = {m: OfEncoder(encoder, m).between(frames, Stage(goal)) for m in ("l2", "cosine")}
    np.testing.assert_allclose(found["l2"], [np.linalg.norm(s - goal) for s in seen], rtol=1e-5)
    unit = goal / np.linalg.norm(goal)
    np.testing.assert_allclose(found["cosine"], 1 - seen @ unit, atol=1e-6)
    assert all(values.dtype == np.float32 for values in found.values())
    assert isinstance(OfEncoder(encoder, "l2"), Distance)


def test_a_frame_is_at_distance_zero_of_its_own_embedding(encoder):
    frame = noise(1)
    stage = Stage(encoder.image(frame)[0].numpy())
    for metric in ("l2", "cosine"):
        assert OfEncoder(encoder, metric).between(frame[None], stage)[0] == pytest.approx(
            0, abs=1e-5
        )


def test_pixels_are_compared_on_the_scale_from_0_to_1():
    black, white = np.zeros((1, 1, 4, 6, 3), np.uint8), np.full((4, 6, 3), 255, np.uint8)
    for square, pixels in ((False, 24), (True, 16)):
        found = OfPixels(square=square).between(black, Stage(picture=white))
        assert found[0] == pytest.approx(np.sqrt(3 * pixels))
        assert OfPixels(square=square).between(black, Stage(picture=black[0, 0]))[0] == 0


def test_the_central_square_leaves_both_ends_of_the_longer_side():
    wide = np.arange(8, dtype=np.uint8)[None, None, :, None].repeat(4, 1).repeat(3, 3)
    assert central_square(wide)[0, 0, :, 0].tolist() == [2, 3, 4, 5]
    assert central_square(wide.swapaxes(1, 2))[0, :, 0, 0].tolist() == [2, 3, 4, 5]


def test_a_history_repeats_the_first_frame_where_fewer_exist():
    frames = np.arange(4, dtype=np.uint8)[None, :, None, None, None] * np.ones(
        (1, 1, 1, 1, 3), np.uint8
    )
    found = histories_of(frames, 3)[0, :, :, 0, 0, 0]
    assert found.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2], [1, 2, 3]]


def test_a_goal_in_another_form_is_refused_with_the_setting_that_mends_it(encoder):
    frames = noise(1)[None]
    with pytest.raises(UserError, match="set `encoder` of the goal"):
        OfEncoder(encoder, "l2").between(frames, Stage(picture=frames[0, 0]))
    for goal in (Stage(embedding=np.ones(3, np.float32)), Stage(picture=frames[0, 0, :9])):
        with pytest.raises(UserError, match="kind 'rendered'"):
            OfPixels(square=False).between(frames, goal)
