"""Reward landscapes: every reward over one variable of the state."""

import csv
import io

import numpy as np
import pytest
from pydantic import ValidationError

from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards import reading
from showtell.studies.landscape import LandscapeSettings
from showtell.studies.study import CachedEncoder, Measured
from showtell.study.registry import build
from tests.nets.models import noise
from tests.studies.subjects import (
    ANGLE,
    VIEW,
    Counting,
    OfState,
    clip_subject,
    draw,
    subject,
    world,
)

SETTINGS = LandscapeSettings(
    kind="landscape", methods=["text"], variable="pole_angle", low=-0.4, high=0.4, points=9
)
UPRIGHT = OfState(lambda states: -np.abs(states[:, ANGLE]))


def measured(subject_, settings: LandscapeSettings = SETTINGS) -> list[dict[str, str]]:
    table: Measured = build("studies", settings).measure(subject_, 0, ("paper", "task"))
    return list(csv.DictReader(io.StringIO(table.csv)))


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def test_the_variable_runs_and_the_reward_follows():
    rows = measured(subject(upright=UPRIGHT))
    np.testing.assert_allclose(column(rows, "pole_angle"), np.linspace(-0.4, 0.4, 9))
    np.testing.assert_allclose(
        column(rows, "reward"), -np.abs(np.linspace(-0.4, 0.4, 9)), atol=1e-6
    )


def test_rescaling_runs_from_0_to_1_within_each_method():
    doubled = OfState(lambda states: 5 - 2 * np.abs(states[:, ANGLE]))
    rows = measured(subject(one=UPRIGHT, two=doubled))
    one, two = (column([r for r in rows if r["method"] == m], "rescaled") for m in ("one", "two"))
    np.testing.assert_allclose(one, two, atol=1e-6)
    assert (one.min(), one.max()) == (0, 1)


def test_the_true_reward_stands_beside():
    rows = measured(subject(upright=UPRIGHT))
    fallen = np.abs(column(rows, "pole_angle")) > np.radians(12)
    np.testing.assert_array_equal(column(rows, "true_reward"), np.where(fallen, -2.0, 1.0))


def test_a_flat_landscape_has_no_rescaled_value():
    rows = measured(subject(flat=OfState(lambda states: np.zeros(len(states)))))
    assert {row["rescaled"] for row in rows} == {""}


def test_a_table_has_a_column_for_what_a_sweep_set():
    assert "alpha" not in measured(subject(upright=UPRIGHT))[0]
    rows = measured(clip_subject([0.0, 0.5], Counting()))
    assert {row["alpha"] for row in rows} == {"0.0", "0.5"}


def test_frames_are_encoded_once_however_many_methods_read_them():
    encoder = Counting()
    rows = measured(clip_subject([0.0, 0.25, 0.5, 1.0], encoder))
    assert len(rows) == 4 * 9
    assert encoder.frames == 9


def test_a_reward_is_that_of_the_frame_of_its_state():
    encoder = Counting()
    subject_ = clip_subject([0.0], encoder)
    rows = measured(subject_)
    snapshots = world().landscape("pole_angle", np.linspace(-0.4, 0.4, 9))
    goal = encoder.text(["pole upright on a cart"])[0]
    wanted = encoder.image(draw(snapshots, VIEW)) @ goal
    np.testing.assert_allclose(column(rows, "reward"), wanted.numpy(), atol=1e-5)


def test_many_states_are_drawn_in_parts_with_the_same_result(monkeypatch):
    whole = column(measured(clip_subject([0.5], Counting())), "reward")
    monkeypatch.setattr(reading, "FRAME_BYTES", 4 * VIEW.width * VIEW.height * 3)
    encoder = Counting()
    parts = column(measured(clip_subject([0.5], encoder)), "reward")
    np.testing.assert_allclose(parts, whole, atol=1e-5)
    assert encoder.frames == 9


def test_rewards_of_several_views_each_see_their_own():
    sizes: list[tuple[int, ...]] = []

    class Sees(OfState):
        def __init__(self, view: View) -> None:
            super().__init__(lambda states: states[:, 0])
            self.reads = type(self.reads)(view=view)

        def score(self, episodes):
            sizes.append(episodes.frames.shape)
            return super().score(episodes)

    measured(subject(small=Sees(View(6, 4)), large=Sees(View(12, 8)), none=UPRIGHT))
    assert sizes == [(9, 1, 4, 6, 3), (9, 1, 8, 12, 3)]


def test_remembered_vectors_are_never_those_of_other_frames():
    encoder = Counting()
    once = CachedEncoder(encoder)
    for seed in range(4):  # freed memory is used again at once
        frames = noise(3, 16, 24, seed)
        assert np.array_equal(once.image(frames), encoder.image(noise(3, 16, 24, seed)))
    assert np.array_equal(once.image(frames[:2]), encoder.image(frames[:2]))


def test_an_unknown_variable_names_the_nearest():
    with pytest.raises(UserError, match="did you mean 'pole_angle'"):
        measured(subject(u=UPRIGHT), SETTINGS.model_copy(update={"variable": "pole_angel"}))


def test_low_must_be_below_high():
    with pytest.raises(ValidationError, match="must be below high"):
        LandscapeSettings.model_validate(SETTINGS.model_dump() | {"low": 1, "high": 1})


def test_a_table_is_plain_csv_whose_floats_read_back_equal():
    table = Measured(("a", "b"), [("x,y", 0.1 + 0.2), (None, float("nan")), (3, np.float64(1e-9))])
    assert table.csv == 'a,b\n"x,y",0.30000000000000004\n,\n3,1e-09\n'
