"""Claims about trained policies: what the intervals decide across methods, phases and tasks."""

from dataclasses import replace

import pytest

from showtell.claims.controls import Beats, BeatsControl, Learned, Ranks, Reaches, Separates, check
from showtell.claims.tests import Above, AboveOn, AtLeast, Early, NoBetter, NoWorse, Times
from showtell.claims.verdicts import judge
from showtell.results.table import Table
from showtell.studies.controls import COLUMNS
from tests.claims.test_verdicts import OneClaim
from tests.results.trainings import alignment_of, results_of

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


GOOD, BAD = [0.8, 0.85, 0.85, 0.9, 0.9], [0.1, 0.1, 0.15, 0.2, 0.2]


@pytest.mark.parametrize(
    ("gail", "outcome"),
    [
        ([0.2, 0.22, 0.25, 0.28, 0.3], "reproduced"),
        ([0.0] * 5, "reproduced"),  # any success is more than twice none
        ([0.3, 0.35, 0.4, 0.45, 0.5], "inconclusive"),
        ([0.46, 0.48, 0.48, 0.5, 0.5], "not reproduced"),
        ([0.6, 0.65, 0.7, 0.7, 0.75], "cannot be tested at this scale"),  # no room for twice
    ],
)
def test_times_asks_for_so_many_of_the_other(gail, outcome):
    results = results_of(zero_shot(text=GOOD, gail=gail))
    found = verdict(Times(kind="times", method="text", versus="gail", times=2, **RATE), results)
    assert found.outcome == outcome


def test_times_says_the_ratio_even_where_it_divides_by_zero():
    test = Times(kind="times", method="text", versus="gail", times=2, **RATE)
    found = verdict(test, results_of(zero_shot(text=[0.8] * 5, gail=[0.4] * 5)))
    assert found.parts[0].text == "2.0 times: 80 % against 40 %"
    found = verdict(test, results_of(zero_shot(text=[0.8] * 5, gail=[0.0] * 5)))
    assert found.parts[0].text == "∞ times: 80 % against 0 %"
    found = verdict(test, results_of(zero_shot(text=[0.0] * 5, gail=[0.0] * 5)))
    assert found.parts[0].text == "0/0 times: 0 % against 0 %"
    assert found.outcome == "cannot be tested at this scale"


def test_several_others_are_a_part_each_and_all_must_be_beaten():
    test = Above(kind="above", method="text", versus=("gail", "airl"), by=0.1, **RATE)
    scores = zero_shot(text=GOOD, gail=BAD, airl=[0.95, 0.95, 0.95, 1.0, 1.0])
    found = verdict(test, results_of(scores))
    assert [part.holds for part in found.parts] == [True, False]
    assert found.parts[1].text.endswith("(to airl)")
    assert found.outcome == "not reproduced"
    assert "gail and to airl" in found.test


def test_a_baseline_that_does_not_run_is_named_and_the_others_still_count():
    test = Above(kind="above", method="text", versus=("gail", "airl"), by=0.1, **RATE)
    ahead = verdict(test, results_of(zero_shot(text=GOOD, gail=BAD)))
    assert ahead.outcome == "not run at this scale"
    assert "airl" in ahead.why
    behind = verdict(test, results_of(zero_shot(text=BAD, gail=GOOD)))
    assert behind.outcome == "not reproduced"
    assert "airl" in behind.why


@pytest.mark.parametrize(
    ("share", "outcome"), [("most", "reproduced"), ("every", "not reproduced")]
)
def test_each_task_may_count_alone(share, outcome):
    scores = zero_shot(
        text={"drawer": GOOD, "door": GOOD, "button": BAD},
        zero={"drawer": BAD, "door": BAD, "button": GOOD},
    )
    test = Above(
        kind="above", method="text", versus="zero", each_task=True, share=share, by=0.1, **RATE
    )
    found = verdict(test, results_of(scores))
    assert found.outcome == outcome
    assert [part.text.split("(")[-1] for part in found.parts] == ["drawer)", "door)", "button)"]


