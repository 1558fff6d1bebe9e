"""Controls as numbers: rates by task, and a reason where there are none."""

import pytest

from showtell.results.controls import LABELS, NO_SCRIPT, NOT_TRAINED, TRUE_REWARD, controls
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.studies.controls import COLUMNS
from showtell.study.layout import Run
from tests.results.experiments import comparison

CONTROLS = {"of": [], "study": {"kind": "controls", "episodes": 2, "demo": None}}


def results(rows, scores=None, rewards=None):
    plan = comparison({"text": None} | (rewards or {}))
    plan = plan.model_copy(update={"studies": plan.studies | {"controls": CONTROLS}})
    return Results(plan, scores or {}, {}, {("cartpole", "controls"): Table.of(COLUMNS, rows)})


def episode(control, number, any_, final, success):
    return (control, "as it acts", number, 10 + number, any_, final, success, 7.0)


def test_rates_are_means_over_episodes():
    rows = [episode("noise", 0, 1, 0, 0), episode("noise", 1, 1, 1, 0)]
    rates = controls(results(rows))["noise"]["cartpole"]
    assert rates == ("as it acts", 2, 1.0, 0.5, 0.0)


def test_without_a_script_what_needs_one_is_not_applicable():
    found = controls(results([episode("noise", 0, 1, 0, 0)]))
    assert list(found) == list(LABELS)
    for control in ("script", "replay", "cloning"):
        assert found[control] == {"cartpole": NO_SCRIPT}
    assert found[TRUE_REWARD] == {"cartpole": NOT_TRAINED}


def test_trainings_on_the_true_reward_stand_beside_the_controls():
    scores = {
        Run("cartpole", "truth", seed, "train"): {
            "stochastic": {
                "success": 0.5, "success_any": 1.0, "success_final": seed, "success_always": 0.5,
                "return": 9.0,
            }
        }
        for seed in (0, 1)
    }  # fmt: skip
    found = results([episode("noise", 0, 1, 0, 0)], scores, {"truth": {"kind": "true_reward"}})
    rates = controls(found)[TRUE_REWARD]["cartpole"]
    assert rates[1:] == pytest.approx((2, 1.0, 0.5, 0.5))


def test_an_experiment_without_such_a_study_has_no_controls():
    assert controls(Results(comparison({"text": None}), {}, {}, {})) == {}
