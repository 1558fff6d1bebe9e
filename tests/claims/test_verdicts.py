"""Verdicts: what the intervals decide, and what stays open."""

import pytest

from showtell.claims.ledger import Claim
from showtell.claims.tests import Above, AtLeast, AtMost, LandscapePeak, Order, Rises, SameShape
from showtell.claims.verdicts import judge, not_run

RATE = {"metric": "success", "policy": "stochastic"}


class OneClaim:
    """As much of a ledger as a judge looks at."""

    def __init__(self, test, experiment="cartpole", **controls):
        self._controls = controls
        facts = {"text": "t", "where": "w", "experiment": experiment, "measured": "m"}
        self.claims = (Claim(id="c", test=test, controls=tuple(controls), **facts),)

    def controls_of(self, experiment):
        return self._controls


def verdict(test, results):
    (found,) = judge(OneClaim(test), results)
    return found


def above(**change):
    return Above(
        **{"kind": "above", "method": "text*", "versus": "zero", "by": 0.1} | RATE | change
    )


def at_least(value, **change):
    return AtLeast(**{"kind": "at_least", "method": "text*", "value": value} | RATE | change)


LOW, HIGH = [0.0, 0.02, 0.04, 0.06, 0.08], [0.8, 0.85, 0.9, 0.92, 0.98]


@pytest.mark.parametrize(
    ("text", "zero", "outcome"),
    [
        (HIGH, LOW, "reproduced"),
        (LOW, HIGH, "not reproduced"),
        ([0.5] * 5, [0.5] * 5, "not reproduced"),  # equal on every seed is not above
        ([0.1, 0.3, 0.5, 0.7, 0.9], [0.2, 0.3, 0.4, 0.5, 0.6], "inconclusive"),
        ([0.55] * 5, [0.5] * 5, "not reproduced"),  # less than what matters
        (HIGH[:4], LOW[:4], "inconclusive"),  # four seeds decide nothing
        ([1.0], [0.0], "inconclusive"),
        ([0.0] * 5, [0.0] * 5, "cannot be tested at this scale"),
        ([1.0] * 5, [1.0] * 5, "cannot be tested at this scale"),
    ],
)
def test_above_asks_for_a_difference_that_chance_does_not_make(make_results, text, zero, outcome):
    results = make_results({"text": {"cartpole": text}, "zero": {"cartpole": zero}})
    found = verdict(above(), results)
    assert found.outcome == outcome
    assert (found.n, found.expected) == (len(text), 5)
    assert found.parts[0].value == pytest.approx(sum(text) / len(text) - sum(zero) / len(zero))


def test_too_few_seeds_are_a_range_and_say_so(make_results):
    results = make_results({"text": {"cartpole": [1.0]}, "zero": {"cartpole": [0.0]}})
    found = verdict(above(), results)
    assert found.parts[0].low is None
    assert "one seed" in found.parts[0].text
    results = make_results({"text": {"cartpole": [0.9, 1.0]}, "zero": {"cartpole": [0.0, 0.2]}})
    found = verdict(above(), results)
    assert (found.parts[0].low, found.parts[0].high) == pytest.approx((0.7, 1.0))
    assert "range" in found.why


def test_at_least_asks_that_most_seeds_reach_the_value(make_results):
    good = make_results({"text": {"cartpole": [1.0] * 5}})
    mixed = make_results({"text": {"cartpole": [0.9, 1.0, 1.0, 1.0, 1.0]}})
    bad = make_results({"text": {"cartpole": [0.9] * 5}})
    outcomes = [verdict(at_least(0.995), results).outcome for results in (good, mixed, bad)]
    assert outcomes == ["reproduced", "inconclusive", "not reproduced"]
    at_most = AtMost(kind="at_most", method="text*", value=0.995, **RATE)
    assert verdict(at_most, bad).outcome == "reproduced"
    assert verdict(at_most, good).outcome == "not reproduced"


@pytest.mark.parametrize(
    ("share", "levels", "outcome"),
    [
        ("every", [1.0, 1.0, 1.0], "reproduced"),
        ("every", [1.0, 1.0, 0.0], "inconclusive"),  # one of three at five seeds: p = 3/32
        ("every", [0.0, 0.0, 0.0], "not reproduced"),
        ("every", [1.0, 0.0], "inconclusive"),
        ("most", [1.0, 1.0, 1.0, 1.0, 1.0], "reproduced"),
        ("most", [0.0, 0.0, 0.0], "not reproduced"),
        ("any", [1.0, 1.0, 1.0], "reproduced"),
        ("any", [0.0, 0.0, 0.0], "not reproduced"),
        ("every", [1.0, None], "waiting"),  # one method has no results yet
        ("every", [0.0, 0.0, 0.0, 0.0, None], "not reproduced"),  # whatever the last one brings
    ],
)
def test_shares_of_methods(make_results, share, levels, outcome):
    scores = {
        f"text-alpha{place}": {} if level is None else {"cartpole": [level] * 5}
        for place, level in enumerate(levels)
    }
    found = verdict(at_least(0.5, share=share), make_results(scores))
    assert found.outcome == outcome


def test_seeds_are_those_of_the_method_with_fewest(make_results):
    results = make_results({"text": {"cartpole": [*HIGH, 1.0]}, "zero": {"cartpole": LOW}}, seeds=6)
    found = verdict(above(), results)
    assert (found.n, found.expected, found.outcome) == (5, 6, "reproduced")


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


@pytest.mark.parametrize(
    ("slope", "below", "outcome"),
    [
        (1.0, False, "reproduced"),
        (1.0, True, "not reproduced"),
        (-1.0, False, "not reproduced"),
        (-1.0, True, "reproduced"),
        (0.0, True, "cannot be tested at this scale"),  # a constant reward has no shape
    ],
)
def test_rises_looks_at_a_part_of_the_curve_alone(make_results, slope, below, outcome):
    test = Rises(
        kind="rises", study="pole-angle", method="text*", low=0, high=4, value=0.9, below=below
    )
    rows = [("text-alpha0", x, slope * x if x >= 0 else 5 - x) for x in range(-4, 5)]
    results = make_results({"text-alpha0": {}}, rewards=ALPHAS, landscape=rows)
    assert verdict(test, results).outcome == outcome


def test_where_no_agent_is_trained_claims_about_agents_are_not_run(make_results):
    results = make_results({"text": {}, "zero": {}}, seeds=0)
    assert verdict(above(), results).outcome == "not run at this scale"
    test = LandscapePeak(
        kind="landscape_peak", study="pole-angle", method="text*", at=0.0, within=0.15, unit="rad"
    )
    results = make_results(
        {"text-alpha0": {}}, seeds=0, rewards=ALPHAS, landscape=curve("text-alpha0", 0.0)
    )
    assert verdict(test, results).outcome == "reproduced"


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
        ((0.2, None, None), "cannot be tested at this scale"),  # a constant reward
    ],
)
def test_order_asks_for_a_difference_over_the_same_states(make_results, other, outcome):
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
