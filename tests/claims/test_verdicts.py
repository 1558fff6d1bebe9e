"""Verdicts: what the intervals decide, and what stays open."""

import pytest

from showtell.claims.ledger import Claim
from showtell.claims.tests import Above, AtLeast, LandscapePeak, Order, SameShape
from showtell.claims.verdicts import judge, not_run

RATE = {"metric": "success", "policy": "stochastic"}


class OneClaim:
    """As much of a ledger as a judge looks at."""

    def __init__(self, test, experiment="cartpole"):
        self.claims = (
            Claim(id="c", text="t", where="w", experiment=experiment, measured="m", test=test),
        )


def verdict(test, results):
    (found,) = judge(OneClaim(test), results)
    return found


def above(**change):
    return Above(**{"kind": "above", "method": "text*", "versus": "zero"} | RATE | change)


def at_least(value, **change):
    return AtLeast(**{"kind": "at_least", "method": "text*", "value": value} | RATE | change)


@pytest.mark.parametrize(
    ("text", "zero", "outcome"),
    [
        ([0.9, 0.95, 1.0], [0.0, 0.05, 0.1], "reproduced"),
        ([0.0, 0.05, 0.1], [0.9, 0.95, 1.0], "not reproduced"),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], "not reproduced"),  # equal is not above
        ([0.1, 0.5, 0.9], [0.2, 0.4, 0.6], "inconclusive"),
        ([0.9, 1.0], [0.0, 0.0], "inconclusive"),  # two seeds decide nothing
        ([1.0], [0.0], "inconclusive"),  # nor does one
    ],
)
def test_above_asks_that_the_interval_of_the_difference_leaves_zero(
    make_results, text, zero, outcome
):
    results = make_results({"text": {"cartpole": text}, "zero": {"cartpole": zero}})
    found = verdict(above(), results)
    assert found.outcome == outcome
    assert (found.n, found.expected) == (len(text), 3)
    assert found.parts[0].value == pytest.approx(sum(text) / len(text) - sum(zero) / len(zero))


def test_a_single_seed_has_no_interval_and_says_so(make_results):
    results = make_results({"text": {"cartpole": [1.0]}, "zero": {"cartpole": [0.0]}})
    found = verdict(above(), results)
    assert found.parts[0].low is None
    assert "no interval" in found.parts[0].text
    assert "Fewer than 3 seeds" in found.why


def test_at_least_holds_only_when_the_whole_interval_reaches_the_value(make_results):
    good = make_results({"text": {"cartpole": [1.0, 1.0, 1.0]}})
    mixed = make_results({"text": {"cartpole": [0.9, 1.0, 1.0]}})
    bad = make_results({"text": {"cartpole": [0.9, 0.9, 0.8]}})
    outcomes = [verdict(at_least(0.995), results).outcome for results in (good, mixed, bad)]
    assert outcomes == ["reproduced", "inconclusive", "not reproduced"]


@pytest.mark.parametrize(
    ("share", "levels", "outcome"),
    [
        ("every", [1.0, 1.0, 1.0], "reproduced"),
        ("every", [1.0, 1.0, 0.0], "not reproduced"),
        ("most", [1.0, 1.0, 0.0], "reproduced"),
        ("most", [1.0, 0.0], "not reproduced"),  # half is not most
        ("any", [1.0, 0.0, 0.0], "reproduced"),
        ("any", [0.0, 0.0, 0.0], "not reproduced"),
        ("every", [1.0, None], "inconclusive"),  # one method has no results yet
        ("most", [0.0, 0.0, None], "not reproduced"),  # whatever the last one brings
    ],
)
def test_shares_of_methods(make_results, share, levels, outcome):
    scores = {
        f"text-alpha{place}": {} if level is None else {"cartpole": [level] * 3}
        for place, level in enumerate(levels)
    }
    found = verdict(at_least(0.5, share=share), make_results(scores))
    assert found.outcome == outcome
    assert ("Waiting for" in found.why) == (None in levels)


def test_seeds_are_those_of_the_method_with_fewest(make_results):
    results = make_results(
        {"text": {"cartpole": [1.0] * 5}, "zero": {"cartpole": [0.0] * 4}}, seeds=5
    )
    found = verdict(above(), results)
    assert (found.n, found.expected, found.outcome) == (4, 5, "reproduced")


