"""What the hand does: the labels of Something-Something v2, and how a thing moves under each.

An action is a path of the thing, a share of it at each moment, and a contact that the hand follows.
A label that begins with “Pretending” is the same motion of the hand without the contact.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.videos.hands.model import THINGS

Vector = NDArray[np.float64]
LOOSE = tuple(name for name, thing in THINGS.items() if not thing.kind)
_TALL = ("can", "bottle", "cup", "block")


class Moved(NamedTuple):
    """Where a thing is at one moment of its action."""

    place: Vector  # (3,)
    tilt: float = 0.0  # about the axis across the person's direction, in radians
    joint: float = 0.0  # the share of the moving part's travel


class Space(NamedTuple):
    """Directions on the table, as unit vectors, and what there is to move to."""

    right: Vector  # of the camera
    far: Vector  # away from the camera
    person: Vector  # towards the person
    start: Vector  # where the thing begins
    other: Vector  # where the second thing stands
    reach: float  # how far things are moved


class Action(NamedTuple):
    """A label, the things that it is done with, and the motion."""

    template: str
    things: tuple[str, ...]
    path: Callable[[Space, float], Moved]  # at a share from 0 to 1
    grip: str = "grasp"
    contact: str = "grip"  # grip: where the thing is taken; behind, front, top: that side of it
    touches: bool = True
    second: bool = False  # whether a second thing is named by the label
    held: str = ""  # first or last: the hand has it when the video begins, or still when it ends


def _slide(along: Callable[[Space], Vector]) -> Callable[[Space, float], Moved]:
    return lambda space, share: Moved(space.start + share * space.reach * along(space))


def _lift(space: Space, share: float) -> Moved:
    return Moved(space.start + np.array([0, 0, 0.6 * share * space.reach]))


def _lower(space: Space, share: float) -> Moved:
    return _lift(space, 1 - share)


def _place(space: Space, share: float) -> Moved:
    """Down beside the second thing."""
    beside = space.other + 0.11 * (space.start - space.other) / _length(space.start - space.other)
    above = np.array([0, 0, 0.14 * (1 - share**2)])
    return Moved(space.start + share * (beside - space.start) + above)


def _nearer(space: Space, share: float) -> Moved:
    way = space.other - space.start
    return Moved(space.start + share * way * (1 - 0.11 / max(_length(way), 0.12)))


def _apart(space: Space, share: float) -> Moved:
    way = space.start - space.other
    return Moved(space.start + share * space.reach * way / _length(way))


def _tip(space: Space, share: float) -> Moved:
    return Moved(space.start - 0.04 * share * space.person, tilt=share * np.pi / 2)


def _open(space: Space, share: float) -> Moved:
    return Moved(space.start, joint=share)


def _close(space: Space, share: float) -> Moved:
    return Moved(space.start, joint=1 - share)


def _poke(space: Space, share: float) -> Moved:
    return Moved(space.start - 0.006 * min(1.0, share) * space.person)


def _still(space: Space, share: float) -> Moved:
    return Moved(space.start)


def _length(vector: Vector) -> float:
    return float(np.linalg.norm(vector))


ACTIONS: tuple[Action, ...] = (
    Action(
        "Pushing [something] from left to right", LOOSE, _slide(lambda s: s.right), "flat", "behind"
    ),
    Action(
        "Pushing [something] from right to left",
        LOOSE,
        _slide(lambda s: -s.right),
        "flat",
        "behind",
    ),
    Action("Pulling [something] from left to right", LOOSE, _slide(lambda s: s.right)),
    Action("Pulling [something] from right to left", LOOSE, _slide(lambda s: -s.right)),
    Action("Moving [something] away from the camera", LOOSE, _slide(lambda s: s.far)),
    Action("Moving [something] towards the camera", LOOSE, _slide(lambda s: -s.far)),
    Action("Moving [something] up", LOOSE, _lift, held="last"),
    Action("Moving [something] down", LOOSE, _lower, held="first"),
    Action(
        "Lifting [something] up completely without letting it drop down", LOOSE, _lift, held="last"
    ),
    Action("Putting [something] on a surface", LOOSE, _lower, held="first"),
    Action("Putting [something] next to [something]", LOOSE, _place, second=True, held="first"),
    Action("Moving [something] closer to [something]", LOOSE, _nearer, second=True),
    Action("Moving [something] away from [something]", LOOSE, _apart, second=True),
    Action("Tipping [something] over", _TALL, _tip, "flat", "top"),
    Action("Opening [something]", ("drawer", "box", "cupboard"), _open, "hook"),
    Action("Closing [something]", ("drawer", "box", "cupboard"), _close, "flat"),
    Action("Moving part of [something]", ("tap", "cupboard", "box"), _open, "grasp"),
    Action("Twisting [something]", ("tap",), _open, "grasp"),
    Action(
        "Poking [something] so lightly that it doesn't or almost doesn't move",
        LOOSE,
        _poke,
        "point",
        "front",
    ),
    Action(
        "Touching (without moving) [part] of [something]", tuple(THINGS), _still, "point", "front"
    ),
    Action("Pretending to pick [something] up", LOOSE, _lift, touches=False),
    Action(
        "Pretending to open [something] without actually opening it",
        ("drawer", "box", "cupboard"),
        _open,
        "hook",
        touches=False,
    ),
    Action(
        "Pretending to close [something] without actually closing it",
        ("drawer", "box", "cupboard"),
        _close,
        "flat",
        touches=False,
    ),
    Action("Pretending to poke [something]", LOOSE, _poke, "point", "front", touches=False),
)
PARTS_OF: Mapping[str, str] = {"drawer": "the handle", "box": "the lid", "cupboard": "the door"}
