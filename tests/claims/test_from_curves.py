"""Claims about training logs: how soon a level is reached, and how much sooner than by another."""

import pytest

from showtell.claims.tests import Sooner, Within
from showtell.claims.verdicts import judge
from tests.claims.test_verdicts import OneClaim
from tests.results.trainings import results_of

STEPS = range(10, 410, 10)
SOONER = Sooner(kind="sooner", method="hold", versus="sparse", column="success", times=2)


def rising(at: int) -> dict[int, float]:
    """0 at first, 1 from a step on; the mean of the latest three points is 1 two points later."""
    return {step: float(step >= at) for step in STEPS}


def verdict(hold, sparse, test=SOONER):
    curves = {("hold", "train"): hold, ("sparse", "train"): sparse}
    scores = {name: {"train": {"drawer": [0.5] * 5}} for name in ("hold", "sparse")}
    (found,) = judge(OneClaim(test, experiment="language"), results_of(scores, curves=curves))
    return found


@pytest.mark.parametrize(
    ("hold", "sparse", "outcome"),
    [
        (20, 180, "reproduced"),
        (100, 120, "not reproduced"),
        (20, 10_000, "reproduced"),  # never, in ten times the steps
        (180, 10_000, "inconclusive"),  # never, in twice the steps: it may be more
        (10_000, 10_000, "inconclusive"),
    ],
)
def test_steps_to_a_level_are_compared_seed_by_seed(hold, sparse, outcome):
    test = SOONER.model_copy(update={"level": 0.9})
    assert verdict(rising(hold), rising(sparse), test).outcome == outcome


def test_the_factor_is_that_of_the_steps():
    found = verdict(rising(20), rising(140))
    assert found.parts[0].text.startswith("4.0 times the steps to success 0.9")  # 160 and 40
    assert "5 of 5 seeds of “hold”" in found.parts[0].text
    least = verdict(rising(20), rising(10_000))
    assert least.parts[0].text.startswith("at least 10.0 times")
    assert "0 of 5 seeds of “sparse”" in least.parts[0].text


def test_a_method_that_never_reaches_the_level_itself_is_never_sooner():
    test = SOONER.model_copy(update={"level": 0.9})
    found = verdict(rising(10_000), rising(40), test)
    assert found.outcome == "not reproduced"


def test_a_method_that_does_not_run_is_named():
    test = SOONER.model_copy(update={"versus": "sparse-long"})
    found = verdict(rising(20), rising(140), test)
    assert found.outcome == "not run at this scale"
    assert "sparse-long" in found.why


WITHIN = Within(kind="within", method="hold", column="success", level=0.9, steps=100)


@pytest.mark.parametrize(
    ("at", "steps", "outcome"),
    [
        (60, 100, "reproduced"),  # the mean of three rows gets there two rows later
        (200, 100, "not reproduced"),
        (60, 1_000, "reproduced"),  # in a shorter training already
        (10_000, 1_000, "cannot be tested at this scale"),  # a shorter training says nothing
    ],
)
def test_most_seeds_have_to_reach_a_level_in_time(at, steps, outcome):
    found = verdict(rising(at), rising(at), WITHIN.model_copy(update={"steps": steps}))
    assert found.outcome == outcome


def test_a_claim_about_one_task_counts_that_task_alone():
    test = WITHIN.model_copy(update={"tasks": ("drawer",)})
    assert verdict(rising(60), rising(60), test).outcome == "reproduced"
    test = WITHIN.model_copy(update={"tasks": ("faucet",)})
    found = verdict(rising(60), rising(60), test)
    assert found.outcome == "not run at this scale" and "faucet" in found.why
