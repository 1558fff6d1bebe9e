"""RoboCLIP's reward: nothing until the last step, then a plain product; and its ablation."""

from dataclasses import replace

import numpy as np
import pytest

from showtell.goals.goal import Target
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.last_frame import LastFrameReward, LastFrameSettings
from showtell.rewards.reward import Episodes
from showtell.rewards.roboclip import RoboclipReward, RoboclipSettings
from tests.nets.models import noise as pictures
from tests.nets.models import smoke_encoder
from tests.nets.s3d_models import noise, small_encoder

VIEW = View(32, 32)


@pytest.fixture(scope="module")
def encoder():
    return small_encoder()


def reward(encoder, goal, sampling="evenly", compare="product"):
    settings = RoboclipSettings(kind="roboclip", goal="said", sampling=sampling, compare=compare)
    target = Target.of(np.asarray(goal, np.float32))
    return RoboclipReward(settings, encoder=encoder, target=target, view=VIEW, seed=0)


def episodes(frames, horizon=20):
    count = len(frames)
    return Episodes(
        observations=np.zeros((count, horizon, 2), np.float32),
        actions=np.zeros((count, horizon, 1), np.float32),
        true_rewards=np.ones((count, horizon), np.float32),
        successes=np.zeros((count, horizon), np.bool_),
        frames=frames,
    )


def test_the_last_step_alone_is_paid_the_plain_product(encoder):
    goal = 3 * encoder.text(["robot closing green drawer"])[0].numpy()
    clips = noise(4)
    scores = reward(encoder, goal).score(episodes(clips))
    assert not scores[:, :-1].any()
    np.testing.assert_allclose(scores[:, -1], encoder.video(clips).numpy() @ goal, rtol=1e-5)


def test_the_cosine_pays_likeness_alone_and_not_the_length_of_a_goal(encoder):
    clips = noise(4)
    seen = encoder.video(clips).numpy()
    paid = [
        reward(encoder, times * seen[0], compare="cosine").score(episodes(clips))
        for times in (1, 7)
    ]
    assert not paid[0][:, :-1].any()
    np.testing.assert_allclose(paid[0], paid[1], rtol=1e-5)
    assert paid[0][0, -1] == pytest.approx(1.0, abs=1e-5)
    assert (np.abs(paid[0]) <= 1 + 1e-5).all()


def test_evenly_spaced_frames_end_with_the_last(encoder):
    steps = reward(small_encoder(frames=32), np.zeros(32)).reads.steps(128)
    assert (len(steps), steps[0], steps[-1]) == (32, 0, 127)


def test_the_published_frames_miss_the_last_three(encoder):
    steps = reward(small_encoder(frames=32), np.zeros(32), "every-fourth").reads.steps(128)
    assert steps.tolist() == list(range(0, 128, 4))


def test_what_happens_in_the_last_three_steps_is_seen_only_evenly(encoder):
    """The same episode twice, but for its end."""
    film = noise(1, frames=32)[0]
    other = film.copy()
    other[-3:] = 255 - other[-3:]
    goal = encoder.text(["robot"])[0].numpy()
    paid = {}
    for sampling in ("evenly", "every-fourth"):
        one = reward(encoder, goal, sampling)
        kept = np.stack([film, other])[:, one.reads.steps(32)]
        paid[sampling] = one.score(episodes(kept, horizon=32))[:, -1]
    # A convolution may sum two rows of one batch in different orders.
    assert paid["evenly"][0] != pytest.approx(paid["evenly"][1], rel=1e-3)
    assert paid["every-fourth"][0] == pytest.approx(paid["every-fourth"][1], rel=1e-5)


def test_a_number_of_frames_that_every_fourth_does_not_make_is_refused():
    one = reward(small_encoder(frames=16), np.zeros(32), "every-fourth")
    with pytest.raises(UserError, match="makes 32 frames, not 16; set the encoder's `frames` to"):
        one.score(episodes(noise(1, frames=32), horizon=128))


def test_an_odd_number_of_frames_is_refused():
    with pytest.raises(
        ValueError, match=r"even number of frames.* not 31 frames .*nearest is 30 frames"
    ):
        small_encoder(frames=31)


def test_a_target_of_another_space_is_refused(encoder):
    with pytest.raises(UserError, match="7 dimensions and the encoder 32"):
        reward(encoder, np.zeros(7))


@pytest.mark.parametrize("frames", [None, noise(2, frames=6)])
def test_frames_that_were_not_asked_for_are_refused(encoder, frames):
    found = replace(episodes(noise(2)), frames=frames)
    with pytest.raises(ValueError, match="reads 8 frames an episode"):
        reward(encoder, np.zeros(32)).score(found)


def last_frame(encoder, goal, camera=None):
    settings = LastFrameSettings(kind="last_frame", goal="said", camera=camera)
    return LastFrameReward(settings, encoder=encoder, target=Target.of(goal), view=VIEW)


def test_the_ablation_pays_a_hundred_cosines_of_the_last_frame():
    clip = smoke_encoder()
    goal = clip.text(["pole upright on a cart"]).numpy()[0]
    one = last_frame(clip, goal)
    assert one.reads.steps(128).tolist() == [127]
    assert one.reads.view == VIEW
    assert last_frame(clip, goal, "corner2").reads.view == VIEW._replace(camera="corner2")
    frames = pictures(3, 32, 32)
    scores = one.score(episodes(frames[:, None]))
    assert not scores[:, :-1].any()
    np.testing.assert_allclose(scores[:, -1], 100 * clip.image(frames).numpy() @ goal, rtol=1e-4)
    assert np.abs(scores).max() <= 100


def test_the_ablation_refuses_an_encoder_of_clips(encoder):
    with pytest.raises(UserError, match="name a CLIP in the goal"):
        last_frame(encoder, np.zeros(32, np.float32))
