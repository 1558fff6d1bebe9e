"""What is changed of frames at random: ours frame by frame, the published alike for all."""

import numpy as np
import pytest
import torch

from showtell.training.video_batches import LightAugmentation, ScaleAugmentation, augmented
from tests.training.test_hold_c import STILL

SCALE = {
    "kind": "scale", "enlarged": 1.125, "scales": (0.9, 1.33), "flip": True,
    "rand_augment": {"layers": 2, "magnitude": 20},
}  # fmt: skip
LIGHT = STILL | {
    "smallest_crop": 0.5, "flip": True, "colour": 0.3, "frame_light": 0.2, "frame_shift": 2,
}  # fmt: skip


def scale(**changes):
    return ScaleAugmentation.model_validate(SCALE | changes)


def made(frames, how, seed=0, views=1):
    return augmented(frames, how, 16, np.random.default_rng(seed), views)


def scene(count=3, height=24, width=32):
    """The same picture in all frames: dark on the left, bright on the right."""
    row = np.linspace(20, 235, width).astype(np.uint8)
    return np.broadcast_to(row[None, None, :, None], (count, height, width, 3)).copy()


def is_turned(pictures):
    return bool(pictures[0, 0, 8, 0] > pictures[0, 0, 8, -1])


def test_frames_are_cut_turned_and_lit():
    found = made(np.full((3, 24, 32, 3), 128, np.uint8), LightAugmentation.model_validate(LIGHT))
    assert found.shape == (3, 3, 16, 16)
    assert found.abs().max() <= 1
    means = found.mean((2, 3))  # of each frame and channel: another light, another colour
    assert len({round(float(value), 4) for value in means.flatten()}) > 3
    frames = np.full((3, 24, 32, 3), 128, np.uint8)
    still = made(frames, LightAugmentation.model_validate(STILL))
    torch.testing.assert_close(still, torch.full_like(still, 128 / 127.5 - 1), atol=1e-4, rtol=0)


def test_the_published_changes_are_shared_by_all_frames():
    for seed in range(20):
        found = made(scene(), scale(), seed)
        assert found.shape == (3, 3, 16, 16)
        assert found.abs().max() <= 1
        assert (found == found[:1]).all()


def test_height_and_width_are_scaled_apart():
    """Without colours: the slope along a row is that of the scale, which differs from the rows'."""
    how = scale(rand_augment=None, flip=False)
    slopes, tops = set(), set()
    for seed in range(10):
        found = made(scene(), how, seed)
        slopes.add(round(float(found[0, 0, 8, -1] - found[0, 0, 8, 0]), 2))
        tops.add(round(float(found[0, 0, 8, 0]), 2))
    assert len(slopes) > 5  # of different widths
    assert len(tops) > 5  # cut at different places
    exact = made(scene(1, 16, 16), scale(
        rand_augment=None, flip=False, enlarged=1, scales=(1, 1)
    ))  # fmt: skip
    raw = torch.from_numpy(scene(1, 16, 16)).permute(0, 3, 1, 2) / 127.5 - 1
    torch.testing.assert_close(exact, raw, atol=1e-5, rtol=0)


@pytest.mark.parametrize("how", [scale(rand_augment=None), LightAugmentation.model_validate(LIGHT)])
def test_two_views_differ_but_are_turned_together(how):
    turned = []
    for seed in range(20):
        one, other = made(scene(), how, seed, views=2).chunk(2)
        assert not torch.equal(one, other)
        assert is_turned(one) == is_turned(other)
        turned.append(is_turned(one))
    assert 3 < sum(turned) < 17
