"""Goal images from files: a folder of pictures, or the end of a video."""

import numpy as np

from showtell.demos.demo import Demo
from showtell.goals.demo_pictures import DemoPicturesSettings
from showtell.goals.goal import Drawing
from showtell.rendering.scene import View
from showtell.study.registry import build
from tests.nets.models import smoke_encoder


def demo(frames):
    return Demo(frames=np.asarray(frames, dtype=np.uint8)[None], about={"file": "goal"})


def ramp(count, height=20, width=30):
    """Frame n is of the brightness 10 n."""
    levels = 10 * np.arange(count)[:, None, None, None]
    return np.broadcast_to(levels, (count, height, width, 3))


def target(frames, encoder=None, stages="all"):
    settings = DemoPicturesSettings(
        kind="demo_pictures", encoder="clip", demo="mine", number=1, stages=stages
    )
    drawing = Drawing(None, None, View(12, 8))  # the size alone is read
    return build("goals", settings).embed(encoder, None, demo(frames), drawing)


def test_every_picture_of_a_folder_is_a_goal_in_turn():
    stages = target(ramp(3)).stages
    assert [int(stage.picture.max()) for stage in stages] == [0, 10, 20]
    assert stages[0].picture.shape == (8, 12, 3)  # as large as the reward draws
    assert stages[0].embedding is None


def test_the_end_of_a_video_is_the_goal():
    (only,) = target(ramp(5), stages="last").stages
    assert only.picture.max() == 40


def test_an_encoder_embeds_the_pictures_as_they_are():
    encoder, frames = smoke_encoder(), ramp(2, 64, 64)
    stages = target(frames, encoder).stages
    wanted = encoder.image(frames.astype(np.uint8)).numpy()
    np.testing.assert_allclose([stage.embedding for stage in stages], wanted, atol=1e-6)
    assert stages[0].picture.shape == (64, 64, 3)
