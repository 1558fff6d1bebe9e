"""Networks of several sizes: what falls with size, what α lowers, and what predicts success."""

import pytest

from showtell.claims.controls import Lower, check
from showtell.claims.tests import LowersEach, LowersSmallMore, Predicts, WithSize
from showtell.claims.verdicts import judge
from showtell.results.reading import Comparison, Results
from showtell.results.table import Table
from showtell.study.layout import Run
from tests.claims.test_verdicts import OneClaim, verdict
from tests.results.experiments import listed

SIZES = {"text-a": 10, "text-b": 100, "text-c": 1000, "text": 10_000}
ROWS = {"study": "epic", "column": "epic", "rows": {"against": "success"}}
FALLS = WithSize(kind="with_size", method="text*", linear=0.9, **ROWS)
ALPHA = {"method": "text*", "than": {"alpha": 0}, **ROWS}
RATE = {"metric": "success", "policy": "stochastic"}


def results_of(values, *, sizes=None, error=0.005, success=None, alphas=None, seeds=5):
    """EPIC by method; two methods differ for certain if they do so by more than 1.96 errors."""
    sizes = sizes or SIZES
    rewards = {name: {"kind": "clip", "alpha": (alphas or {}).get(name, 0)} for name in values}
    plan = Comparison(
        root=0,
        address=("vlm_rm", "humanoid-models"),
        paper="vlm_rm",
        experiment="cartpole",
        tasks=("kneeling",),
        methods=listed(rewards),
        seeds=seeds,
        evaluate={"episodes": 4, "actions": ["stochastic"]},
        studies={"epic": {"of": list(values), "study": {"kind": "epic"}}},
    )
    rows = []
    for name, value in values.items():
        named = (name, sizes.get(name), "success")
        rows.append((*named, "", value, None, None, None, None))
        for other, than in values.items():
            if other == name:
                continue
            if value is None or than is None:
                rows.append((*named, other, None, None, None, None, None))
                continue
            gap, half = value - than, 1.959964 * error
            lower = 0.001 if gap < -half else 1.0 if gap > half else 0.4
            higher = 0.001 if gap > half else 1.0 if gap < -half else 0.4
            rows.append((*named, other, gap, gap - half, gap + half, lower, higher))
    columns = ("method", "parameters", "against", "versus")
    table = Table.of((*columns, "epic", "low", "high", "p_lower", "p_higher"), rows)
    scored = {
        Run("kneeling", name, seed, "train"): {"stochastic": {"success": rate}}
        for name, rates in (success or {}).items()
        for seed, rate in enumerate(rates)
    }
    return Results(plan, scored, {}, {("kneeling", "epic"): table})


def named(*values):
    return dict(zip(SIZES, values, strict=True))


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        (named(0.6, 0.5, 0.4, 0.3), "reproduced"),
        (named(0.3, 0.4, 0.5, 0.6), "not reproduced"),
        (named(0.6, 0.5, 0.499, 0.3), "inconclusive"),  # one step is within the noise of the states
        (named(0.6, 0.59, 0.58, 0.1), "not reproduced"),  # falls, but far from a line: r = −0.80
        (named(0.6, 0.5, 0.4, None), "cannot be tested at this scale"),  # a constant reward
    ],
)
def test_a_number_falls_with_size_along_a_line(values, outcome):
    assert verdict(FALLS, results_of(values)).outcome == outcome


def test_the_line_is_over_the_logarithm_of_the_size():
    *steps, line = verdict(FALLS, results_of(named(0.6, 0.5, 0.4, 0.3))).parts
    assert [part.value for part in steps] == pytest.approx([-0.1] * 3)
    assert line.value == pytest.approx(-1.0)  # over the sizes themselves it would be −0.77
    assert (line.p_holds, line.p_fails) == (0.0, 1.0)


def test_a_number_may_rise_instead_in_any_shape():
    test = FALLS.model_copy(update={"rises": True, "linear": None})
    assert verdict(test, results_of(named(0.1, 0.2, 0.3, 0.9))).outcome == "reproduced"
    assert len(verdict(test, results_of(named(0.1, 0.2, 0.3, 0.9))).parts) == 3
    assert verdict(test, results_of(named(0.6, 0.5, 0.4, 0.3))).outcome == "not reproduced"


def test_methods_come_in_the_order_of_their_networks_not_of_the_parameters():
    sizes = {"text-a": 10_000, "text-b": 1000, "text-c": 100, "text": 10}
    found = verdict(FALLS, results_of(named(0.3, 0.4, 0.5, 0.6), sizes=sizes))
    assert found.outcome == "reproduced"


def test_one_size_is_not_enough_and_a_method_without_a_network_is_no_size():
    assert verdict(FALLS, results_of({"text": 0.4})).outcome == "not run at this scale"
    values = {**named(0.6, 0.5, 0.4, 0.3), "text-oracle": 0.0}
    assert verdict(FALLS, results_of(values)).outcome == "reproduced"


