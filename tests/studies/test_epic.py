"""EPIC: the distance of a reward from the truth, whatever its scale and offset."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from showtell.labels.frames import Labelled
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes, Reads
from showtell.studies.epic import EpicSettings, ends, epic, resampled
from showtell.studies.study import StudyInputs
from showtell.study.needs import Offers
from showtell.study.registry import build, part
from tests.studies.subjects import ANGLE, Counting, OfState, clip_subject, draw, subject, world

SETTINGS = EpicSettings(kind="epic", methods=["text"], states=400, against="criteria")
LABEL = OfState(lambda states: world().successes(states.astype(float)).astype(float))
UPRIGHT = OfState(lambda states: -np.abs(states[:, ANGLE]))


def measured(subject_, states: int = 400, root: int = 0) -> list[dict[str, str]]:
    settings = EpicSettings(kind="epic", methods=["text"], states=states, against="criteria")
    table = build("studies", settings).measure(subject_, root, ("paper", "task"))
    return list(csv.DictReader(io.StringIO(table.csv)))


def of(rows: list[dict[str, str]], method: str, against: str = "success") -> dict[str, str]:
    (row,) = [r for r in rows if (r["method"], r["against"], r["versus"]) == (method, against, "")]
    return row


@pytest.mark.parametrize(("scale", "distance"), [(3.0, 0.0), (0.01, 0.0), (-1.0, 1.0)])
def test_scale_and_offset_do_not_count_but_the_sign_does(scale, distance):
    truth = np.random.default_rng(0).normal(size=50)
    assert epic(scale * truth + 7, truth) == pytest.approx(distance, abs=1e-7)


def test_it_is_lemma_1():
    rewards, truth = np.random.default_rng(1).normal(size=(2, 300))
    rho = np.corrcoef(rewards, truth)[0, 1]
    assert epic(rewards, truth) == pytest.approx(np.sqrt((1 - rho) / 2))


def test_unrelated_rewards_are_half_way():
    rewards, truth = np.random.default_rng(2).normal(size=(2, 200_000))
    assert epic(rewards, truth) == pytest.approx(np.sqrt(0.5), abs=0.005)


def test_a_constant_reward_has_no_distance():
    assert np.isnan(epic(np.zeros(9), np.arange(9.0)))
    assert np.isnan(epic(np.arange(9.0), np.full(9, 0.1)))
    row = of(measured(subject(zero=OfState(lambda s: np.zeros(len(s))))), "zero")
    assert (row["epic"], row["low"], row["high"]) == ("", "", "")


def test_the_interval_holds_the_value_and_shrinks_with_more_states():
    rng, widths = np.random.default_rng(3), []
    for count in (100, 2500):
        truth = rng.normal(size=count)
        rewards = truth + rng.normal(size=count)
        low, high = ends(resampled(rewards, truth, np.random.default_rng(0)))
        assert low < epic(rewards, truth) < high
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0] / 5, rel=0.4)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng, hits = np.random.default_rng(4), 0
    truly = np.sqrt((1 - np.sqrt(0.5)) / 2)  # rho of x and x + e is 1 / sqrt(2)
    for _ in range(40):
        truth = rng.normal(size=150)
        low, high = ends(resampled(truth + rng.normal(size=150), truth, rng))
        hits += low <= truly <= high
    assert hits >= 33


def test_the_label_itself_is_at_distance_0_and_its_opposite_at_1():
    opposite = OfState(lambda states: -LABEL.score(_one_step(states))[:, 0])
    rows = measured(subject(label=LABEL, opposite=opposite, upright=UPRIGHT))
    assert float(of(rows, "label")["epic"]) == pytest.approx(0, abs=1e-6)
    assert float(of(rows, "opposite")["epic"]) == pytest.approx(1, abs=1e-6)
    assert 0.2 < float(of(rows, "upright")["epic"]) < 0.6


def _one_step(states):
    zeros = np.zeros((len(states), 1), dtype=np.float32)
    return Episodes(states[:, None], zeros, zeros, zeros.astype(bool))


def test_the_success_label_comes_first_and_the_true_reward_second():
    rows = measured(subject(upright=UPRIGHT))
    assert [row["against"] for row in rows] == ["success", "true_reward"]
    # CartPole's true reward is an affine function of its label.
    assert float(rows[0]["epic"]) == pytest.approx(float(rows[1]["epic"]), abs=1e-9)
    assert {row["states"] for row in rows} == {"400"}


def test_the_same_seed_gives_the_same_table_and_another_one_other_states():
    one, two, other = (measured(subject(upright=UPRIGHT), root=root) for root in (0, 0, 1))
    assert one == two != other


def test_frames_are_encoded_once_for_all_strengths():
    encoder = Counting()
    rows = measured(clip_subject([0.0, 0.5, 1.0], encoder), states=30)
    assert encoder.frames == 30
    alone = [row for row in rows if row["against"] == "success" and not row["versus"]]
    assert len({row["epic"] for row in alone}) == 3
    assert [row["alpha"] for row in alone] == ["0.0", "0.5", "1.0"]


def test_two_states_are_the_least():
    with pytest.raises(ValueError, match="states"):
        EpicSettings(kind="epic", methods=["text"], states=1, against="criteria")


def test_a_difference_over_the_same_states_is_decided_where_intervals_overlap():
    near = OfState(lambda states: -np.abs(states[:, ANGLE]))
    nearer = OfState(lambda states: -np.abs(states[:, ANGLE]) + 0.02 * _labels(states))
    rows = measured(subject(near=near, nearer=nearer))
    one, other = of(rows, "nearer"), of(rows, "near")
    assert float(one["high"]) > float(other["low"])  # the two intervals overlap
    (gap,) = [
        r for r in rows if (r["method"], r["versus"], r["against"]) == ("nearer", "near", "success")
    ]
    assert float(gap["epic"]) == pytest.approx(float(one["epic"]) - float(other["epic"]))
    assert float(gap["high"]) < 0
    assert float(gap["p_lower"]) < 0.01
    assert float(gap["p_higher"]) > 0.99


class Brightness:
    """A reward that reads a picture alone."""

    def __init__(self, sign: float = 1.0) -> None:
        self.reads = Reads(view=View(24, 16))
        self._sign = sign

    def score(self, episodes: Episodes) -> np.ndarray:
        assert episodes.frames.shape[2:] == (16, 24, 3)
        return self._sign * episodes.frames.mean(axis=(2, 3, 4), dtype=np.float32)


def test_against_labels_it_is_the_distance_to_what_people_said_of_the_frames():
    shades = [0, 40, 200, 240]
    pictures = [np.full((30 + n, 45, 3), shade, np.uint8) for n, shade in enumerate(shades)]
    labelled = Labelled(pictures, np.array([0.0, 0.0, 1.0, 1.0]))
    rewards = {"bright": Brightness(), "dark": Brightness(-1)}
    found = replace(subject(**rewards), labelled=labelled)
    settings = EpicSettings(kind="epic", methods=["bright"], states=9, against="labels")
    rows = list(csv.DictReader(io.StringIO(build("studies", settings).measure(found, 0, ()).csv)))
    assert {row["against"] for row in rows} == {"labels"}
    assert {row["states"] for row in rows} == {"4"}
    truth = np.array([0.0, 0.0, 1.0, 1.0])
    expected = epic(np.array(shades, float), truth)
    assert float(of(rows, "bright", "labels")["epic"]) == pytest.approx(expected)
    assert expected < 0.1
    assert float(of(rows, "dark", "labels")["epic"]) > 0.99


def test_a_body_whose_states_have_no_true_reward_is_compared_with_its_rule_alone():
    settings = part("worlds", "humanoid").settings.model_validate(
        {
            "kind": "humanoid",
            "pose": "kneeling",
            "horizon": 4,
            "end": "terminal",
            "observe_time": False,
            "action_repeat": 1,
            "integrator": "implicit",
            "observed": "joints",
            "ends_when_unhealthy": False,
            "textured": True,
        }
    )
    body = build("worlds", settings)
    rule = OfState(lambda states: body.successes(states.astype(float)).astype(float))
    found = StudyInputs(body, {"rule": rule}, {}, draw, parameters={"rule": 12})
    (row,) = measured(found, states=60)
    assert (row["against"], row["parameters"]) == ("success", "12")
    assert float(row["epic"]) == pytest.approx(0, abs=1e-6)
    assert np.isnan(found.true_rewards(np.zeros((2, 24)))).all()


def test_against_labels_needs_no_world_that_knows_the_truth_but_rewards_of_pictures():
    settings = EpicSettings(kind="epic", methods=["one"], states=9, against="labels")
    nothing = Offers(
        actions="box", script=False, uniform_states=False, true_rewards_of_states=False
    )
    assert settings.problem(nothing) is None
    assert SETTINGS.problem(nothing) is not None
    sampled = {"kind": "clip_sampled", "goal": "g", "alpha": 0, "stride": 3}
    clip = part("rewards", "clip_sampled").settings.model_validate(sampled)
    true = part("rewards", "true_reward").settings.model_validate({"kind": "true_reward"})
    assert settings.problem_with(clip) is None
    assert "clip" in settings.problem_with(true)
    assert SETTINGS.problem_with(true) is None
    with pytest.raises(ValueError, match="labels"):
        build("studies", settings).measure(subject(bright=Brightness()), 0, ())


def _labels(states):
    return world().successes(states.astype(float)).astype(float)
