"""Figure 2's matrix: correlations, separation, and by how much the diagonal leads."""

import numpy as np
import pytest

from showtell.claims.tests import Diagonal
from showtell.claims.verdicts import judge
from showtell.results.alignment_fit import auc, fits, lead, script_fit
from showtell.results.table import Table
from tests.claims.test_verdicts import OneClaim
from tests.results.trainings import alignment_of, results_of

OWN = {"drawer": {"drawer": 1.0, "door": 0.0}, "door": {"drawer": 0.0, "door": 1.0}}
OTHER = {"drawer": {"drawer": 1.0, "door": 0.0}, "door": {"drawer": 1.0, "door": 0.0}}


def verdict(studies, column="correlation", share="every"):
    scores = {"text": {"train": {task: [0.5] * 3 for task in studies}}}
    test = Diagonal(kind="diagonal", study="alignment", method="text", column=column, share=share)
    (found,) = judge(OneClaim(test, "language"), results_of(scores, studies=studies))
    return found


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order():
    scores, successes = np.array([3.0, 1.0, 2.0, 2.0]), np.array([True, False, False, True])
    assert auc(scores, successes) == pytest.approx((1 + 1 + 1 + 0.5) / 4)
    assert np.isnan(auc(scores, np.ones(4, bool)))


def test_a_fit_has_the_rank_correlation_and_the_mean_cosine():
    study = alignment_of(OWN)["drawer"]
    own, other = fits(study)
    assert own.text == "drawer"
    assert own.correlation > 0.9 > 0.5 > abs(other.correlation)
    assert own.auc > 0.95
    assert own.cosine_auc == own.auc  # its similarity is a tenth of its score
    assert own.similarity == pytest.approx(
        np.mean(study.where(text="drawer").numbers("similarity"))
    )


def test_the_noise_of_the_script_has_an_area_of_its_own():
    study = alignment_of(OWN)["drawer"]
    at = study.columns.index("noise")
    ladder = np.linspace(1, 0, 40)
    noised = Table(
        study.columns,
        tuple(
            (*row[:at], repr(float(ladder[int(row[at - 1])])), *row[at + 1 :]) for row in study.rows
        ),
    )
    assert {fit.noise_auc for fit in fits(noised)} == {1.0}
    assert {fit.noise_auc for fit in fits(study)} == {0.5}
    alone = script_fit(noised)
    assert (alone.auc, alone.correlation) == (1.0, pytest.approx(1.0))


def test_without_a_cosine_there_is_no_area_under_its_curve():
    study = alignment_of(OWN)["drawer"]
    at = study.columns.index("similarity")
    bare = Table(study.columns, tuple((*r[:at], "", *r[at + 1 :]) for r in study.rows))
    assert np.isnan(fits(bare)[0].cosine_auc)
    assert fits(bare)[0].auc > 0.95


@pytest.mark.parametrize("column", ["correlation", "similarity"])
def test_the_diagonal_must_lead_on_every_task(column):
    assert verdict(alignment_of(OWN), column).outcome == "reproduced"
    found = verdict(alignment_of(OTHER), column)
    assert [part.holds for part in found.parts] == [True, False]
    assert "sentence of drawer" in found.parts[1].text
    assert found.outcome == "not reproduced"
    assert found.n is None  # rollouts of scripts, not of seeds


def test_controls_are_no_sentences_of_other_tasks():
    told = {"drawer": {"drawer": 1.0, "door": 0.0, "shuffled": 1.0, "wrong": 2.0}}
    found = lead(alignment_of(told)["drawer"], "drawer", "score", np.random.default_rng(0))
    assert found.second == "door"


def test_a_lead_within_noise_is_undecided():
    same = {"drawer": {"drawer": 0.3, "door": 0.25}}
    study = alignment_of(same, rollouts=12)["drawer"]
    found = lead(study, "drawer", "correlation", np.random.default_rng(0))
    assert found.gap.low < 0 < found.gap.high


def test_a_reward_that_never_changes_has_no_correlation():
    study = alignment_of(OWN)["drawer"]
    at = study.columns.index("score")
    flat = Table(study.columns, tuple((*r[:at], "1.0", *r[at + 1 :]) for r in study.rows))
    assert np.isnan(fits(flat)[0].correlation)
    assert lead(flat, "drawer", "correlation", np.random.default_rng(0)) is None


def test_one_task_alone_has_nothing_to_lead():
    found = verdict({"drawer": alignment_of(OWN)["drawer"].where(text="drawer")})
    assert found.outcome == "not run at this scale"
