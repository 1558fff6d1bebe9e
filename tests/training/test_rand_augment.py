"""RandAugment's operations on pixels made by hand."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageOps

from showtell.training.rand_augment import OPERATIONS, RandAugment, rand_augment

PUBLISHED = 2.0  # magnitude 20 of 10


def grey(*values: int) -> np.ndarray:
    """One frame, one row of grey pixels."""
    return np.repeat(np.array(values, np.uint8)[None, None, :, None], 3, -1)


def after(name: str, frames: np.ndarray, strength: float = PUBLISHED) -> np.ndarray:
    return OPERATIONS[name](frames, strength, np.random.default_rng(0))


def noise(count: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "strength", "before", "expected"),
    [
        ("identity", 2.0, (0, 100), (0, 100)),
        ("invert", 2.0, (0, 100, 255), (255, 155, 0)),
        ("posterize", 1.0, (0x5F, 0xF1), (0x50, 0xF0)),
        ("posterize", 2.0, (0x5F, 0xF1), (0x5F, 0xF1)),  # the published magnitude: nothing
        ("solarize", 0.5, (127, 128, 255), (127, 127, 0)),
        ("solarize", 2.0, (127, 128, 255), (127, 128, 255)),
        ("solarize_add", 2.0, (0, 100, 127, 128), (220, 255, 255, 128)),
        ("brightness", 2.0, (10, 50, 100), (37, 185, 255)),  # by 3.7
        ("brightness", 0.0, (10, 50, 100), (1, 5, 10)),
        ("contrast", 2.0, (90, 110), (63, 137)),  # 100 + 3.7 (x - 100)
        ("auto_contrast", 2.0, (50, 100, 150), (0, 127, 255)),
        ("auto_contrast", 2.0, (70, 70), (70, 70)),
        ("colour", 2.0, (50, 100), (50, 100)),  # grey has no colour to strengthen
    ],
)
def test_values_of_pixels(name, strength, before, expected):
    found = after(name, grey(*before), strength)[0, 0, :, 0]
    assert np.abs(found.astype(int) - expected).max() <= (
        1 if name in ("contrast", "colour") else 0
    )


def test_colour_moves_away_from_the_grey_of_a_pixel():
    red = np.array([[[[200, 0, 0]]]], np.uint8)
    shade = 0.2989 * 200
    assert after("colour", red)[0, 0, 0].tolist() == [255, 0, 0]
    weak = after("colour", red, 0.0)[0, 0, 0]  # factor 0.1
    np.testing.assert_allclose(
        weak, [shade + 0.1 * (200 - shade), 0.9 * shade, 0.9 * shade], atol=1
    )


def test_equalize_is_pillows():
    frames = (noise(2) // 3).astype(np.uint8)
    expected = [np.asarray(ImageOps.equalize(Image.fromarray(frame))) for frame in frames]
    np.testing.assert_array_equal(after("equalize", frames), expected)
    flat = np.full((1, 4, 4, 3), 9, np.uint8)
    np.testing.assert_array_equal(after("equalize", flat), flat)


def test_sharpness_moves_away_from_the_mean_of_nine_pixels():
    frames = np.full((1, 5, 5, 3), 100, np.uint8)
    frames[0, 2, 2] = 139
    found = after("sharpness", frames)[..., 0][0]
    smooth = (8 * 100 + 5 * 139) // 13
    assert found[2, 2] == int(smooth + 3.7 * (139 - smooth))
    assert found[1, 1] == int(103 + 3.7 * (100 - 103))  # its nine hold the bright pixel once
    assert (found[0] == 100).all()  # an edge stays


def test_cutout_is_one_grey_square_at_one_place():
    frames = np.zeros((3, 64, 64, 3), np.uint8)
    found = OPERATIONS["cutout"](frames, PUBLISHED, np.random.default_rng(1))
    assert set(np.unique(found)) == {0, 128}
    assert (found == found[:1]).all()
    rows = np.flatnonzero(found[0, :, :, 0].any(1))
    columns = np.flatnonzero(found[0, :, :, 0].any(0))
    assert (found[0, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] == 128).all()
    assert max(len(rows), len(columns)) <= 40  # 160 of the published 256 pixels
    assert not frames.any()  # what was given is not changed


def test_every_operation_is_drawn_as_often_and_shared_by_all_frames():
    still = np.repeat(noise(1), 4, axis=0)
    drawn: Counter[bytes] = Counter()
    draws = np.random.default_rng(0)
    for _ in range(600):
        found = rand_augment(still, RandAugment(layers=1, magnitude=20), draws)
        assert found.dtype == np.uint8
        assert found.shape == still.shape
        assert (found == found[:1]).all()
        drawn[found.tobytes()] += 1
    # Identity, posterize and solarize leave the frames as they are: three of twelve.
    assert drawn[still.tobytes()] / 600 == pytest.approx(3 / 12, abs=0.06)


def test_the_same_draws_give_the_same_pixels():
    how = RandAugment(layers=2, magnitude=20)
    one, other = (rand_augment(noise(), how, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