STRENGTHS = {"text-a": 0, "text-a1": 0.5, "text-a2": 1, "text-b": 0, "text-b1": 0.5, "text-b2": 1}
OF_TWO = {name: 10 if "a" in name else 100 for name in STRENGTHS}


def of_two(*values):
    by_name = dict(zip(STRENGTHS, values, strict=True))
    return results_of(by_name, sizes=OF_TWO, alphas=STRENGTHS)


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ((0.5, 0.4, 0.6, 0.3, 0.2, 0.4), "reproduced"),  # one strength of each is enough
        ((0.5, 0.4, 0.6, 0.3, 0.4, 0.4), "not reproduced"),  # with the larger none does
        ((0.5, 0.4, 0.6, 0.3, 0.299, 0.4), "inconclusive"),
    ],
)
def test_in_each_network_some_strength_lowers_the_number(values, outcome):
    found = verdict(LowersEach(kind="lowers_each", **ALPHA), of_two(*values))
    assert found.outcome == outcome
    assert [part.method for part in found.parts] == ["text-a1", "text-b1"]


def test_simes_corrects_for_the_number_of_strengths():
    found = verdict(LowersEach(kind="lowers_each", **ALPHA), of_two(0.5, 0.4, 0.6, 0.3, 0.2, 0.4))
    assert found.parts[0].p_holds == pytest.approx(0.002)  # 2 times 0.001


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ((0.5, 0.3, 0.6, 0.3, 0.28, 0.4), "reproduced"),  # lower by 0.2 and by 0.02
        ((0.5, 0.48, 0.6, 0.3, 0.1, 0.4), "not reproduced"),
        ((0.5, 0.48, 0.6, 0.3, 0.285, 0.4), "inconclusive"),  # by 0.02 and 0.015, ± 0.02
    ],
)
def test_small_networks_gain_more(values, outcome):
    found = verdict(LowersSmallMore(kind="lowers_small_more", **ALPHA), of_two(*values))
    assert found.outcome == outcome


def test_standard_errors_of_two_gains_are_added():
    test = LowersSmallMore(kind="lowers_small_more", **ALPHA)
    (part,) = verdict(test, of_two(0.5, 0.48, 0.6, 0.3, 0.29, 0.4)).parts
    assert part.value == pytest.approx(0.01)
    assert part.high - part.value == pytest.approx(1.959964 * (0.005 + 0.005))
    assert part.p_holds == pytest.approx(0.158655, abs=1e-4)  # one standard error above 0


PREDICTS = Predicts(kind="predicts", method="text*", **ROWS, **RATE)


@pytest.mark.parametrize(
    ("rates", "value", "p"),
    [
        ((0.0, 0.2, 0.4, 1.0), -1.0, 1 / 24),  # one order of 24
        ((0.0, 0.0, 0.0, 1.0), -0.774597, 6 / 24),  # the paper's: three ties
        ((1.0, 0.4, 0.2, 0.0), 1.0, 1.0),
    ],
)
def test_prediction_is_a_rank_correlation_with_an_exact_permutation_test(rates, value, p):
    success = {name: [rate] * 5 for name, rate in named(*rates).items()}
    found = verdict(PREDICTS, results_of(named(0.6, 0.5, 0.4, 0.3), success=success))
    assert found.parts[0].value == pytest.approx(value, abs=1e-5)
    assert found.parts[0].p_holds == pytest.approx(p)


def test_equal_success_predicts_nothing_and_without_agents_nothing_is_run():
    epic = named(0.6, 0.5, 0.4, 0.3)
    alike = results_of(epic, success={name: [0.0] * 5 for name in SIZES})
    assert verdict(PREDICTS, alike).outcome == "cannot be tested at this scale"
    assert verdict(PREDICTS, results_of(epic, seeds=0)).outcome == "not run at this scale"
    assert verdict(PREDICTS, results_of(epic)).outcome == "waiting"


CONTROL = {"kind": "lower", "text": "t", "method": "text", **ROWS, "by": 0.05}


@pytest.mark.parametrize(
    ("other", "holds"), [(0.36, True), (0.34, False), (0.1, False), (None, True)]
)
def test_a_control_asks_for_a_number_below_that_of_another_reward(other, holds):
    control = Lower(versus="wrong", **CONTROL)
    (found,) = check({"c": control}, results_of({"text": 0.3, "wrong": other}))
    assert found.holds is holds


def test_a_claim_whose_control_fails_or_is_missing_cannot_be_tested():
    results = results_of({**named(0.6, 0.5, 0.4, 0.3), "wrong": 0.3})
    for versus in ("wrong", "untrained"):
        ledger = OneClaim(FALLS, c=Lower(versus=versus, **CONTROL))
        (found,) = judge(ledger, results)
        assert found.outcome == "cannot be tested at this scale"
        assert "“c”" in found.why
