"""Scripts of the table-top tasks: the next place of the mocap point, from where things are."""

import math
from typing import NamedTuple

Place = tuple[float, ...]


class Move(NamedTuple):
    """A straight way of the mocap point, at a share of the full speed."""

    point: Place
    grip: float | None = None
    speed: float = 1.0


def push(hand: Place, mug: tuple[float, float]) -> Move:
    """RLV's pushing: the mug 15 cm forward, to (0, 0.75)."""
    x, y = mug
    hand_x, hand_y = hand[:2]
    if abs(x) + abs(y - 0.75) < 0.005:
        return Move((hand_x, hand_y))
    side = math.copysign(1, hand_x - x)
    if hand_y > y - 0.05 and x * side > 0.008:  # beside it: push it to the middle
        return Move((hand_x - side, hand_y), speed=0.5)
    if abs(x) > 0.3 * (0.75 - y) + 0.005:  # too far aside for a push from behind
        beside = x + math.copysign(0.075, x)
        if abs(x - hand_x) > 0.065:
            return Move((beside, y - 0.015))
        return Move((hand_x if hand_y > y - 0.085 else beside, y - 0.09))
    if abs(x - hand_x) > 0.015 or hand_y < y - 0.1:  # come behind it, without touching it
        return Move((hand_x + 0.1 * side if hand_y > y - 0.07 else x, y - 0.08))
    # Friction carries the mug along: the hand moves as the mug shall, at most 1 cm a step.
    return Move((hand_x - x, hand_y + 0.75 - y), speed=0.5)


def open_box_drawer(hand: Place, drawer: float) -> Move:
    """RLV's drawer: over the handle, into its loop, towards the robot."""
    _, y, z = hand
    if drawer < -0.001 or z < 0.092:
        return Move((0, 0.4, 0.09), grip=1)
    if y < 0.745:
        return Move((0, 0.75, 0.16), grip=1)  # over the handle, fingers closing
    return Move((0, 0.75, 0.09), grip=1)  # into its loop


def close_drawer(hand: Place, drawer: Place) -> Move:
    """DVD's drawer, which stands at `drawer` when shut."""
    x, y, _ = drawer
    if abs(hand[0] - x) > 0.02 or abs(hand[2] - 0.09) > 0.02:
        return Move((x, 0.42, 0.09), grip=1)
    return Move((x, y - 0.2, 0.09), grip=1, speed=0.2)


def push_cup(hand: Place, cup: tuple[float, float], goal: Place) -> Move:
    """DVD's mug, away from the robot to its goal."""
    x, y = cup
    goal_x, goal_y, _ = goal
    if goal_x - x > 0.06:  # from the left
        if hand[1] > y - 0.06:
            return Move((goal_x, y - 0.02, 0.02), speed=0.2)
        if hand[0] > x - 0.11:
            return Move((x - 0.12, y - 0.15, 0.02))
        return Move((x - 0.12, y - 0.02, 0.02))
    if y > goal_y - 0.03:
        return Move(hand)
    return Move((hand[0], 0.8, 0.02), speed=0.2)


def turn_faucet(hand: Place, faucet: Place) -> Move:
    """DVD's faucet, clockwise from above."""
    x, y, _ = faucet
    if hand[2] < 0.1:
        return Move((0, 0.45, 0.12), grip=1)
    if abs(hand[1] - (y - 0.19)) > 0.01:
        return Move((0, y - 0.19, 0.12), grip=1)
    return Move((x - 0.06, y - 0.19, 0.12), grip=1, speed=0.4)
