"""Claims about trained policies: what the intervals decide across methods, phases and tasks."""

import pytest

from showtell.claims.tests import Above, AtLeast, Early, NoBetter, NoWorse, Times
from showtell.claims.verdicts import judge
from tests.claims.test_verdicts import OneClaim
from tests.results.trainings import results_of

RATE = {"metric": "success", "policy": "deterministic"}


def verdict(test, results):
    (found,) = judge(OneClaim(test, experiment="language"), results)
    return found


def zero_shot(**methods):
    """Scores of methods that are only pretrained; a list is one task."""
    return {
        name: {"train": scores if isinstance(scores, dict) else {"drawer": scores}}
        for name, scores in methods.items()
    }


@pytest.mark.parametrize(
    ("gail", "outcome"),
    [
        ([0.2, 0.25, 0.3], "reproduced"),
        ([0.0, 0.0, 0.0], "reproduced"),  # any success is more than twice none
        ([0.35, 0.4, 0.5], "inconclusive"),
        ([0.6, 0.7, 0.7], "not reproduced"),
    ],
)
def test_times_asks_for_so_many_of_the_other(gail, outcome):
    results = results_of(zero_shot(text=[0.75, 0.8, 0.9], gail=gail))
    found = verdict(Times(kind="times", method="text", versus="gail", times=2, **RATE), results)
    assert found.outcome == outcome


def test_times_says_the_ratio_even_where_it_divides_by_zero():
    test = Times(kind="times", method="text", versus="gail", times=2, **RATE)
    found = verdict(test, results_of(zero_shot(text=[0.8, 0.8, 0.8], gail=[0.4, 0.4, 0.4])))
    assert found.parts[0].text == "2.0 times [2.0, 2.0]: 80 % against 40 %"
    found = verdict(test, results_of(zero_shot(text=[0.8, 0.8, 0.8], gail=[0.0, 0.0, 0.0])))
    assert found.parts[0].text == "∞ times [∞, ∞]: 80 % against 0 %"
    found = verdict(test, results_of(zero_shot(text=[0.0] * 3, gail=[0.0] * 3)))
    assert found.parts[0].text == "0/0 times [1.0, 1.0]: 0 % against 0 %"
    assert found.outcome == "not reproduced"


def test_several_others_are_a_part_each_and_all_must_be_beaten():
    test = Above(kind="above", method="text", versus=("gail", "airl"), **RATE)
    scores = zero_shot(text=[0.8, 0.8, 0.9], gail=[0.1, 0.1, 0.2], airl=[0.85, 0.95, 1.0])
    found = verdict(test, results_of(scores))
    assert [part.holds for part in found.parts] == [True, False]
    assert found.parts[1].text.endswith("(to airl)")
    assert found.outcome == "not reproduced"
    assert "to gail and to airl" in found.test


@pytest.mark.parametrize(
    ("share", "outcome"), [("most", "reproduced"), ("every", "not reproduced")]
)
def test_each_task_may_count_alone(share, outcome):
    good, bad = [0.8, 0.9, 0.9], [0.0, 0.1, 0.1]
    scores = zero_shot(
        text={"drawer": good, "door": good, "button": bad},
        zero={"drawer": bad, "door": bad, "button": good},
    )
    test = Above(kind="above", method="text", versus="zero", each_task=True, share=share, **RATE)
    found = verdict(test, results_of(scores))
    assert found.outcome == outcome
    assert [part.text.split("(")[-1] for part in found.parts] == ["drawer)", "door)", "button)"]


def test_reaching_a_value_may_be_asked_of_each_task():
    scores = zero_shot(text={"drawer": [0.9, 0.9, 1.0], "door": [0.1, 0.1, 0.2]})
    together = AtLeast(kind="at_least", method="text", value=0.3, **RATE)
    each = together.model_copy(update={"each_task": True})
    assert [part.holds for part in verdict(each, results_of(scores)).parts] == [True, False]
    assert len(verdict(together, results_of(scores)).parts) == 1


