"""One decision from many parts: corrections for their number, by hand-computed cases."""

import numpy as np
import pytest

from showtell.claims.decisions import LEVEL, at_least, decide, holm


def test_holm_steps_down_and_never_falls():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(
    ("values", "needed", "expected"),
    [
        ([0.01, 0.02, 0.20], 3, 0.20),  # all three: the largest
        ([0.01, 0.02, 0.20], 1, 0.03),  # one of three: three times the smallest
        ([0.03, 0.03, 0.03], 1, 0.03),  # Simes: three alike count as one
        ([0.01, 0.02, 0.20], 2, 0.04),
        ([0.031] * 5, 3, 0.031),
    ],
)
def test_at_least_so_many_of_the_parts(values, needed, expected):
    assert at_least(values, needed) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("holds", "fails", "share", "decided"),
    [
        ([0.01, 0.02], [0.9, 0.9], "every", True),
        ([0.01, 0.2], [0.9, 0.9], "every", None),
        ([0.9, 0.9], [0.01, 0.9], "every", False),
        ([0.01, 0.9], [0.9, 0.01], "most", False),  # half is not most
        ([0.01, 0.9], [0.9, 0.9], "any", True),
        ([0.04, 0.9], [0.9, 0.9], "any", None),  # 2 x 0.04
        ([], [], "every", None),
    ],
)
def test_enough_parts_decide(holds, fails, share, decided):
    assert decide(holds, fails, share) is decided


@pytest.mark.parametrize("share", ["every", "most", "any"])
def test_six_parts_without_any_effect_are_rarely_decided(share):
    """Uniform p-values are what a valid test has where nothing is true."""
    draw = np.random.default_rng(0)
    wrong = [
        sum(decide(list(draw.random(6)), list(draw.random(6)), share) is side for _ in range(1500))
        / 1500
        for side in (True, False)
    ]
    assert max(wrong) <= LEVEL + 0.02
