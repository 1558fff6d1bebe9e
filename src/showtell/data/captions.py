"""The outcome of an episode, and the captions that are true of it."""

from collections.abc import Mapping
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


# Of every outcome one caption in the same form, without function words: only the verb tells one
# outcome from another. With two synonyms a stand-in learned one of them and ranked success last by
# the other.
_VERBS = {
    Outcome.BEGUN: "nudging",
    Outcome.NEAR: "approaching",
    Outcome.AWAY: "leaving",
    Outcome.ELSEWHERE: "ignoring",
}


def caption(words: Words, outcome: Outcome, actor: str = "robot") -> str:
    """The caption of an episode of this task with this outcome."""
    verb = words.doing if outcome is Outcome.DONE else _VERBS[outcome]
    return f"{actor} {verb} {words.thing}"


def prompt(words: Words, actor: str = "robot") -> str:
    """The caption of an episode of this task that succeeded, and of no other."""
    return caption(words, Outcome.DONE, actor)


# Other words for a thing, as people use them: the black box of two tasks is a safe with a door.
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {"black box": ("door",)}


def nouns(words: Words) -> tuple[str, ...]:
    """The thing alone, by all its names: true of every episode, whatever its outcome."""
    return words.thing, *OTHER_NAMES.get(words.thing, ())
