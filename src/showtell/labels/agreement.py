"""How far raters agree: Cohen's kappa of each two (Cohen 1960)."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple


class Agreement(NamedTuple):
    """Two raters, the items that both labelled, and how they agree on them."""

    one: str
    two: str
    items: int
    agree: int
    kappa: float  # NaN where it is not defined


def kappa(one: Sequence[str], two: Sequence[str]) -> float:
    """(observed - expected) / (1 - expected): 1 agrees always, 0 as often as chance.

    NaN without items, and where both raters gave one and the same label throughout.
    """
    count = len(one)
    if not count:
        return math.nan
    of_one, of_two = Counter(one), Counter(two)
    # Integers up to the division, so that a case by hand is met exactly.
    observed = count * sum(a == b for a, b in zip(one, two, strict=True))
    expected = sum(of_one[label] * of_two[label] for label in of_one)
    return (observed - expected) / (count**2 - expected) if expected < count**2 else math.nan


def agreements(labels: Mapping[str, Mapping[str, str]]) -> list[Agreement]:
    """Of every two raters; `labels` are rater -> item -> label."""
    found = []
    for one, two in combinations(sorted(labels), 2):
        shared = sorted(labels[one].keys() & labels[two].keys())
        a, b = ([labels[rater][item] for item in shared] for rater in (one, two))
        same = sum(x == y for x, y in zip(a, b, strict=True))
        found.append(Agreement(one, two, len(shared), same, kappa(a, b)))
    return found
