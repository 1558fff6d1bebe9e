"""HOLD's reward by hand: frames of one grey level, whose distance in pixels is known."""

import numpy as np
import pytest

from showtell.goals.goal import Target
from showtell.nets.distance import Stage
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.distance import DistanceReward, DistanceRewardSettings
from showtell.rewards.reward import Episodes, Staged
from tests.nets.models import smoke_encoder

VIEW = View(1, 1)
PUBLISHED = {
    "kind": "distance", "goal": "image", "distance": "network", "baseline": "zero",
    "form": "cumulative", "gamma": 0.9, "divisor": 10.0, "normalise": "fixed", "threshold": 1.0,
    "threshold_of": "fixed",
    "patience": 3, "stage_offset": 2.0,
}  # fmt: skip


class Levels:
    """|level of the newest frame − level of the goal| + what the history has changed."""

    def __init__(self, history=1, own=0.0):
        self.history, self.own = history, own

    def between(self, histories, goal):
        assert histories.shape[1] == self.history
        level = histories[..., 0, 0, 0].astype(np.float32)
        away = np.abs(level[:, -1] - float(goal.picture[0, 0, 0]))
        return away + (level[:, -1] - level[:, 0]) / 100 + self.own


def picture(level):
    return np.full((1, 1, 3), level, dtype=np.uint8)


def films(*levels):
    return np.array(levels, dtype=np.uint8)[:, :, None, None, None].repeat(3, axis=4)


def episodes(*levels, starts=None, stages=None):
    frames = films(*levels)
    zeros = np.zeros(frames.shape[:2], dtype=np.float32)
    return Episodes(
        observations=zeros[..., None],
        actions=zeros,
        true_rewards=zeros,
        successes=zeros.astype(bool),
        frames=frames,
        starts=None if starts is None else zeros[:, :1],
        start_frames=None if starts is None else films(*[[s] for s in starts])[:, 0],
        stages=None if stages is None else np.array(stages),
    )


def reward(goals=(0,), encoder=None, **changes):
    return DistanceReward(
        DistanceRewardSettings.model_validate(PUBLISHED | changes),
        target=Target(tuple(Stage(picture=picture(level)) for level in goals), None, {}),
        encoder=encoder or Levels(),
        view=VIEW,
    )


def test_it_is_minus_the_distance_over_t():
    found = reward().score(episodes([20, 5, 0], [0, 0, 30]))
    np.testing.assert_allclose(found, [[-2, -0.5, 0], [0, 0, -3]])


def test_the_distance_of_the_goal_to_itself_is_subtracted_and_never_gives_a_positive_reward():
    encoder = Levels(history=2, own=4.0)
    one = reward(encoder=encoder, baseline="goal")
    np.testing.assert_allclose(
        one.score(episodes([20, 0], starts=[20])), [[-2, 0]], atol=1e-6
    )  # 0 after 20: below d(g, g), and clipped
    np.testing.assert_allclose(
        reward(encoder=encoder).score(episodes([20], starts=[20])), [[-2.4]], rtol=1e-6
    )


def test_differences_are_of_consecutive_steps_from_the_start_on():
    one = reward(form="difference")
    assert one.reads.start
    np.testing.assert_allclose(one.score(episodes([20, 5], starts=[30])), [[1, 1.5]])


def test_a_potential_is_discounted_and_its_discounted_sum_depends_on_both_ends_alone():
    levels, gamma = [70, 10, 40, 20], 0.9
    found = reward(form="potential").score(episodes(levels, starts=[30]))[0]
    discounted = sum(gamma**t * value for t, value in enumerate(found))
    assert discounted == pytest.approx(3.0 - gamma**4 * 2.0, rel=1e-5)


def test_a_distance_can_be_scaled_by_that_of_the_start():
    one = reward(normalise="start", divisor=3)
    found = one.score(episodes([15, 30], [4, 8], starts=[30, 8]))
    np.testing.assert_allclose(found, [[-1 / 6, -1 / 3], [-1 / 6, -1 / 3]], rtol=1e-6)


def test_the_history_begins_with_the_start_and_repeats_the_first_frame():
    one = reward(encoder=Levels(history=3))
    assert one.reads.start
    found = one.score(episodes([60, 70, 80], starts=[50]))
    # Levels of histories: 50 50 60 · 50 60 70 · 60 70 80.
    np.testing.assert_allclose(found, [[-6.01, -7.02, -8.02]], rtol=1e-6)


LEVELS = [5, 0, 0, 9, 0, 0, 0, 90, 100, 100, 100, 0]


