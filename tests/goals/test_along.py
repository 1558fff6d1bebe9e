"""A demonstration that is followed in time: one stage a frame, each with its own embedding."""

import numpy as np
import pytest

from showtell.demos.demo import Demo
from showtell.goals.along import DemoFramesSettings
from showtell.goals.goal import Target
from showtell.project.errors import UserError
from showtell.study.registry import build
from tests.nets.models import noise, smoke_encoder
from tests.nets.s3d_models import small_encoder

SETTINGS = {"kind": "demo_frames", "encoder": "clip", "demo": "scripted", "number": 2}


@pytest.fixture
def demo() -> Demo:
    frames = noise(15, 20, 30).reshape(3, 5, 20, 30, 3)
    return Demo(frames=frames, about={"made_by": "noise"})


def goal(**changes):
    return build("goals", DemoFramesSettings.model_validate(SETTINGS | changes))


def test_every_frame_of_one_demonstration_is_a_stage(demo, tmp_path):
    encoder = smoke_encoder()
    target = goal().embed(encoder, None, demo)
    assert len(target.stages) == 5
    expected = encoder.image(demo.frames[1]).numpy()
    np.testing.assert_allclose([s.embedding for s in target.stages], expected, atol=1e-6)
    target.save(tmp_path / "target.safetensors")
    read = Target.load(tmp_path / "target.safetensors")
    np.testing.assert_array_equal(
        [s.embedding for s in read.stages], [s.embedding for s in target.stages]
    )
    assert read.source == {"demonstration": 2, "about": {"made_by": "noise"}}


def test_a_demonstration_that_is_not_there_is_refused(demo):
    with pytest.raises(UserError, match=r"'scripted' shows the task 3 times.*asks for 4"):
        goal(number=4).embed(smoke_encoder(), None, demo)


def test_an_encoder_of_clips_is_refused(demo):
    with pytest.raises(UserError, match="S3D"):
        goal().embed(small_encoder(), None, demo)
