"""The outcome of an episode, and the captions that are true of it."""

from enum import Enum

from showtell.worlds.words import Words
from showtell.worlds.world import Progress


class Outcome(Enum):
    """The outcome of an episode."""

    DONE = "done"  # by the world's own success rule
    BEGUN = "begun"  # the thing was moved a good part of the way
    NEAR = "near"  # the hand ended near the thing, which is where it was
    AWAY = "away"  # the hand ended further from the thing than it began
    ELSEWHERE = "elsewhere"


NEAR_M = 0.1
BEGUN_SHARE = 0.3


def outcome(success: bool, first: Progress, last: Progress) -> Outcome:
    """The outcome of an episode from its success, and its progress at the start and at the end."""
    if success:
        return Outcome.DONE
    if last.left < (1 - BEGUN_SHARE) * first.left:
        return Outcome.BEGUN
    if last.reach < max(NEAR_M, 0.4 * first.reach):
        return Outcome.NEAR
    if last.reach > 1.1 * first.reach:
        return Outcome.AWAY
    return Outcome.ELSEWHERE


def captions(words: Words, outcome: Outcome, actor: str = "robot") -> tuple[str, ...]:
    """All captions of an episode of this task with this outcome."""
    thing, doing = words
    return {
        # One without a subject, so that a robot and a hand that do the same have words in common.
        Outcome.DONE: (*(f"{actor} {verb} {thing}" for verb in doing), f"{doing[0]} {thing}"),
        Outcome.BEGUN: (f"{actor} moving {thing} a little", f"{actor} nudging {thing}"),
        Outcome.NEAR: (f"{actor} beside {thing}", f"{actor} reaching for {thing}"),
        Outcome.AWAY: (f"{actor} moving away from {thing}", f"{actor} waving its arm"),
        Outcome.ELSEWHERE: (f"{actor} waving its arm", f"{actor} leaving {thing} alone"),
    }[outcome]


def prompt(words: Words, actor: str = "robot") -> str:
    """The caption of an episode of this task that succeeded, and of no other."""
    return captions(words, Outcome.DONE, actor)[0]