def test_the_next_stage_begins_after_three_consecutive_steps_below_the_threshold():
    found = reward(goals=(0, 100)).score(episodes(LEVELS))[0]
    first = -(np.array(LEVELS[:7]) + 2) / 10  # (K − k) · c = 2 in stage 1 of 2
    then = -np.abs(np.array(LEVELS[7:]) - 100) / 10  # and never back, when it is at 0 again
    np.testing.assert_allclose(found, [*first, *then], rtol=1e-6)


@pytest.mark.parametrize("history", [1, 3])
def test_stages_online_are_those_that_the_score_finds(history):
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 3, size=(4, 30))  # three in a row near 0, then near 1, then near 2
    starts = [0, 1, 2, 0]
    goals = (0, 1, 2)
    one = reward(goals, Levels(history), threshold=0.7, patience=2)
    assert isinstance(one, Staged)
    one.begin(4)
    stages = [one.advance(films(*[[s] for s in starts])[:, 0], np.ones(4, bool))]
    for step in range(30):
        stages.append(one.advance(films(*levels[:, step : step + 1])[:, 0], np.zeros(4, bool)))
    assert set(np.unique(stages)) == {0, 1, 2}
    acted = np.array(stages[:-1]).T  # the stage before each action
    whole = episodes(*levels, starts=starts)
    known = episodes(*levels, starts=starts, stages=acted)
    np.testing.assert_array_equal(one.score(known), one.score(whole))


@pytest.mark.parametrize("start", [8, 80])
def test_a_threshold_can_be_a_share_of_the_distance_at_the_start(start):
    goals, near = (0, 100), start // 4 - 1
    one = reward(goals, threshold=0.25, threshold_of="start", patience=2)
    assert one.reads.start
    levels = [near + 2, near, near, 100]  # the first of them is not near enough
    found = one.score(episodes(levels, starts=[start]))[0]
    then = [-(level + 2) / 10 for level in levels[:3]]
    np.testing.assert_allclose(found, [*then, 0.0], rtol=1e-6)
    one.begin(1)
    met = [one.advance(films([start])[:, 0], np.ones(1, bool)).item()]
    met += [one.advance(films([level])[:, 0], np.zeros(1, bool)).item() for level in levels]
    assert met == [0, 0, 0, 1, 1]


def test_a_reset_of_one_environment_leaves_the_others_in_their_stage():
    one = reward(goals=(0, 100), patience=1)
    one.begin(2)
    one.advance(films([50], [50])[:, 0], np.ones(2, bool))
    assert one.advance(films([0], [0])[:, 0], np.zeros(2, bool)).tolist() == [1, 1]
    assert one.advance(films([0], [0])[:, 0], np.array([True, False])).tolist() == [0, 1]


def test_a_history_begins_anew_at_a_reset():
    one = reward(goals=(0, 100), encoder=Levels(history=3), threshold=0.5, patience=1)
    one.begin(1)
    for level in (0, 200):
        one.advance(films([level])[:, 0], np.array([level == 0]))
    one.advance(films([1])[:, 0], np.ones(1, bool))
    # Level 1 after a history that began with 200 would be at 1 − 1.99 of the goal, after 1 at 1.
    assert one.advance(films([1])[:, 0], np.zeros(1, bool)).tolist() == [0]
    assert one.advance(films([0])[:, 0], np.zeros(1, bool)).tolist() == [1]


def test_a_frame_after_reset_is_not_a_step():
    one = reward(goals=(0, 100), patience=1)
    one.begin(1)
    assert one.advance(films([0])[:, 0], np.ones(1, bool)).tolist() == [0]


def test_stages_that_were_recorded_are_taken_as_they_are():
    found = reward(goals=(0, 100)).score(episodes([50, 50], stages=[[0, 1]]))
    np.testing.assert_allclose(found, [[-5.2, -5.0]])


def test_single_states_have_no_start_and_only_forms_that_need_one_refuse_them():
    np.testing.assert_allclose(reward(encoder=Levels(3)).score(episodes([20])), [[-2]])
    with pytest.raises(ValueError, match="start"):
        reward(form="difference").score(episodes([20]))


@pytest.mark.parametrize(
    ("changes", "encoder", "cure"),
    [
        ({"distance": "network"}, smoke_encoder(), "set distance: l2 or cosine"),
        ({"distance": "l2"}, Levels(), "set distance: network"),
    ],
)
def test_a_distance_that_the_encoder_cannot_give_is_refused(changes, encoder, cure):
    with pytest.raises(UserError, match=cure):
        reward(encoder=encoder, **changes)


def test_the_goals_own_distance_needs_its_picture():
    with pytest.raises(UserError, match="set baseline: zero"):
        DistanceReward(
            DistanceRewardSettings.model_validate(PUBLISHED | {"baseline": "goal"}),
            target=Target.of(np.ones(3, np.float32)),
            encoder=Levels(),
            view=VIEW,
        )