def test_reaching_a_value_may_be_asked_of_each_task():
    scores = zero_shot(text={"drawer": GOOD, "door": BAD})
    together = AtLeast(kind="at_least", method="text", value=0.3, **RATE)
    each = together.model_copy(update={"each_task": True})
    parts = verdict(each, results_of(scores)).parts
    assert [part.p_holds < 0.05 for part in parts] == [True, False]
    assert [part.p_fails < 0.05 for part in parts] == [False, True]
    assert len(verdict(together, results_of(scores)).parts) == 1


@pytest.mark.parametrize(
    ("clip", "outcome"),
    [
        ([0.1, 0.12, 0.14, 0.1, 0.12], "reproduced"),
        ([0.5, 0.6, 0.6, 0.7, 0.5], "not reproduced"),
        ([0.1, 0.2, 0.4, 0.1, 0.2], "inconclusive"),
        ([0.0] * 5, "cannot be tested at this scale"),  # both at the floor
    ],
)
def test_no_better_asks_that_the_difference_stays_below_a_margin(clip, outcome):
    zero = [0.1, 0.12, 0.1, 0.14, 0.12] if clip[0] else [0.0] * 5
    results = results_of(zero_shot(clip=clip, zero=zero))
    test = NoBetter(kind="no_better", method="clip", versus="zero", by=0.1, **RATE)
    assert verdict(test, results).outcome == outcome


def test_no_worse_forgives_a_little():
    one, three = [0.78, 0.8, 0.8, 0.79, 0.8], [0.8, 0.82, 0.84, 0.8, 0.81]
    results = results_of(zero_shot(one=one, three=three, five=[0.95] * 5))
    test = NoWorse(kind="no_worse", method="one", versus=("three", "five"), by=0.1, **RATE)
    assert [part.holds for part in verdict(test, results).parts] == [True, False]


@pytest.mark.parametrize(
    ("text", "gail", "outcome"),
    [
        ([1.0] * 5, [0.9, 0.92, 0.92, 0.94, 0.92], "cannot be tested at this scale"),  # no room
        ([0.5] * 5, [0.9, 0.92, 0.92, 0.94, 0.92], "not reproduced"),  # worse: no room is needed
        ([1.0] * 5, [0.8, 0.82, 0.82, 0.84, 0.82], "reproduced"),
    ],
)
def test_better_needs_room_above_the_baseline_and_worse_does_not(text, gail, outcome):
    test = Above(kind="above", method="text", versus="gail", by=0.1, **RATE)
    found = verdict(test, results_of(zero_shot(text=text, gail=gail)))
    assert found.outcome == outcome
    assert ("92 % leave no room for 10 points more" in found.why) == outcome.startswith("cannot")


def test_no_better_and_no_worse_need_room_on_their_side():
    high, low = [0.94, 0.95, 0.93, 0.94, 0.94], [0.04, 0.05, 0.07, 0.06, 0.06]
    no_better = NoBetter(kind="no_better", method="zero", versus="text", by=0.1, **RATE)
    found = verdict(no_better, results_of(zero_shot(zero=[0.9] * 5, text=high)))
    assert "leave no room for 10 points more" in found.why
    no_worse = NoWorse(kind="no_worse", method="hand", versus="text", by=0.1, **RATE)
    found = verdict(no_worse, results_of(zero_shot(hand=[0.1] * 5, text=low)))
    assert "leave no room for 10 points less" in found.why


@pytest.mark.parametrize(
    ("one", "outcome"), [(GOOD, "reproduced"), ([0.05] * 5, "cannot be tested at this scale")]
)
def test_useless_at_the_floor_says_something_beside_a_reward_that_is_of_use(one, outcome):
    results = results_of(zero_shot(clip=[0.0] * 5, zero=[0.0] * 5, one=one))
    test = NoBetter(kind="no_better", method="clip", versus="zero", beside="one", by=0.1, **RATE)
    found = verdict(test, results)
    assert found.outcome == outcome
    assert "“one” is better" in found.test


@pytest.mark.parametrize(
    ("text", "outcome"), [(0.5, "cannot be tested at this scale"), (0.9, "reproduced")]
)
def test_so_many_times_a_return_needs_room_below_that_of_the_true_reward(text, outcome):
    """Unless it is reached all the same: the true reward's agents are no upper bound."""
    test = Times(
        kind="times", method="text", versus="gail", times=2, metric="return", policy="deterministic"
    )
    scores = zero_shot(text=[text] * 5, gail=[0.4, 0.41, 0.4, 0.42, 0.4], dense=[0.7] * 5)
    found = verdict(test, results_of(scores, rewards=ENDS))
    assert found.outcome == outcome
    assert ("the true reward have less" in found.why) == outcome.startswith("cannot")


