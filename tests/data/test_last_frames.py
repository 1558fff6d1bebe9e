import numpy as np
import pytest

from showtell.data.last_frames import LastFrames, LastFramesSettings
from showtell.data.world_clips import WorldClips, WorldClipsSettings
from tests.data.test_world_clips import REQUEST, SETTINGS


@pytest.fixture(scope="module")
def made():
    kept = {key: SETTINGS[key] for key in ("tasks", "other_views", "held_out")}
    kept |= {"kind": "last_frames", "camera": None}
    frames = LastFrames(LastFramesSettings.model_validate(kept))
    clips = WorldClips(WorldClipsSettings.model_validate(SETTINGS))
    return [part.make(np.random.default_rng(3), REQUEST) for part in (frames, clips)]


def test_frames_are_the_ends_of_the_same_episodes(made):
    for frames, clips in zip(*made, strict=True):
        assert np.array_equal(frames.frames, clips.clips[:, -1])


def test_each_frame_may_be_told_as_its_clip_is(made):
    for frames, clips in zip(*made, strict=True):
        for row, bag in zip(frames.fits, clips.captions, strict=True):
            assert {frames.captions[n] for n in np.flatnonzero(row)} == set(bag)
            assert row.sum() == pytest.approx(1)


def test_captions_are_the_same_on_both_sides_and_all_different(made):
    seen, held_out = made[0]
    assert seen.captions == held_out.captions
    assert len(set(seen.captions)) == len(seen.captions)


def test_what_it_has_seen_is_said_beside_the_weights():
    tasks = {"drawer-close": 10, "push": 10}
    values = {"kind": "last_frames", "tasks": tasks, "other_views": 0.0, "held_out": 0.1}
    frames = LastFrames(LastFramesSettings.model_validate({**values, "camera": None}))
    assert frames.note.endswith("Its tasks: drawer-close, push.")
