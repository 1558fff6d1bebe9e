import numpy as np
import pytest

from showtell.learners.checkpoints import Best, policy_name
from showtell.learners.progress import Row


def meet(best: Best, *windows: tuple[float, float]) -> Best:
    """Each window is (true return, learned return); its weights say which it was."""
    for number, (true, learned) in enumerate(windows, start=1):
        best.meet(Row(10 * number, 1, true, learned, 0.0), {"a": np.full(2, number)})
    return best


def held(best: Best) -> dict[str, int]:
    return {choice: int(weights["a"][0]) for choice, weights in best.weights.items()}


def test_each_choice_is_the_best_by_its_own_score():
    best = meet(Best(), (1, 5), (3, 4), (2, 3))
    assert held(best) == {"best-learned": 1, "best-true": 2}
    assert best.steps == {"best-learned_step": 10, "best-true_step": 20}


def test_of_equals_it_is_the_later_one():
    assert held(meet(Best(), (1, 0), (1, 0), (0, 0))) == {"best-learned": 3, "best-true": 2}


def test_what_is_kept_does_not_follow_the_training():
    best, weights = Best(), {"a": np.zeros(2)}
    best.meet(Row(1, 1, 0.0, 0.0, 0.0), weights)
    weights["a"] += 1
    assert (best.weights["best-true"]["a"] == 0).all()


def test_what_is_restored_goes_on_comparing():
    again = Best()
    again.restore(meet(Best(), (1, 5), (3, 4)).state())
    assert held(again) == {"best-learned": 1, "best-true": 2}
    best = meet(again, (2, 4.5))
    assert held(best) == {"best-learned": 1, "best-true": 2}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("last", "stochastic"),
        ("best-true", "stochastic (best-true)"),
        ("best-learned", "stochastic (best-learned)"),
    ],
)
def test_a_choice_that_knows_more_is_named_wherever_it_is_shown(choice, expected):
    assert policy_name("stochastic", choice) == expected
