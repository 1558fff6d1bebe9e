"""Scripts of the kitchen's tasks: places that the hand goes to, one after the other."""

import math
from typing import NamedTuple

import numpy as np

from showtell.worlds.kitchen.physics import HAND_STEP, HAND_TURN
from showtell.worlds.script import clipped
from showtell.worlds.world import Action, Array


class Leg(NamedTuple):
    """A stretch of a hand script: a few steps towards a place."""

    steps: int
    place: tuple[float, float, float]
    points: tuple[float, float, float] | None = None  # where the fingers should point
    grip: float = -1.0  # closed; 1 is open


def _around_the_hinge(degrees: float) -> tuple[float, float, float]:
    """Where the right door's handle is when the door stands open so far."""
    turned = math.radians(degrees)
    cos, sin = math.cos(turned), math.sin(turned)
    return (-0.224 - 0.302 * cos + 0.128 * sin, 0.71 - 0.302 * sin - 0.128 * cos, 2.6)


SCRIPTS = {
    "slide": (  # push the handle from its left
        Leg(18, (-0.23, 0.45, 2.5), (0, 1, 0.05)),
        Leg(14, (-0.23, 0.62, 2.55), (0, 1, 0.05)),
        Leg(96, (0.21, 0.62, 2.55), (0, 1, 0.05)),
    ),
    "kettle": (  # push it away, fingers low
        Leg(12, (-0.3, 0.1, 2.0)),
        Leg(15, (-0.3, 0.16, 1.72)),
        Leg(101, (-0.27, 0.6, 1.72)),
    ),
    "hinge": (  # grasp the bar, pull it along its arc
        Leg(22, (-0.526, 0.35, 2.55), (0, 0.9, 0.4), grip=1.0),
        Leg(12, (-0.526, 0.59, 2.6), (0, 0.9, 0.4), grip=1.0),
        Leg(8, (-0.526, 0.59, 2.6), (0, 0.9, 0.4)),
        *(Leg(8, _around_the_hinge(11.5 * n), (0.06 * n, 0.9, 0.3)) for n in range(1, 8)),
        Leg(30, _around_the_hinge(85), (0.45, 0.9, 0.3)),
    ),
}


def action(task: str, time: int, place: Array, axes: Array) -> Action:
    """The end-effector action at a step; `axes` are the hand's, (3, 3)."""
    reached = 0
    for leg in SCRIPTS[task]:
        reached += leg.steps
        if time < reached:
            break
    turn = np.zeros(3)
    if leg.points is not None:
        wanted = np.array(leg.points) / math.hypot(*leg.points)
        turn = np.cross(axes[:, 2], wanted) / HAND_TURN
    move = (np.array(leg.place) - place) / HAND_STEP
    return clipped(np.array((*move, *turn, leg.grip)))
