"""The drawn hand: reaches, then does; seeded; at the size that is asked for."""

import numpy as np
import pytest

from showtell.demos.drawn_hand import DrawnHand, DrawnHandSettings
from showtell.media.cartoons import SCENES
from showtell.project.errors import UserError
from tests.demos.requests import request


def drawn(task: str, count: int = 2, frames: int = 8, view=(64, 64)):
    asked = request(task, frames=frames)
    asked = asked._replace(view=asked.view._replace(width=view[0], height=view[1]))
    settings = DrawnHandSettings(kind="drawn_hand", encoder="s3d", count=count)
    return DrawnHand(settings).demonstrate(asked)


def test_a_cartoon_has_no_frames_of_its_own():
    with pytest.raises(ValueError, match="set frames to a number"):
        DrawnHandSettings(kind="drawn_hand", encoder="s3d", count=1, frames="all")


@pytest.mark.parametrize("task", SCENES)
def test_a_clip_starts_without_the_hand_s_work_and_ends_with_it_done(task):
    demo = drawn(task)
    assert demo.frames.shape == (2, 8, 64, 64, 3)
    assert not demo.is_rollout
    assert demo.about["caption"].startswith("a cartoon hand")
    for clip in demo.frames.astype(int):
        steps = np.abs(np.diff(clip, axis=0)).mean(axis=(1, 2, 3))
        assert steps[:-1].min() > 0.2  # something moves all along
        assert np.abs(clip[0] - clip[-1]).mean() > 5


def test_the_same_seed_draws_the_same_clips_and_each_clip_differs():
    one, again = drawn("door-open"), drawn("door-open")
    np.testing.assert_array_equal(one.frames, again.frames)
    assert np.abs(one.frames[0].astype(int) - one.frames[1]).mean() > 1


def test_the_red_button_goes_in():
    def red(picture: np.ndarray) -> int:
        r, g, b = np.moveaxis(picture.astype(int), -1, 0)
        return int(((r > 120) & (g < 70) & (b < 70)).sum())

    clip = drawn("button-press", count=1, view=(120, 120)).frames[0]
    assert red(clip[0]) > 1.5 * red(clip[-1]) > 0


def test_edges_are_smooth_and_any_aspect_is_filled():
    clip = drawn("drawer-open", count=1, frames=2, view=(90, 50)).frames[0]
    assert clip.shape == (2, 50, 90, 3)
    colours = np.unique(clip[0].reshape(-1, 3), axis=0)
    assert len(colours) > 100  # flat colours alone would be a dozen


def test_a_task_it_does_not_know_is_named_with_the_nearest():
    with pytest.raises(UserError, match=r"does not know door-close; did you mean 'door-open'"):
        drawn("door-close")
