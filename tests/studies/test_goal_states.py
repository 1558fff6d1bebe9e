"""Histograms of goal states and of others: what is counted, and how far apart they are."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from showtell.studies.goal_states import GoalStatesSettings, area, standardised
from showtell.study.registry import build
from tests.studies.subjects import ANGLE, OfState, subject, world

GOAL = np.array([0.0, 0.0, 1.0, 1.0])
UPRIGHT = OfState(lambda states: -np.abs(states[:, ANGLE]))
LABEL = OfState(lambda states: world().successes(states.astype(float)).astype(float))


def measured(root=0, **rewards):
    settings = GoalStatesSettings(kind="goal_states", methods=["a"], states=300, bins=8, span=2.0)
    found = replace(subject(**rewards), parameters=dict.fromkeys(rewards, 77))
    table = build("studies", settings).measure(found, root, ("paper", "task"))
    return list(csv.DictReader(io.StringIO(table.csv)))


def separation(rows, method, versus=""):
    (row,) = [
        r for r in rows if (r["method"], r["shows"], r["versus"]) == (method, "separation", versus)
    ]
    return row


@pytest.mark.parametrize(
    ("rewards", "expected"),
    [
        ([1, 2, 3, 4], 1.0),
        ([4, 3, 2, 1], 0.0),
        ([1, 3, 2, 4], 0.75),  # three of four pairs
        ([1, 2, 2, 3], 0.875),  # a tie counts half
    ],
)
def test_the_area_is_the_share_of_pairs_in_the_right_order(rewards, expected):
    assert area(np.array(rewards, float), GOAL) == pytest.approx(expected)


def test_weights_stand_for_copies_of_a_state():
    rewards, copies = np.array([1.0, 3.0, 2.0, 4.0]), np.array([1, 2, 3, 1])
    whole = area(np.repeat(rewards, copies), np.repeat(GOAL, copies))
    assert area(rewards, GOAL, copies / 7) == pytest.approx(whole)


def test_a_constant_reward_and_a_single_kind_of_state_have_no_area():
    assert np.isnan(area(np.ones(4), GOAL))
    assert np.isnan(area(np.arange(4.0), np.zeros(4)))
    assert np.isnan(standardised(np.ones(4))).all()
    rows = measured(zero=OfState(lambda s: np.zeros(len(s))))
    assert separation(rows, "zero")["auc"] == ""
    assert {r["states"] for r in rows if r["shows"] == "histogram"} == {"0"}


def test_every_state_is_in_one_bin_of_its_kind():
    rows = [r for r in measured(upright=UPRIGHT) if r["shows"] == "histogram"]
    assert len(rows) == 2 * 8
    assert sum(int(row["states"]) for row in rows) == 300
    goals = sum(int(row["states"]) for row in rows if row["goal"] == "1")
    assert 0 < goals < 150
    assert [float(row["at"]) for row in rows[:8]] == pytest.approx(np.arange(-1.75, 2, 0.5))


def test_the_label_itself_separates_all_and_its_opposite_none():
    opposite = OfState(lambda states: -world().successes(states.astype(float)).astype(float))
    rows = measured(label=LABEL, opposite=opposite, upright=UPRIGHT)
    assert float(separation(rows, "label")["auc"]) == 1.0
    assert float(separation(rows, "opposite")["auc"]) == 0.0
    assert separation(rows, "label")["parameters"] == "77"
    gap = separation(rows, "opposite", versus="label")
    assert (float(gap["auc"]), float(gap["p_lower"]) < 0.01) == (-1.0, True)
    means = separation(rows, "label")
    share = np.mean([float(means["goal_mean"]) > 0, float(means["other_mean"]) < 0])
    assert share == 1.0


def test_the_same_seed_gives_the_same_table_and_another_one_other_states():
    one, two, other = (measured(root=root, upright=UPRIGHT) for root in (0, 0, 1))
    assert one == two != other
