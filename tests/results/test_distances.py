"""Areas, shares and leads of a study of distances, computed by hand."""

import numpy as np
import pytest

from showtell.claims.descriptions import describe
from showtell.claims.tests import Separates
from showtell.claims.verdicts import judge
from showtell.results.distances import area, curve, fits, lead
from showtell.results.reading import Comparison, Results
from showtell.results.table import Table
from tests.claims.test_verdicts import OneClaim
from tests.results.experiments import listed

COLUMNS = (
    "method", "scene", "kind", "rollout", "success", "start", "end", "least", "least_at", "mean",
    "spearman", "stage", "distances", "staged",
)  # fmt: skip
MOMENTS = {"start": 2.0, "goal": 0.0, "thing unmoved": 0.5, "arm at start": 1.5}
# Kind, success, distance at the end; successes at 0.1 and 0.6.
ENDS = [
    ("script", 1, 0.1), ("noisy", 1, 0.6), ("miss", 0, 0.5), ("miss", 0, 0.6), ("stalled", 0, 0.9),
    ("stalled", 0, 0.05), ("random", 0, 1.0),
]  # fmt: skip


def rows(method, ends=ENDS, moments=MOMENTS, scene="same"):
    found = [
        (method, scene, kind, at, success, 2.0, end, end, 0.75, 1.0, 0.5, 0, "2 1 0.1", "2 1 0.1")
        for at, (kind, success, end) in enumerate(ends)
    ]
    return found + [
        (method, scene, kind, 0, None, None, end, *[None] * 7) for kind, end in moments.items()
    ]


def table(*several):
    return Table.of(COLUMNS, [row for found in several for row in found])


def test_areas_are_shares_of_pairs_in_order():
    alone = table(rows("pixels"))
    assert area(alone, "miss") == pytest.approx((2 + 0 + 0.5) / 4)
    assert area(alone, "stalled") == pytest.approx((1 + 1) / 4)
    # Of 5 others the success at 0.1 beats 4, that at 0.6 beats 2 and ties with 1.
    assert area(alone, "all") == pytest.approx((4 + 2.5) / 10)
    (fit,) = fits(alone)
    assert (fit.auc, fit.auc_miss, fit.auc_stalled) == tuple(
        area(alone, against) for against in ("all", "miss", "stalled")
    )


def test_shares_are_parts_of_the_way_from_start_to_goal():
    (fit,) = fits(table(rows("pixels")))
    assert (fit.thing_share, fit.arm_share) == (0.25, 0.75)
    away = {"start": 2.0, "goal": 1.0, "thing unmoved": 1.5, "arm at start": 2.0}
    (fit,) = fits(table(rows("pixels", moments=away)))
    assert (fit.thing_share, fit.arm_share) == (0.5, 1.0)
    (fit,) = fits(table(rows("pixels", moments=away | {"goal": 1.9})))
    assert np.isnan([fit.thing_share, fit.arm_share]).all()


def test_only_successes_of_the_script_are_correlated_with_time():
    (fit,) = fits(table(rows("pixels")))
    assert (fit.spearman, fit.least_at) == (0.5, 0.75)
    (fit,) = fits(table(rows("pixels", ends=[("script", 0, 0.3), *ENDS[1:]])))
    assert np.isnan(fit.spearman)


def test_without_a_success_nothing_is_ranked():
    failed = table(rows("pixels", ends=[(kind, 0, end) for kind, _, end in ENDS]))
    assert np.isnan(area(failed, "all"))
    dice = np.random.default_rng(0)
    assert lead({"task": failed}, "pixels", "pixels", "same", "all", dice) is None


