"""Wider layouts than the published ones, where an open-loop replay of one demo rarely succeeds.

Meta-World begins every episode with the hand in one place and moves the thing by 5 to 10 cm: one
sequence of actions closes the drawer in most layouts. Here the hand begins anywhere in a box, and
the thing stands in a wider one. The scripts still succeed in at least 95 % of 100 layouts.
"""

from collections.abc import Mapping
from typing import NamedTuple

Numbers = tuple[float, ...]


class Wide(NamedTuple):
    """The corners of two boxes, in metres of the table's frame (x right, y away, z up)."""

    low: Numbers  # of the places that the task draws, in its own order
    high: Numbers
    hand_low: Numbers  # of the hand's first place
    hand_high: Numbers


WIDE: Mapping[str, Wide] = {
    "drawer-close": Wide((-0.35, 0.9, 0.0), (0.35, 0.9, 0.0), (-0.4, 0.45, 0.2), (0.4, 0.6, 0.4)),
    "door-close": Wide((-0.1, 0.8, 0.15), (0.2, 0.95, 0.15), (-0.5, 0.45, 0.15), (0.2, 0.7, 0.3)),
    "button-press": Wide(
        (-0.3, 0.8, 0.115), (0.3, 0.9, 0.115), (-0.3, 0.4, 0.15), (0.3, 0.55, 0.3)
    ),
    "faucet-open": Wide((-0.2, 0.7, 0.0), (0.2, 0.85, 0.0), (-0.2, 0.4, 0.15), (0.2, 0.55, 0.3)),
    "drawer-open": Wide((-0.3, 0.85, 0.0), (0.3, 0.9, 0.0), (-0.2, 0.45, 0.15), (0.2, 0.6, 0.3)),
    # The script fails where the hand begins low and to the right.
    "door-open": Wide((0.0, 0.85, 0.15), (0.1, 0.95, 0.15), (-0.3, 0.5, 0.2), (0.0, 0.65, 0.35)),
    "coffee-push": Wide(  # the mug, and where it belongs
        (-0.2, 0.55, -0.001, -0.15, 0.7, -0.001),
        (0.2, 0.65, 0.001, 0.15, 0.75, 0.001),
        (0.0, 0.4, 0.2),
        (0.0, 0.4, 0.2),
    ),
}
