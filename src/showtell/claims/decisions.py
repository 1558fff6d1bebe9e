"""From the p-values of a claim's parts to one decision: how many parts must hold, or fail.

A part is the test on one method, one task, one baseline. A claim asks that every part holds, most
of them, or one. Corrections keep the probability of a false decision about the whole claim at
LEVEL, whatever the number of its parts.
"""

from collections.abc import Sequence

from showtell.claims.tests import Share

LEVEL = 0.05  # of a false “reproduced”, and of a false “not reproduced”, for a whole claim


def decide(holds: Sequence[float], fails: Sequence[float], share: Share) -> bool | None:
    """Whether enough parts hold (True), too many fail (False), or neither is shown."""
    if not holds:
        return None
    needed = needed_parts(len(holds), share)
    shown = at_least(holds, needed) <= LEVEL
    refuted = at_least(fails, len(fails) - needed + 1) <= LEVEL
    return None if shown == refuted else shown


def needed_parts(count: int, share: Share) -> int:
    """How many of so many parts a claim needs."""
    return {"every": count, "most": count // 2 + 1, "any": 1}[share]


def at_least(values: Sequence[float], needed: int) -> float:
    """P-value of “fewer than `needed` of the alternatives are true”.

    The partial conjunction of Benjamini and Heller (2008) by Simes' inequality: valid for parts
    that are independent or, as those with a common baseline, positively dependent. For all of n
    it is the largest p-value; for one of n, the smallest of n/i times the i-th.
    """
    ordered, tests = sorted(values), len(values) - needed + 1
    return min(1.0, *(tests / i * ordered[needed - 2 + i] for i in range(1, tests + 1)))


def holm(values: Sequence[float]) -> list[float]:
    """P-values of single parts, corrected for their number by Holm's method."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    corrected, largest = [0.0] * len(values), 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(values) - place) * values[i]))
        corrected[i] = largest
    return corrected
