"""Goals that were shown: clips become one target, perhaps changed in words."""

import numpy as np
import pytest

from showtell.demos.demo import Demo
from showtell.goals.edited import EditedSettings
from showtell.goals.goal import Target
from showtell.goals.text import TextSettings
from showtell.goals.video import VideoSettings
from showtell.project.errors import UserError
from showtell.study.registry import build
from tests.nets.models import smoke_encoder
from tests.nets.s3d_models import noise, small_encoder

VIDEO = {"kind": "video", "encoder": "s3d", "demo": "scripted", "demos": 1, "combine": "sum"}
EDITED = {"kind": "edited", "encoder": "s3d", "demo": "drawn", "minus": "red button",
          "plus": "green drawer"}  # fmt: skip


@pytest.fixture(scope="module")
def encoder():
    return small_encoder()


@pytest.fixture
def demo() -> Demo:
    return Demo(frames=noise(3), about={"made_by": "noise"})


def shown(encoder, demo, **changes) -> Target:
    return build("goals", VideoSettings.model_validate(VIDEO | changes)).embed(encoder, None, demo)


def test_one_video_is_its_own_embedding_at_its_own_length(encoder, demo):
    target = shown(encoder, demo)
    np.testing.assert_allclose(target.goal, encoder.video(demo.frames[:1])[0], rtol=1e-6)
    assert abs(np.linalg.norm(target.goal) - 1) > 0.01
    assert target.baseline is None
    assert target.source == {"demos": 1, "about": {"made_by": "noise"}}


def test_several_videos_are_summed_as_published_or_averaged(encoder, demo):
    each = encoder.video(demo.frames).numpy()
    for combine, together in (("sum", each.sum(0)), ("mean", each.mean(0))):
        target = shown(encoder, demo, demos=3, combine=combine)
        np.testing.assert_allclose(target.goal, together, rtol=1e-5, atol=1e-6)
        assert target.goal.dtype == np.float32


def test_a_video_of_any_length_and_size_is_a_goal(encoder):
    odd = Demo(frames=noise(1, frames=13, height=50, width=41), about={})
    assert shown(encoder, odd).goal.shape == (encoder.dimensions,)


def test_more_demos_than_there_are_is_refused(encoder, demo):
    with pytest.raises(UserError, match=r"'scripted' shows the task 3 times.*asks for 4"):
        shown(encoder, demo, demos=4)


@pytest.mark.parametrize("settings", [VideoSettings(**VIDEO), EditedSettings(**EDITED)])
def test_a_goal_without_its_demo_is_refused(encoder, settings):
    with pytest.raises(UserError, match=rf"made from the demo '{settings.demo}'.*--in demo"):
        build("goals", settings).embed(encoder, {"goal": "robot"}, None)


def test_an_edited_video_has_one_sentence_taken_out_and_another_put_in(encoder, demo, tmp_path):
    target = build("goals", EditedSettings(**EDITED)).embed(encoder, None, demo)
    video = encoder.video(demo.frames[:1])[0].numpy()
    minus, plus = encoder.text(["red button", "green drawer"]).numpy()
    np.testing.assert_allclose(target.goal, video - minus + plus, atol=1e-6)
    target.save(tmp_path / "t")
    read = Target.load(tmp_path / "t")
    assert np.array_equal(read.goal, target.goal)
    assert (read.source["minus"], read.source["plus"]) == ("red button", "green drawer")


def test_an_edit_with_the_same_words_leaves_the_video(encoder, demo):
    same = EditedSettings(**EDITED | {"plus": "button red"})  # S3D reads bags of words
    target = build("goals", same).embed(encoder, None, demo)
    np.testing.assert_allclose(target.goal, shown(encoder, demo).goal, atol=1e-6)


def test_vectors_of_length_one_are_not_edited(demo):
    with pytest.raises(UserError, match="name a video encoder"):
        build("goals", EditedSettings(**EDITED)).embed(smoke_encoder(), None, demo)


def test_a_sentence_keeps_the_length_its_encoder_gives_it(encoder):
    goal = build("goals", TextSettings(kind="text", encoder="s3d", sentence="goal"))
    said = encoder.text(["robot closing green drawer", "red button"]).numpy()
    one = goal.embed(encoder, {"goal": "robot closing green drawer"})
    two = goal.embed(encoder, {"goal": ["robot closing green drawer", "red button"]})
    np.testing.assert_allclose(one.goal, said[0], atol=1e-6)
    np.testing.assert_allclose(two.goal, said.mean(0), atol=1e-6)
