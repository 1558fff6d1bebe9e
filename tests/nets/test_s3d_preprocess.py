"""What is made of a clip before a network sees it."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from showtell.nets.modules.s3dg import space_to_depth
from showtell.nets.s3d_preprocess import ClipPreprocessing
from showtell.project.errors import UserError
from tests.nets.s3d_models import noise

PAPER = {"frames": 32, "size": (250, 250), "sampling": "evenly", "values": "0-1", "fit": "crop"}


def preprocessing(**changes) -> ClipPreprocessing:
    return ClipPreprocessing.model_validate(PAPER | changes)


def test_frames_are_evenly_spaced_and_the_last_is_one_of_them():
    picked = preprocessing().picked(128)
    assert len(picked) == 32
    assert (picked[0], picked[-1]) == (0, 127)
    assert set(np.diff(picked)) == {4, 5}


@pytest.mark.parametrize("length", [1, 2, 16, 26, 31, 33, 500])
def test_a_demonstration_may_have_any_length(length):
    picked = preprocessing().picked(length)
    assert len(picked) == 32
    assert (picked[0], picked[-1]) == (0, length - 1)
    assert (np.diff(picked) >= 0).all()


def test_as_published_every_fourth_frame_is_read_and_the_end_is_missed():
    published = preprocessing(sampling="every-fourth")
    assert published.picked(128).tolist() == list(range(0, 128, 4))
    assert published.picked(16).tolist() == list(range(16))  # its shorter demonstrations, whole
    assert published.picked(26).tolist() == list(range(26))


@pytest.mark.parametrize("sampling", ["evenly", "every-fourth"])
def test_frames_that_were_picked_already_stay_as_they_are(sampling):
    assert preprocessing(sampling=sampling).picked(32).tolist() == list(range(32))


def test_values_are_0_to_1_or_as_published_0_to_255():
    clips = noise(2, 8, 16, 16)
    small = {"frames": 8, "size": (16, 16)}
    right = preprocessing(**small).prepare(clips)
    published = preprocessing(**small, values="0-255").prepare(clips)
    assert right.dtype == published.dtype == torch.float32
    assert right.shape == (2, 3, 8, 16, 16)
    expected = torch.from_numpy(clips).permute(0, 4, 1, 2, 3)
    assert torch.equal(published, expected.float())
    assert torch.equal(right, expected / 255)
    assert (right.min(), right.max()) == (0, 1)


def test_the_picked_frames_are_the_ones_that_are_read():
    clips = np.empty((1, 20, 4, 4, 3), np.uint8)
    clips[:] = np.arange(20)[:, None, None, None]
    seen = preprocessing(frames=4, size=(4, 4), values="0-255").prepare(clips)
    assert seen[0, 0, :, 0, 0].tolist() == [0, 6, 13, 19]


def test_clips_are_not_changed():
    clips = noise(1, 8, 16, 16)
    before = clips.copy()
    preprocessing(frames=8, size=(16, 16)).prepare(clips)
    assert np.array_equal(clips, before)


def test_a_wide_clip_loses_its_sides_or_is_squashed():
    clips = np.zeros((1, 2, 8, 20, 3), np.uint8)
    clips[:, :, :, 6:14] = 255  # white in the middle, where a window of 8x8 is cut out
    small = {"frames": 2, "size": (4, 4)}
    assert (preprocessing(**small).prepare(clips) == 1).all()
    squashed = preprocessing(**small, fit="squash").prepare(clips)
    assert squashed[0, 0, 0, 0, 0] < 0.1
    assert squashed.mean() == pytest.approx(8 / 20, abs=0.02)


def test_a_larger_clip_of_the_right_shape_is_averaged_not_thinned_out():
    clips = np.zeros((1, 2, 16, 16, 3), np.uint8)
    clips[..., ::2, :] = 200  # stripes one pixel wide
    seen = preprocessing(frames=2, size=(4, 4), values="0-255").prepare(clips)
    assert (seen - 100).abs().max() < 20


@pytest.mark.parametrize("changes", [{"frames": 31}, {"size": (225, 224)}, {"size": (224, 225)}])
def test_odd_parameters_are_refused_before_anything_runs(changes):
    with pytest.raises(ValidationError, match="even number of frames, rows and columns"):
        preprocessing(**changes)


def test_an_odd_demonstration_read_whole_is_refused_with_the_cure():
    published = preprocessing(size=(16, 16), sampling="every-fourth")
    with pytest.raises(UserError, match=r"not 27 frames of 16x16.*nearest is 26 frames"):
        published.prepare(noise(1, 27, 16, 16))
    preprocessing(size=(16, 16)).prepare(noise(1, 27, 16, 16))  # evenly: any length will do


@pytest.mark.parametrize(
    "clips",
    [
        noise(1)[0],
        noise(1).astype(np.float32),
        noise(1)[..., :1],
        noise(0),
        noise(1).transpose(0, 4, 1, 2, 3),
    ],
)
def test_what_is_no_batch_of_clips_is_refused(clips):
    with pytest.raises(ValueError, match="not uint8"):
        preprocessing().prepare(clips)


def test_the_input_lies_in_memory_as_convolutions_like_it():
    seen = preprocessing(frames=8, size=(16, 16)).prepare(noise(2, 8, 16, 16))
    assert seen.is_contiguous(memory_format=torch.channels_last_3d)
    assert torch.equal(space_to_depth(seen), space_to_depth(seen.contiguous()))
