"""Cohen's kappa on cases computed by hand."""

import math

import pytest

from showtell.labels.agreement import Agreement, agreements, kappa


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # rows: the first rater's yes and no; columns: the second's.
        ([[20, 5], [10, 15]], 0.4),  # 35/50 agree; 0.5 * 0.6 + 0.5 * 0.4 = 0.5 by chance
        ([[45, 15], [25, 15]], 6 / 46),  # 0.60 agree; 0.54 by chance
        ([[5, 0], [0, 5]], 1.0),
        ([[0, 5], [5, 0]], -1.0),
        ([[4, 4], [4, 4]], 0.0),
    ],
)
def test_two_labels(table, expected):
    cells = [
        (a, b, n)
        for a, row in zip("yn", table, strict=True)
        for b, n in zip("yn", row, strict=True)
    ]
    one = [a for a, _, n in cells for _ in range(n)]
    two = [b for _, b, n in cells for _ in range(n)]
    assert kappa(one, two) == pytest.approx(expected, abs=1e-15)


def test_three_labels():
    # 4 of 6 agree; by chance (2*1 + 2*3 + 2*2) / 36 = 1/3.
    assert kappa(list("aabbcc"), list("abbbcc")) == pytest.approx((5 / 6 - 1 / 3) / (1 - 1 / 3))
    assert kappa(list("aabbcc"), list("abbbca")) == pytest.approx((4 / 6 - 1 / 3) / (1 - 1 / 3))


def test_it_is_not_defined_without_items_or_variety():
    assert math.isnan(kappa([], []))
    assert math.isnan(kappa(["y", "y"], ["y", "y"]))
    assert kappa(["y", "y"], ["y", "n"]) == 0


def test_pairs_of_raters_are_compared_on_the_items_they_share():
    labels = {
        "cy": {},
        "bob": {"1": "y", "2": "n", "9": "y"},
        "ada": {"1": "y", "2": "n", "3": "n"},
    }
    ada_bob, ada_cy, bob_cy = agreements(labels)
    assert ada_bob == Agreement("ada", "bob", 2, 2, 1.0)
    assert (ada_cy[:4], bob_cy[:4]) == (("ada", "cy", 0, 0), ("bob", "cy", 0, 0))