def test_a_verdict_names_the_tasks_that_the_scale_leaves_out():
    test = AtLeast(kind="at_least", method="text", value=0.5, each_task=True, **RATE)
    results = results_of(zero_shot(text=GOOD))
    assert "Measured on" not in verdict(test, results).why
    plan = results.comparison.model_copy(update={"left_out": ("door", "button")})
    found = verdict(test, replace(results, comparison=plan))
    assert found.outcome == "reproduced"
    assert "Measured on drawer: 1 of 3 tasks." in found.why


ENDS = {"zero": {"kind": "zero"}, "dense": {"kind": "true_reward"}}


def test_returns_are_compared_from_zero_reward_to_the_true_one():
    test = Above(
        kind="above", method="text", versus="gail", by=0.1, metric="return", policy="deterministic"
    )
    # `results_of` gives 100 times the success as return; here they lie between 20 and 60.
    scores = zero_shot(
        text=[0.4, 0.42, 0.44, 0.4, 0.4],
        gail=[0.3, 0.3, 0.32, 0.28, 0.3],
        zero=[0.2] * 5,
        dense=[0.6] * 5,
    )
    found = verdict(test, results_of(scores, rewards=ENDS))
    assert found.parts[0].value == pytest.approx((0.412 - 0.3) / 0.4)
    assert found.outcome == "reproduced"
    del scores["dense"]
    found = verdict(test, results_of(scores, rewards=ENDS))
    assert found.outcome == "cannot be tested at this scale"
    assert "true reward" in found.why


SOLVABLE = Reaches(
    kind="reaches", text="t", method="dense", metric="success", policy="deterministic", value=0.5
)
ABOVE = Above(kind="above", method="text", versus="zero", by=0.1, each_task=True, **RATE)


@pytest.mark.parametrize(
    ("dense", "outcome"),
    [
        ([1.0, 1.0, 1.0, 1.0, 0.0], "reproduced"),  # four of five seeds are enough
        ([1.0, 1.0, 1.0, 0.0, 0.0], "cannot be tested at this scale"),
        (None, "cannot be tested at this scale"),  # the control does not run
    ],
)
def test_a_claim_is_judged_only_if_its_controls_hold(dense, outcome):
    methods = {"text": GOOD, "zero": BAD} | ({"dense": dense} if dense else {})
    ledger = OneClaim(ABOVE, experiment="language", solvable=SOLVABLE)
    (found,) = judge(ledger, results_of(zero_shot(**methods)))
    assert found.outcome == outcome
    assert [control.id for control in found.controls] == ["solvable"]
    assert ("“solvable”" in found.why) == (outcome != "reproduced")


def test_a_task_whose_control_fails_is_left_out_of_the_mean_and_named():
    ledger = OneClaim(
        ABOVE.model_copy(update={"each_task": False}), experiment="language", solvable=SOLVABLE
    )
    scores = zero_shot(
        text={"drawer": GOOD, "door": BAD},
        zero={"drawer": BAD, "door": GOOD},
        dense={"drawer": [1.0] * 5, "door": [0.0] * 5},
    )
    (found,) = judge(ledger, results_of(scores))
    assert found.outcome == "reproduced"
    assert "without door" in found.parts[0].text


def test_a_wrong_sentence_that_trains_as_well_closes_a_claim_about_language():
    wrong = Beats(kind="beats", text="t", method="text", versus="wrong-text", by=0.1, **RATE)
    ledger = OneClaim(ABOVE, experiment="language", wrong=wrong)
    closed = judge(ledger, results_of(zero_shot(text=GOOD, zero=BAD, **{"wrong-text": GOOD})))
    opened = judge(ledger, results_of(zero_shot(text=GOOD, zero=BAD, **{"wrong-text": BAD})))
    assert [v.outcome for v in (*closed, *opened)] == [
        "cannot be tested at this scale",
        "reproduced",
    ]