@pytest.mark.parametrize(
    ("clip", "outcome"),
    [
        ([0.0, 0.02, 0.04], "reproduced"),
        ([0.5, 0.6, 0.6], "not reproduced"),
        ([0.0, 0.1, 0.3], "inconclusive"),
    ],
)
def test_no_better_asks_that_the_whole_interval_stays_below_a_line(clip, outcome):
    results = results_of(zero_shot(clip=clip, zero=[0.0, 0.0, 0.02]))
    test = NoBetter(kind="no_better", method="clip", versus="zero", by=0.1, **RATE)
    assert verdict(test, results).outcome == outcome


def test_no_worse_forgives_a_little():
    results = results_of(zero_shot(one=[0.78, 0.8, 0.8], three=[0.8, 0.82, 0.84], five=[1.0] * 3))
    test = NoWorse(kind="no_worse", method="one", versus=("three", "five"), by=0.1, **RATE)
    assert [part.holds for part in verdict(test, results).parts] == [True, False]


def test_a_phase_is_compared_with_the_one_before_it():
    scores = {
        "text": {
            "train": {"coffee": [0.1, 0.2, 0.2]},
            "one-demo": {"coffee": [0.9, 0.9, 1.0]},
        }
    }
    thrice = Times(
        kind="times", method="text", versus_phase="train", phase="one-demo", times=3, **RATE
    )
    found = verdict(thrice, results_of(scores))
    assert found.outcome == "reproduced"
    assert "the same method after train" in found.test
    assert (found.n, found.expected) == (3, 3)


def test_methods_that_skip_a_phase_are_not_waited_for():
    scores = zero_shot(text=[0.9] * 3, gail=[0.1] * 3, dense=[1.0] * 3)
    for method in ("text", "gail"):
        scores[method]["true-reward"] = {"drawer": [0.9 if method == "text" else 0.2] * 3}
    results = results_of(scores)
    test = Above(kind="above", method="text", versus="*", phase="true-reward", **RATE)
    found = verdict(test, results)
    assert len(found.parts) == 1
    assert found.outcome == "reproduced"
    absent = verdict(test.model_copy(update={"phase": "one-demo"}), results)
    assert absent.outcome == "not run at this scale"
    assert "phase one-demo" in absent.why


def test_a_policy_that_is_not_judged_here_is_named():
    results = results_of(zero_shot(text=[0.9] * 3, zero=[0.1] * 3))
    test = Above(
        kind="above",
        method="text",
        versus="zero",
        metric="success",
        policy="stochastic (best-learned)",
    )
    assert "stochastic (best-learned) policy" in verdict(test, results).why


FINETUNED = {
    "train": {"drawer": [0.8] * 3},
    "true-reward": {"drawer": [0.9] * 3},
    "true-reward-abrupt": {"drawer": [0.9] * 3},
}
EARLY = Early(
    kind="early",
    method="text",
    phase="true-reward",
    versus_phase="true-reward-abrupt",
    column="success",
    part=0.2,
)


@pytest.mark.parametrize(("abrupt", "outcome"), [(0.1, "reproduced"), (0.8, "inconclusive")])
def test_early_looks_at_the_first_part_of_a_phase_alone(abrupt, outcome):
    curves = {
        ("text", "true-reward"): {10: 0.8, 20: 0.8, 80: 0.1, 100: 0.1},
        ("text", "true-reward-abrupt"): {10: abrupt, 20: abrupt, 80: 0.9, 100: 0.9},
    }
    found = verdict(EARLY, results_of({"text": FINETUNED}, curves=curves))
    assert found.parts[0].value == pytest.approx(0.8 - abrupt)
    assert found.outcome == outcome


def test_early_says_when_curves_are_too_coarse_for_it():
    coarse = {("text", name): {50: 0.8, 100: 0.9} for name in FINETUNED if name != "train"}
    found = verdict(EARLY, results_of({"text": FINETUNED}, curves=coarse))
    assert found.outcome == "inconclusive"
    assert "No curve has a point within the first 20 %" in found.why
    assert verdict(EARLY, results_of({"text": FINETUNED})).outcome == "waiting"


def test_a_test_against_itself_is_refused():
    with pytest.raises(ValueError, match="against itself"):
        Above(kind="above", method="text", **RATE)
