"""Preprocessing: what a network sees of a frame, in every fit."""

import numpy as np
import pytest
import torch
from open_clip.transform import image_transform

from showtell.nets.encoder import Preprocessing
from tests.nets.models import noise

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25)
SQUASH = Preprocessing(
    size=(32, 32), mean=MEAN, std=STD, interpolation="bicubic", fit="squash", antialias=True
)


def changed(**changes) -> Preprocessing:
    return SQUASH.model_copy(update=changes)


def normalised(pictures: torch.Tensor) -> torch.Tensor:
    return (pictures - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def floats(frames: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize("antialias", [True, False])
def test_squash_is_a_bicubic_resize_of_floats_that_is_not_clamped(antialias):
    frames = noise(3)
    resized = torch.nn.functional.interpolate(
        floats(frames), (32, 32), mode="bicubic", antialias=antialias
    )
    if not antialias:
        assert resized.min() < 0 or resized.max() > 1  # overshoot stays
    prepared = changed(antialias=antialias).prepare(frames, "cpu")
    torch.testing.assert_close(prepared, normalised(resized))


def test_antialias_is_a_choice_that_changes_pixels():
    frames = noise(1)
    smooth, rough = (changed(antialias=a).prepare(frames, "cpu") for a in (True, False))
    assert (smooth - rough).abs().mean() > 0.1


@pytest.mark.parametrize(("height", "width"), [(40, 60), (61, 47), (32, 32), (20, 30)])
def test_crop_is_what_open_clip_does_by_default(height, width):
    frames = noise(2, height, width)
    theirs = image_transform(32, is_train=False, mean=MEAN, std=STD, resize_mode="shortest")
    prepared = changed(fit="crop").prepare(frames, "cpu")
    torch.testing.assert_close(prepared, theirs(floats(frames)))


@pytest.mark.parametrize(("height", "width"), [(40, 80), (80, 40)])
def test_pad_keeps_the_whole_picture_between_black_bars(height, width):
    white = np.full((1, height, width, 3), 255, dtype=np.uint8)
    prepared = changed(fit="pad").prepare(white, "cpu")[0]
    black, full = normalised(torch.zeros(3, 1, 1)), normalised(torch.ones(3, 1, 1))
    if width > height:
        prepared = prepared.transpose(1, 2)
    torch.testing.assert_close(prepared[:, :, :8], black.expand(3, 32, 8))
    torch.testing.assert_close(prepared[:, :, 8:24], full.expand(3, 32, 16))
    torch.testing.assert_close(prepared[:, :, 24:], black.expand(3, 32, 8))


def test_a_frame_of_the_right_size_is_only_normalised():
    frames = noise(2, 32, 32)
    torch.testing.assert_close(SQUASH.prepare(frames, "cpu"), normalised(floats(frames)))


@pytest.mark.parametrize(
    "wrong", [noise(2)[0], noise(2).astype(np.float32), noise(2).transpose(0, 3, 1, 2)]
)
def test_what_is_not_a_batch_of_frames_is_refused(wrong):
    with pytest.raises(ValueError, match="not uint8"):
        SQUASH.prepare(wrong, "cpu")
