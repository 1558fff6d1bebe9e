"""Sums: every term's own score, from frames that are drawn once."""

import numpy as np
import pytest
from pydantic import ValidationError

from showtell.goals.goal import Target
from showtell.learners.labelling import label
from showtell.nets.distance import Stage
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.building import GoalInputs, build_reward
from showtell.rewards.reward import Episodes, Learns, Reads, Staged
from showtell.rewards.sum import Sum, SumSettings
from tests.nets.models import noise

VIEW = View(4, 2)
DISTANCE = {
    "kind": "distance", "goal": "image", "distance": "pixels", "baseline": "zero",
    "form": "cumulative", "gamma": 1.0, "divisor": 3.0, "normalise": "fixed", "threshold": 1.0,
    "threshold_of": "fixed",
    "patience": 3, "stage_offset": 2.0,
}  # fmt: skip
SPARSE = {"kind": "sparse", "rule": "any"}


class Mean:
    """The mean brightness of the frames that it reads, at every step."""

    def __init__(self, **reads):
        self.reads = Reads(VIEW, **reads)

    def score(self, episodes):
        assert episodes.frames.shape[1] == len(self.reads.steps(episodes.true_rewards.shape[1]))
        assert (episodes.start_frames is not None) == self.reads.start
        brightness = episodes.frames.mean(axis=(1, 2, 3, 4), dtype=np.float64)
        return np.tile(brightness[:, None], (1, episodes.true_rewards.shape[1])).astype(np.float32)


def whole(count=2, horizon=7):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(count, horizon)).astype(np.float32)
    episodes = Episodes(rows[..., None], rows, rows, rows > 0)
    times = np.broadcast_to(np.arange(1.0, horizon + 1), (count, horizon))
    names = np.broadcast_to(np.arange(float(count))[:, None], (count, horizon))
    return episodes, np.stack([names, times], axis=-1)


def draw(snapshots, view):
    levels = (snapshots @ [50, 3]).astype(np.uint8)
    return np.tile(levels[:, None, None, None], (1, view.height, view.width, 3))


def built(*terms, weights=None, stages=1):
    settings = SumSettings.model_validate(
        {"kind": "sum", "terms": terms, "weights": weights or [1.0] * len(terms)}
    )
    pictures = noise(stages, VIEW.height, VIEW.width)
    target = Target(tuple(Stage(picture=one) for one in pictures), None, {})
    return build_reward(settings, {"image": GoalInputs(target, None)}, {}, view=VIEW, seed=0)


def test_every_term_reads_its_own_frames_and_each_is_drawn_once():
    drawn = []

    def watched(snapshots, view):
        drawn.extend(snapshots[:, 1].tolist())
        return draw(snapshots, view)

    terms = [Mean(stride=3), Mean(count=1), Mean(count=3, start=True)]
    episodes, snapshots = whole()
    starts = snapshots[:, 0] - [0, 1]
    found = label(Sum(terms, [1, 10, 100]), episodes, snapshots, watched, starts)
    assert sorted(drawn) == [0, 0, *np.repeat([1, 4, 7], 2)]  # strides 1 4 7, last 7, even 1 4 7
    alone = [label(term, episodes, snapshots, draw, starts) for term in terms]
    np.testing.assert_allclose(found, alone[0] + 10 * alone[1] + 100 * alone[2], rtol=1e-6)


def test_terms_without_frames_draw_nothing():
    episodes, snapshots = whole()
    found = label(
        built({"kind": "true_reward"}, SPARSE, weights=[2, -1]), episodes, snapshots, None
    )
    sparse = np.zeros((2, 7))
    sparse[:, -1] = 1
    np.testing.assert_allclose(found, 2 * episodes.true_rewards - sparse, rtol=1e-6)


def test_holds_reward_is_the_learned_one_plus_the_sparse_one():
    episodes, snapshots = whole()
    terms = built(DISTANCE, SPARSE), built(DISTANCE), built(SPARSE)
    both, learned, sparse = (label(one, episodes, snapshots, draw) for one in terms)
    np.testing.assert_allclose(both, learned + sparse, rtol=1e-6)
    assert learned.max() < 0 < sparse.max()


def test_a_sum_has_the_optional_interfaces_of_its_terms_and_no_others():
    plain, staged = built(SPARSE), built(SPARSE, DISTANCE, stages=2)
    assert not isinstance(plain, Learns | Staged)
    assert isinstance(staged, Staged)
    assert not isinstance(staged, Learns)
    assert len(staged.goals) == 2