def test_a_phase_is_compared_with_the_one_before_it():
    scores = {
        "text": {
            "train": {"coffee": BAD},
            "one-demo": {"coffee": [0.9, 0.9, 1.0, 1.0, 0.95]},
        }
    }
    thrice = Times(
        kind="times", method="text", versus_phase="train", phase="one-demo", times=3, **RATE
    )
    found = verdict(thrice, results_of(scores))
    assert found.outcome == "reproduced"
    assert "the same method after train" in found.test
    assert (found.n, found.expected) == (5, 5)


def test_methods_that_skip_a_phase_are_not_waited_for():
    scores = zero_shot(text=GOOD, gail=BAD, dense=[1.0] * 5)
    for method in ("text", "gail"):
        scores[method]["true-reward"] = {"drawer": GOOD if method == "text" else BAD}
    results = results_of(scores)
    test = Above(kind="above", method="text", versus="*", phase="true-reward", by=0.1, **RATE)
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
        by=0.1,
        metric="success",
        policy="stochastic (best-learned)",
    )
    assert "stochastic (best-learned) policy" in verdict(test, results).why


FINETUNED = {
    "train": {"drawer": [0.8] * 5},
    "true-reward": {"drawer": [0.9] * 5},
    "true-reward-abrupt": {"drawer": [0.9] * 5},
}
EARLY = Early(
    kind="early",
    method="text",
    phase="true-reward",
    versus_phase="true-reward-abrupt",
    column="success",
    part=0.2,
    by=0.1,
)


@pytest.mark.parametrize(("abrupt", "outcome"), [(0.1, "reproduced"), (0.76, "not reproduced")])
def test_early_looks_at_the_first_part_of_a_phase_alone(abrupt, outcome):
    curves = {
        ("text", "true-reward"): {10: 0.8, 15: 0.8, 20: 0.8, 80: 0.1, 100: 0.1},
        ("text", "true-reward-abrupt"): {10: abrupt, 15: abrupt, 20: abrupt, 80: 0.9, 100: 0.9},
    }
    found = verdict(EARLY, results_of({"text": FINETUNED}, curves=curves))
    assert found.parts[0].value == pytest.approx(0.8 - abrupt)
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("refit", "outcome"), [(0.92, "cannot be tested at this scale"), (0.2, "not reproduced")]
)
def test_early_needs_room_above_the_other_beginning_to_be_better_not_to_be_worse(refit, outcome):
    steps = (10, 15, 20, 80, 100)
    curves = {
        ("text", "true-reward"): dict.fromkeys(steps, refit),
        ("text", "true-reward-abrupt"): dict.fromkeys(steps, 0.92),
    }
    found = verdict(EARLY, results_of({"text": FINETUNED}, curves=curves))
    assert found.outcome == outcome
    assert ("no room" in found.why) == outcome.startswith("cannot")


def test_early_says_when_curves_are_too_coarse_for_it():
    coarse = {("text", name): {50: 0.8, 100: 0.9} for name in FINETUNED if name != "train"}
    found = verdict(EARLY, results_of({"text": FINETUNED}, curves=coarse))
    assert found.outcome == "cannot be tested at this scale"
    assert "within the first 20 %" in found.why
    assert verdict(EARLY, results_of({"text": FINETUNED})).outcome == "waiting"


HARD = {"drawer": GOOD, "plain": BAD}


def test_a_claim_may_be_about_one_task():
    test = AtLeast(kind="at_least", method="text", value=0.8, task="drawer", **RATE)
    results = results_of(zero_shot(text=HARD))
    assert verdict(test, results).outcome == "reproduced"
    assert verdict(test.model_copy(update={"task": "plain"}), results).outcome == "not reproduced"
    absent = verdict(test.model_copy(update={"task": "door"}), results)
    assert absent.outcome == "not run at this scale"
    assert "door" in absent.why


def test_a_test_against_itself_is_refused():
    with pytest.raises(ValueError, match="against itself"):
        Above(kind="above", method="text", by=0.1, **RATE)


