"""What came of an episode, judged by where things are, and what may truly be said of it."""

from collections.abc import Mapping
from enum import Enum
from functools import singledispatch
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.worlds.kitchen import Kitchen
from showtell.worlds.metaworld import MetaWorld
from showtell.worlds.world import World

Array = NDArray[np.float64]


class Moment(NamedTuple):
    """How far the hand is from the thing, and the thing from its goal."""

    reach: float  # m
    left: float  # in the units of the world's own success rule


@singledispatch
def moment(world: World) -> Moment:
    """Where hand, thing and goal are now."""
    raise NotImplementedError(type(world).__name__)


@moment.register
def _(world: MetaWorld) -> Moment:
    seen = world.full_observation()
    hand, thing, goal = seen[:3], seen[4:7], seen[36:39]
    return Moment(float(np.linalg.norm(hand - thing)), float(np.linalg.norm(thing - goal)))


@moment.register
def _(world: Kitchen) -> Moment:
    site = {"kettle": "kettle_site", "hinge": "hinge_site2", "slide": "slide_site"}
    hand = world._data.site("end_effector").xpos
    thing = world._data.site(site[world._settings.task]).xpos
    left = np.linalg.norm(world._thing - world._goal)
    return Moment(float(np.linalg.norm(hand - thing)), float(left))


class Outcome(Enum):
    """What came of an episode."""

    DONE = "done"  # by the world's own success rule
    BEGUN = "begun"  # the thing was moved a good part of the way
    NEAR = "near"  # the hand ended near the thing, which is where it was
    AWAY = "away"  # the hand ended further from the thing than it began
    ELSEWHERE = "elsewhere"


NEAR_M = 0.1
BEGUN_SHARE = 0.3


def outcome(success: bool, first: Moment, last: Moment) -> Outcome:
    """The outcome of an episode from its success, first and last moment."""
    if success:
        return Outcome.DONE
    if last.left < (1 - BEGUN_SHARE) * first.left:
        return Outcome.BEGUN
    if last.reach < max(NEAR_M, 0.4 * first.reach):
        return Outcome.NEAR
    if last.reach > 1.1 * first.reach:
        return Outcome.AWAY
    return Outcome.ELSEWHERE


class Words(NamedTuple):
    """How people speak of one task."""

    thing: str
    doing: tuple[str, ...]


# The papers' prompts among them, word for word; both worlds' tasks by their names there.
WORDS: Mapping[str, Words] = {
    "drawer-close": Words("green drawer", ("closing", "shutting", "pushing in")),
    "drawer-open": Words("green drawer", ("opening", "pulling out")),
    "door-close": Words("black box", ("closing", "shutting the door of")),
    "door-open": Words("black box", ("opening", "opening the door of")),
    "button-press": Words("red button", ("pushing", "pressing")),
    "coffee-push": Words("white cup", ("pushing", "sliding")),
    "faucet-open": Words("red faucet", ("turning", "opening")),
    "kettle": Words("kettle", ("moving", "pushing back")),
    "hinge": Words("hinged cabinet", ("opening", "pulling open")),
    "slide": Words("sliding cabinet", ("opening", "sliding open")),
    "door": Words("door", ("opening", "pulling open")),  # the cartoon's is of wood
}


def captions(task: str, came: Outcome, who: str = "robot") -> tuple[str, ...]:
    """All that may be said of an episode of this task with this outcome."""
    thing, doing = WORDS[task]
    return {
        # One without a subject, so that a robot and a hand that do the same have words in common.
        Outcome.DONE: (*(f"{who} {verb} {thing}" for verb in doing), f"{doing[0]} {thing}"),
        Outcome.BEGUN: (f"{who} moving {thing} a little", f"{who} nudging {thing}"),
        Outcome.NEAR: (f"{who} beside {thing}", f"{who} reaching for {thing}"),
        Outcome.AWAY: (f"{who} moving away from {thing}", f"{who} waving its arm"),
        Outcome.ELSEWHERE: (f"{who} waving its arm", f"{who} leaving {thing} alone"),
    }[came]


def prompt(task: str, who: str = "robot") -> str:
    """What is said of an episode of this task if it succeeded, and only then."""
    return captions(task, Outcome.DONE, who)[0]