def test_stages_go_to_the_term_that_has_them():
    episodes, snapshots = whole()
    frames = draw(snapshots.reshape(-1, 2), VIEW).reshape(2, 7, 2, 4, 3)
    one = built(DISTANCE, stages=2)
    stages = np.tile([0, 0, 1, 1, 1, 1, 1], (2, 1))
    scores = [
        one.score(Episodes(**vars(episodes) | {"frames": frames, "stages": asked}))
        for asked in (stages, np.zeros_like(stages))
    ]
    np.testing.assert_array_equal(scores[0][:, :2], scores[1][:, :2])
    assert (scores[0][:, 2:] != scores[1][:, 2:]).all()


def test_two_goals_with_stages_are_refused():
    with pytest.raises(UserError, match="stages: last"):
        built(DISTANCE, DISTANCE, stages=2)


def test_frames_of_two_views_are_refused():
    other = Mean()
    other.reads = Reads(View(8, 8))
    with pytest.raises(UserError, match=r"views.*one view"):
        Sum([Mean(), other], [1, 1])


def test_sums_may_be_terms_and_come_back_from_plain_data():
    inner = {"kind": "sum", "terms": [SPARSE], "weights": [3.0]}
    settings = SumSettings.model_validate({"kind": "sum", "terms": [inner], "weights": [2.0]})
    dumped = settings.model_dump(mode="json")
    assert dumped["terms"][0]["terms"] == [SPARSE]
    assert SumSettings.model_validate(dumped) == settings
    episodes, _ = whole()
    assert built(inner, weights=[2.0]).score(episodes).max() == 6


@pytest.mark.parametrize(
    ("terms", "weights", "problem"),
    [
        ([SPARSE], [1.0, 2.0], "1 terms have 2 weights"),
        ([{"kind": "sprase", "rule": "any"}], [1.0], "did you mean 'sparse'"),
        ([{"kind": "sparse", "rule": "last"}], [1.0], "rule: "),
        (["sparse"], [1.0], "kind: ..."),
        ([], [], "at least 1"),
    ],
)
def test_a_wrong_sum_is_refused_at_load(terms, weights, problem):
    with pytest.raises(ValidationError, match=problem):
        SumSettings.model_validate({"kind": "sum", "terms": terms, "weights": weights})


def test_terms_that_learn_have_seeds_of_their_own():
    from tests.rewards.demonstrations import demo_of

    gail = {
        "kind": "gail", "demo": "one", "demos": 1, "sees": "state", "hidden": [8], "pays": "logit",
        "learning_rate": 1e-3, "updates": 1, "batch": 8, "gradient_penalty": 0.0,
    }  # fmt: skip
    settings = SumSettings.model_validate(
        {"kind": "sum", "terms": [gail, gail], "weights": [1, -1]}
    )
    demo = demo_of(np.random.default_rng(0).normal(size=(1, 9, 1)))
    one = build_reward(settings, {}, {"one": demo}, view=VIEW, seed=0)
    episodes = whole()[0]
    with_starts = Episodes(**vars(episodes) | {"starts": episodes.observations[:, 0]})
    assert set(one.learn(with_starts)) > {"term0/discriminator_loss", "term1/discriminator_loss"}
    assert np.abs(one.score(with_starts)).min() > 0  # two equal networks would cancel


def test_each_term_reads_its_own_demonstration():
    from tests.rewards.demonstrations import demo_of

    near, far = (demo_of(np.full((1, 9, 1), place)) for place in (0.0, 5.0))
    transport = {
        "kind": "demo_transport", "demos": 1, "cost": "euclidean", "scale": 1.0,
        "regularisation": 0.05, "iterations": 20,
    }  # fmt: skip
    terms = [transport | {"demo": "near"}, transport | {"demo": "far"}]
    demos = {"near": near, "far": far}
    episodes = whole()[0]
    with_starts = Episodes(**vars(episodes) | {"starts": episodes.observations[:, 0]})

    def scores(weights):
        values = {"kind": "sum", "terms": terms, "weights": weights}
        reward = build_reward(SumSettings.model_validate(values), {}, demos, view=VIEW, seed=0)
        return reward.score(with_starts)

    assert np.abs(scores([1, 0]) - scores([0, 1])).max() > 0.1