def test_a_lead_is_the_mean_over_tasks_with_an_interval_over_rollouts():
    better = [(kind, success, end - success) for kind, success, end in ENDS]
    both = table(rows("network", ends=better), rows("pixels"))
    dice = np.random.default_rng(0)
    found = lead({"one": both, "other": both}, "network", "pixels", "same", "all", dice)
    assert (found.one, found.other) == (1.0, pytest.approx(0.65))
    assert found.gap.value == pytest.approx(0.35)
    assert 0 < found.gap.low < 0.35 < found.gap.high < 1
    assert found.p_behind < 0.05 < found.p_ahead
    same = lead({"one": both}, "pixels", "pixels", "same", "all", dice)
    assert same.gap[:3] == (0, 0, 0) and same.p_behind == same.p_ahead == 1
    assert lead({"one": both}, "network", "pixels", "light", "all", dice) is None


def test_curves_have_one_row_a_rollout():
    assert curve(table(rows("pixels")).where(kind="miss"), "staged").tolist() == [[2, 1, 0.1]] * 2


BETTER = [(kind, success, end - success) for kind, success, end in ENDS]


def verdict(tables, **change):
    settings = {
        "kind": "separates", "study": "before", "method": "network", "versus": ("pixels",),
        "scenes": ("same",), "against": "all",
    }  # fmt: skip
    names = [*next(iter(tables.values())).distinct("method")]
    plan = Comparison(
        root=0, address=("hold", "drawer"), paper="hold", experiment="drawer",
        tasks=tuple(tables), methods=listed({name: {"kind": "distance"} for name in names}),
        seeds=1, evaluate={"episodes": 1, "actions": ["stochastic"]},
        studies={"before": {"of": names, "study": {"kind": "distances"}}},
    )  # fmt: skip
    results = Results(plan, {}, {}, {(task, "before"): found for task, found in tables.items()})
    test = Separates(**settings | change)
    (found,) = judge(OneClaim(test, "drawer"), results)
    return found


def test_a_claim_asks_for_a_larger_area_than_that_of_each_other_method():
    many = [(k, s, e + at / 1e3) for at in range(4) for k, s, e in ENDS]
    few = [(k, s, e - s) for k, s, e in many]
    ahead = {"one": table(rows("network", ends=few), rows("pixels", ends=many))}
    found = verdict(ahead)
    assert found.outcome == "reproduced" and found.n is None
    assert found.parts[0].value == pytest.approx(
        1 - area(ahead["one"].where(method="pixels"), "all")
    )
    behind = {"one": table(rows("network", ends=many), rows("pixels", ends=few))}
    assert verdict(behind).outcome == "not reproduced"
    same = {"one": table(rows("network", ends=many), rows("pixels", ends=many))}
    assert verdict(same).outcome == "inconclusive"


def test_an_area_that_is_smaller_by_less_than_the_margin_is_no_worse():
    many = [(k, s, e + at / 1e3) for at in range(4) for k, s, e in ENDS]
    better = [(k, s, e - s) for k, s, e in many]
    same = {"one": table(rows("network", ends=many), rows("pixels", ends=many))}
    assert verdict(same, margin=0.05).outcome == "reproduced"
    behind = {"one": table(rows("network", ends=many), rows("pixels", ends=better))}
    assert verdict(behind, margin=0.05).outcome == "not reproduced"
    assert verdict(same, margin=0.05).line == -0.05


def test_a_scene_that_was_not_measured_leaves_the_claim_open():
    many = [(k, s, e + at / 1e3) for at in range(4) for k, s, e in BETTER]
    worse = [(k, s, e + s) for k, s, e in many]
    ahead = {"one": table(rows("network", ends=many), rows("pixels", ends=worse))}
    found = verdict(ahead, scenes=("same", "turned"))
    assert found.outcome == "not run at this scale" and "turned" in found.why
    found = verdict(ahead, versus=("pixels", "untrained"))
    assert found.outcome == "not run at this scale" and "untrained" in found.why
    assert "turned" in describe(
        Separates(kind="separates", study="before", method="network", versus="pixels",
                  scenes=("same", "turned"), against="miss")
    )  # fmt: skip