@pytest.mark.parametrize(
    ("fit", "outcome"), [(1.0, "reproduced"), (0.0, "cannot be tested at this scale")]
)
def test_a_network_that_did_not_learn_closes_the_claims_about_its_reward(fit, outcome):
    learned = Separates(kind="separates", text="t", study="alignment", method="text", value=0.7)
    studies = alignment_of({"drawer": {"drawer": fit, "door": 0.0}})
    results = results_of(zero_shot(text=GOOD, zero=BAD), studies=studies)
    (found,) = judge(OneClaim(ABOVE, experiment="language", learned=learned), results)
    assert found.outcome == outcome
    assert "AUC" in found.controls[0].text


@pytest.mark.parametrize(
    ("fits", "holds"),
    [({"box": 1.0, "cup": 1.0, "plate": 0.0}, True), ({"box": 1.0, "cup": 0.0}, False)],
)
def test_a_network_has_to_know_most_of_the_tasks_that_it_has_seen(fits, holds):
    learned = Learned(kind="learned", text="t", study="own", method="text", value=0.7)
    tables = alignment_of({task: {task: fit} for task, fit in fits.items()})
    trained = results_of(zero_shot(text=GOOD, zero=BAD))
    (missing,) = check({"learned": learned}, trained)
    assert missing.holds is None
    settings = {"own": {"tasks": list(fits), "study": {"kind": "alignment"}}}
    results = replace(
        trained,
        comparison=trained.comparison.model_copy(update={"studies": settings}),
        studies={(task, "own"): table for task, table in tables.items()},
    )
    (found,) = check({"learned": learned}, results)
    assert found.holds is holds and found.task == "drawer"
    assert next(task for task, fit in fits.items() if not fit) in found.text
    gone = {("box", "own"): tables["box"]}
    (unknown,) = check({"learned": learned}, replace(results, studies=gone))
    assert unknown.holds is None and "cup" in unknown.text


def test_a_wrong_goal_that_ranks_as_well_is_found():
    wrong = Ranks(kind="ranks", text="t", study="alignment", method="text", over="wrong", by=0.1)
    ledger = OneClaim(ABOVE, experiment="language", wrong=wrong)
    for fit, holds in ((0.0, True), (1.0, False)):
        studies = alignment_of({"drawer": {"drawer": 1.0, "wrong": fit}})
        (found,) = judge(ledger, results_of(zero_shot(text=GOOD, zero=BAD), studies=studies))
        assert found.controls[0].holds is holds


def test_the_best_of_several_methods_may_show_that_the_task_can_be_learned():
    learned = BeatsControl(
        kind="beats_control", text="t", method="*sparse", control="noise", by=0.1, **RATE
    )
    trained = results_of(zero_shot(sparse=[0.0] * 5, **{"hold-sparse": GOOD}, text=GOOD, zero=BAD))
    study = {"of": [], "study": {"kind": "controls", "episodes": 1, "demo": None}}
    for noise, holds in ((0, True), (1, False)):
        row = ("noise", "as it acts", 0, 10, noise, noise, noise, 7.0)
        results = replace(
            trained,
            comparison=trained.comparison.model_copy(update={"studies": {"controls": study}}),
            studies={("drawer", "controls"): Table.of(COLUMNS, [row])},
        )
        (found,) = check({"learned": learned}, results)
        assert found.holds is holds and "hold-sparse" in found.text


def test_one_method_may_be_compared_on_two_tasks():
    test = AboveOn(
        kind="above_on", method="text", task="door", versus_task="drawer", by=0.1, **RATE
    )

    def outcome(door: list[float], drawer: list[float]) -> str:
        return verdict(test, results_of(zero_shot(text={"door": door, "drawer": drawer}))).outcome

    assert outcome(GOOD, BAD) == "reproduced"
    assert outcome(BAD, GOOD) == "not reproduced"
    assert outcome([0.4, 0.5, 0.6, 0.7, 0.8], [0.3, 0.5, 0.6, 0.6, 0.7]) == "inconclusive"
    assert outcome([0.0] * 5, [0.0] * 5) == "cannot be tested at this scale"


def test_a_task_that_does_not_run_cannot_be_compared_with():
    test = AboveOn(kind="above_on", method="text", task="door", versus_task="oven", by=0.1, **RATE)
    found = verdict(test, results_of(zero_shot(text={"door": GOOD, "drawer": BAD})))
    assert found.outcome == "not run at this scale"
    assert "oven" in found.why
