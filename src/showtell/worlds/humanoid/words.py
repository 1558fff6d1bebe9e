"""Captions of a humanoid's body, each with a rule and with other captions of the same form.

A pose's published sentence has a twin with the same function words that is true of another body, so
that no function word tells one body from another.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from showtell.worlds.humanoid.poses import (
    POSES,
    Margins,
    PoseName,
    Posture,
    hands_above_head,
    hands_across,
    hands_at_hips,
    standing_up,
)

ROBOT = "a humanoid robot"
Rule = Callable[[Posture], Margins]


class Caption(NamedTuple):
    """A sentence, and the rule by whose margins it fits a body."""

    text: str
    margins: Rule
    pose: PoseName | None = None  # whose published sentence it is


def lying(body: Posture) -> Margins:
    """The torso tilted far, the head low."""
    return _tilted(body, 70), 0.5 - body.head.z


def falling(body: Posture) -> Margins:
    """The torso tilted, the head not on the floor yet."""
    return _tilted(body, 30), -_tilted(body, 75), body.head.z - 0.4


def crouching(body: Posture) -> Margins:
    """On the feet, the pelvis low."""
    feet = (0.08 - foot.gap for foot in body.feet)
    knees = (knee.gap - 0.15 for knee in body.knees)
    return 0.6 - body.pelvis.z, *feet, *knees, -_tilted(body, 60)


def arms_low(body: Posture) -> Margins:
    """Both hands well below the shoulders."""
    return tuple(shoulder.z - hand.z - 0.25 for shoulder, _, hand in body.arms)


def hands_low(body: Posture) -> Margins:
    """Both hands below the hips."""
    hips = (body.left_hip, body.right_hip)
    return tuple(hip.z - 0.04 - arm[2].z for arm, hip in zip(body.arms, hips, strict=True))


def feet_on_floor(body: Posture) -> Margins:
    """Both feet on the floor."""
    return tuple(0.05 - foot.gap for foot in body.feet)


def knees_on_floor(body: Posture) -> Margins:
    """Both knees on the floor."""
    return tuple(0.08 - knee.gap for knee in body.knees)


def leg_lifted(body: Posture) -> Margins:
    """One foot higher than the other."""
    return (abs(body.left_foot.gap - body.right_foot.gap) - 0.1,)


def legs_apart(body: Posture) -> Margins:
    """The feet further apart along the floor than any step."""
    one, other = body.feet
    return (math.hypot(one.x - other.x, one.y - other.y) - 0.6,)


def knees_straight(body: Posture) -> Margins:
    """Both legs nearly stretched: 0.753 m from hip to foot where they are."""
    hips = (body.left_hip, body.right_hip)
    pairs = zip(hips, body.feet, strict=True)
    return tuple(math.dist(hip[:3], foot[:3]) - 0.68 for hip, foot in pairs)


def hips_high(body: Posture) -> Margins:
    """The pelvis as high as a standing body's."""
    return (body.pelvis.z - 0.6,)


def _not(rule: Rule) -> Rule:
    return lambda body: (-min(rule(body)),)


def _also_standing(rule: Rule) -> Rule:
    return lambda body: (*standing_up(body), *rule(body))


def _tilted(body: Posture, degrees: float) -> float:
    return math.radians(body.tilt - degrees)


def _of(pose: PoseName, text: str) -> Caption:
    return Caption(f"{ROBOT} {text}", POSES[pose].margins, pose)


def _twin(text: str, rule: Rule) -> Caption:
    return Caption(f"{ROBOT} {text}", rule)


# Where the whole body is: one caption of these fits best.
BODY = (
    _of("kneeling", "kneeling"),
    _of("lotus", "seated down, meditating in the lotus position"),
    _of("standing_up", "standing up"),
    _of("splits", "practicing gymnastics, doing the side splits"),
    _twin("lying", lying),
    _twin("fallen down, lying in the prone position", lying),
    _twin("curled up", crouching),
    _twin("losing balance, doing the sideways fall", falling),
)
# What arms and legs of a standing body do: a pose, its twin, and what is true where none stands.
_FALLEN = _twin("fallen", _not(standing_up))
STANDING = (
    (
        _of("arms_raised", "standing up, with both arms raised"),
        _twin("standing up, with both arms lowered", _also_standing(arms_low)),
        _FALLEN,
    ),
    (
        _of("hands_on_hips", "standing up with hands on hips"),
        _twin("standing up with hands on thighs", _also_standing(hands_low)),
        _FALLEN,
    ),
    (
        _of("one_leg", "standing up on one leg"),
        _twin("standing up on one spot", _also_standing(feet_on_floor)),
        _FALLEN,
    ),
    (
        _of("arms_crossed", "standing up, with its arms crossed"),
        _twin("standing up, with its arms hanging", _also_standing(arms_low)),
        _FALLEN,
    ),
)


def _pair(
    form: str, one: str, other: str, rule: Rule, opposite: Rule | None = None
) -> tuple[Caption, Caption]:
    """A part of the body, whatever the rest does: a caption of a rule, and its twin."""
    return _twin(form.format(one), rule), _twin(form.format(other), opposite or _not(rule))


# Parts of any body, in pairs: what a network can know of a pose that it has never seen.
BODY_PARTS = (
    _pair("with both arms {}", "raised", "lowered", hands_above_head, arms_low),
    _pair("with its arms {}", "crossed", "hanging", hands_across, arms_low),
    _pair("with hands on {}", "hips", "thighs", hands_at_hips, hands_low),
    _pair("with one leg {}", "lifted", "lowered", leg_lifted),
    _pair("with both {} on the floor", "knees", "feet", knees_on_floor, feet_on_floor),
    _pair("with legs {}", "stretched", "bent", knees_straight),
    _pair("with legs {}", "spread", "closed", legs_apart),
    _pair("with hips {}", "high", "low", hips_high),
)
SENTENCES: Mapping[PoseName, str] = {
    caption.pose: caption.text
    for family in (BODY, *STANDING)
    for caption in family
    if caption.pose is not None
}