def test_claims_wait_until_something_is_judged(make_results):
    found = verdict(above(), make_results({"text": {}, "zero": {}}))
    assert found.outcome == "waiting"


def test_methods_that_the_grid_lacks_are_named(make_results):
    found = verdict(above(versus="random"), make_results({"text": {"cartpole": [1.0] * 3}}))
    assert found.outcome == "not run at this scale"
    assert "random" in found.why


def test_claims_about_other_experiments_are_not_judged(make_results):
    ledger = OneClaim(above(), experiment="humanoid")
    assert judge(ledger, make_results({"text": {"cartpole": [1.0] * 3}})) == []
    assert not_run(ledger.claims[0]).outcome == "not run at this scale"


ALPHAS = {
    "text-alpha0": {"kind": "clip", "alpha": 0.0},
    "text-alpha1": {"kind": "clip", "alpha": 1.0},
}


def curve(method, peak):
    return [(method, x / 10, -abs(x / 10 - peak)) for x in range(-4, 5)]


def test_landscape_peak_is_judged_on_every_curve(make_results):
    test = LandscapePeak(
        kind="landscape_peak", study="pole-angle", method="text*", at=0.0, within=0.15, unit="rad"
    )
    scores = {name: {} for name in ALPHAS}
    near = curve("text-alpha0", 0.0) + curve("text-alpha1", 0.1)
    far = curve("text-alpha0", 0.0) + curve("text-alpha1", -0.3)
    found = verdict(test, make_results(scores, rewards=ALPHAS, landscape=near))
    assert found.outcome == "reproduced"
    assert [part.value for part in found.parts] == [0.0, 0.1]
    assert found.n is None  # a fixed model has no seeds
    assert verdict(test, make_results(scores, rewards=ALPHAS, landscape=far)).outcome == (
        "not reproduced"
    )


def test_same_shape_is_the_rank_correlation_with_the_reference(make_results):
    test = SameShape(
        kind="same_shape", study="pole-angle", method="text*", reference={"alpha": 0}, value=0.9
    )
    scores = {name: {} for name in ALPHAS}
    rows = [("text-alpha0", x, x) for x in range(5)]
    same = [("text-alpha1", x, x**3) for x in range(5)]
    other = [("text-alpha1", x, -x) for x in range(5)]
    results = make_results(scores, rewards=ALPHAS, landscape=rows + same)
    assert verdict(test, results).parts[0].value == pytest.approx(1.0)
    assert verdict(test, results).outcome == "reproduced"
    results = make_results(scores, rewards=ALPHAS, landscape=rows + other)
    assert verdict(test, results).outcome == "not reproduced"


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        ((0.2, 0.18, 0.22), "reproduced"),
        ((0.6, 0.58, 0.62), "not reproduced"),
        ((0.39, 0.37, 0.41), "inconclusive"),
        ((0.2, None, None), "inconclusive"),  # no interval, no verdict
    ],
)
def test_order_asks_that_intervals_are_apart(make_results, other, outcome):
    test = Order(
        kind="order",
        study="distance",
        column="epic",
        rows={"against": "success"},
        method="text*",
        than={"alpha": 0},
    )
    rows = [("text-alpha0", 0.4, 0.38, 0.42), ("text-alpha1", *other)]
    results = make_results({name: {} for name in ALPHAS}, rewards=ALPHAS, epic=rows)
    assert verdict(test, results).outcome == outcome


def test_comparing_strengths_needs_two_of_them(make_results):
    test = SameShape(
        kind="same_shape", study="pole-angle", method="text*", reference={"alpha": 0}, value=0.9
    )
    only = {"text-alpha0": ALPHAS["text-alpha0"]}
    found = verdict(test, make_results({"text-alpha0": {}}, rewards=only))
    assert found.outcome == "not run at this scale"


def test_verdicts_are_the_same_bytes_every_time(make_results):
    def made():
        scores = {"text": {"cartpole": [0.7, 0.9, 0.8]}, "zero": {"cartpole": [0.1, 0.3, 0.2]}}
        return verdict(above(), make_results(scores)).model_dump_json()

    assert made() == made()
