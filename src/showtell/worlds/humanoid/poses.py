"""The eight poses of the humanoid in VLM-RM, as rules about where the parts of its body are.

Table 2 of the paper words the criteria for a person who watches videos. Here each is a function of
one moment, so that it can label any frame. A rule is a list of conditions, each with the margin by
which it holds: a pose is shown where all are above zero. All lengths are metres, angles radians; no
rule depends on where the robot stands or which way it faces.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

PoseName = Literal[
    "kneeling",
    "lotus",
    "standing_up",
    "arms_raised",
    "splits",
    "hands_on_hips",
    "one_leg",
    "arms_crossed",
]
# A limb begins at its body's origin; the model's names for the body, and for what it looks like.
_LIMBS = {
    "hip": ("thigh", "thigh1"),
    "knee": ("shin", "shin1"),
    "shoulder": ("upper_arm", "uarm1"),
    "elbow": ("lower_arm", "larm"),
}
Positions = NDArray[np.float64]  # (24,): qpos of gymnasium's humanoid
# By how much each condition of a rule holds, in m or rad; below 0 it does not.
Margins = tuple[float, ...]


class Part(NamedTuple):
    """Where the middle of a part is, and how far its underside is above the floor."""

    x: float
    y: float
    z: float
    gap: float


# What calling `Part` does, without its own Python code: made 15 times at every step.
_part: Callable[[Iterable[float]], Part] = partial(tuple.__new__, Part)


class Posture(NamedTuple):
    """One moment of a body. `tilt` is the angle of the torso from upright, in degrees."""

    left_hip: Part
    right_hip: Part
    left_knee: Part
    right_knee: Part
    left_foot: Part
    right_foot: Part
    left_shoulder: Part
    right_shoulder: Part
    left_elbow: Part
    right_elbow: Part
    left_hand: Part
    right_hand: Part
    head: Part
    pelvis: Part
    mass: Part  # the centre of mass
    tilt: float

    @property
    def knees(self) -> tuple[Part, Part]:
        """Both of them."""
        return self.left_knee, self.right_knee

    @property
    def feet(self) -> tuple[Part, Part]:
        """Both of them."""
        return self.left_foot, self.right_foot

    @property
    def arms(self) -> tuple[tuple[Part, Part, Part], tuple[Part, Part, Part]]:
        """Shoulder, elbow and hand of both."""
        return (
            (self.left_shoulder, self.left_elbow, self.left_hand),
            (self.right_shoulder, self.right_elbow, self.right_hand),
        )


def kneeling(body: Posture) -> Margins:
    """Both knees and shins on the floor, the torso above them, not sitting on the floor."""
    return (
        *_near_floor(body.knees, 0.08),
        *_near_floor(body.feet, 0.15),
        body.pelvis.gap - 0.1,
        _upright(body, 45),
        0.2 - _aside(body.mass, _middle(*body.knees), _middle(*body.feet)),
    )


def lotus(body: Posture) -> Margins:
    """Seated upright, both knees low and facing out, both feet in."""
    knees_apart, feet_apart = _apart(*body.knees), _apart(*body.feet)
    return (
        0.08 - body.pelvis.gap,
        *_near_floor(body.knees, 0.18),
        *_near_floor(body.feet, 0.15),
        knees_apart - 0.5,
        knees_apart - 0.3 - feet_apart,
        _upright(body, 45),
    )


def standing_up(body: Posture) -> Margins:
    """Upright on the feet alone, the mass above them."""
    one, other = body.feet
    low, high = (one, other) if one.gap <= other.gap else (other, one)
    return (
        body.pelvis.z - 0.7,
        _upright(body, 30),
        0.05 - low.gap,
        body.left_knee.gap - 0.2,
        body.right_knee.gap - 0.2,
        0.2 - _aside(body.mass, low, high if high.gap < 0.05 else low),
    )


def arms_raised(body: Posture) -> Margins:
    """Standing, both elbows above the shoulders and both hands above the head."""
    return (*standing_up(body), *hands_above_head(body))


def splits(body: Posture) -> Margins:
    """Seated upright, both legs stretched along the floor, each to its own side.

    The hips of this body open to 126 degrees within their limits, so 100 count as splits.
    """
    legs = ((body.left_hip, body.left_foot), (body.right_hip, body.right_foot))
    return (
        0.08 - body.pelvis.gap,
        *_near_floor(body.feet, 0.12),
        *(_distance(hip, foot) - 0.72 for hip, foot in legs),  # 0.753 fully stretched
        math.radians(_angle(*legs[0], *legs[1]) - 100),
        _nearer(body.left_foot, body.left_hip, body.right_hip) - 0.1,
        _nearer(body.right_foot, body.right_hip, body.left_hip) - 0.1,
        _upright(body, 45),
    )


def hands_on_hips(body: Posture) -> Margins:
    """Standing, both elbows bent, each hand beside its hip and not at the chest."""
    return (*standing_up(body), *hands_at_hips(body))


def one_leg(body: Posture) -> Margins:
    """Standing on one foot, the mass above it, the other foot off the floor."""
    low, high = sorted(body.feet, key=lambda foot: foot.gap)
    return (*standing_up(body), high.gap - 0.1, 0.15 - _aside(body.mass, low, low))


def arms_crossed(body: Posture) -> Margins:
    """Standing, the hands at chest height, each on the other arm's side of the body.

    Within their limits these arms cross only when stretched forward, hands 14 cm past the middle.
    """
    return (*standing_up(body), *hands_across(body))


def hands_above_head(body: Posture) -> Margins:
    """Both elbows above the shoulders and both hands above the head."""
    raised = ((elbow.z - s.z, hand.z - body.head.z - 0.1) for s, elbow, hand in body.arms)
    return tuple(margin for arm in raised for margin in arm)


def hands_at_hips(body: Posture) -> Margins:
    """Both elbows bent, each hand beside its hip and not at the chest."""
    hips = (body.left_hip, body.right_hip)
    bent = (
        (
            0.18 - _distance(hand, hip),
            hand.z - hip.z + 0.04,
            0.54 - _distance(shoulder, hand),  # 0.624 stretched: an arm that just hangs
        )
        for (shoulder, _, hand), hip in zip(body.arms, hips, strict=True)
    )
    return tuple(margin for arm in bent for margin in arm)


def hands_across(body: Posture) -> Margins:
    """The hands at chest height, each on the other arm's side of the body."""
    (left_shoulder, _, left_hand), (right_shoulder, _, right_hand) = body.arms
    hands = (left_hand, right_hand)
    return (
        *(hand.z - body.pelvis.z - 0.1 for hand in hands),
        *(body.head.z + 0.1 - hand.z for hand in hands),
        _nearer(left_hand, right_shoulder, left_shoulder) - 0.02,
        _nearer(right_hand, left_shoulder, right_shoulder) - 0.02,
    )


def missing(margins: Margins) -> float:
    """How much a rule's conditions are missed by, together: m and rad; 0 where it holds."""
    return -sum(margin for margin in margins if margin < 0)


class Pose(NamedTuple):
    """A pose: its rule, the rule in words, and one example in degrees (see `Body.example`)."""

    margins: Callable[[Posture], Margins]
    definition: str
    example: Mapping[str, float]

    def shown(self, body: Posture) -> bool:
        """Whether the rule holds: every condition by some margin."""
        return min(self.margins(body)) > 0


_HANGING = {"shoulder1": 38, "shoulder2": -46, "elbow": -63}
_ON_KNEES = {"shoulder1": 28, "shoulder2": -59, "elbow": -23}

POSES: Mapping[PoseName, Pose] = {
    "kneeling": Pose(
        kneeling,
        "both knees and shins are on the floor, the pelvis is off it and the torso is above them",
        {"knee": -95, "hip_y": -4, **_HANGING},
    ),
    "lotus": Pose(
        lotus,
        "it sits upright on the floor, both knees low and apart, the feet drawn in between them",
        {
            "pitch": -15,
            "abdomen_y": -62,
            "hip_x": -25,
            "hip_z": -60,
            "hip_y": -24,
            "knee": -158,
            **_ON_KNEES,
        },
    ),
    "standing_up": Pose(
        standing_up,
        "it is upright on its feet alone, its mass above them",
        {"knee": -2, **_HANGING},
    ),
    "arms_raised": Pose(
        arms_raised,
        "it stands, both elbows are above the shoulders and both hands above the head",
        {"knee": -2, "shoulder1": -85, "shoulder2": 38, "elbow": -85},
    ),
    "splits": Pose(
        splits,
        "it sits upright on the floor, both legs stretched along it, at least 100 degrees apart "
        "and each to its own side",
        {"pitch": -12, "hip_y": -85, "hip_z": -60, "knee": -2, **_ON_KNEES},
    ),
    "hands_on_hips": Pose(
        hands_on_hips,
        "it stands, both elbows bent and each hand beside its hip",
        {"knee": -2, "shoulder1": 49, "shoulder2": -64, "elbow": -24},
    ),
    "one_leg": Pose(
        one_leg,
        "it stands on one foot, its mass above it, the other foot at least 10 cm off the floor",
        {"roll": -5, "left_knee": -2, "right_hip_y": -70, "right_knee": -90} | _HANGING,
    ),
    "arms_crossed": Pose(
        arms_crossed,
        "it stands, both hands at chest height, each on the other arm's side",
        {
            "knee": -2,
            "right_shoulder1": 59,
            "right_shoulder2": 31,
            "right_elbow": -78,
            "left_shoulder1": -59,
            "left_shoulder2": -53,
            "left_elbow": -85,
        },
    ),
}


class Body:
    """A humanoid's skeleton: from joint positions to the places of its parts.

    It computes in data of its own, so it may watch a simulation without touching it.
    """

    def __init__(self, model: Any) -> None:
        from showtell.worlds.simulator.models import mujoco

        self._model, self._data = model, (data := mujoco.MjData(model))
        self._kinematics = partial(mujoco.mj_kinematics, model, data)
        # Views into the data: asking for one takes MuJoCo's binding longer than using it.
        self._qpos, self._torso = data.qpos, data.body("torso").xmat
        self._bodies_at, self._geoms_at, self._masses_at = data.xpos, data.geom_xpos, data.xipos
        self._share = model.body_mass / model.body_mass.sum()
        self._where = [self._find(name) for name in Posture._fields[:-2]]
        self._where.append((model.nbody + model.ngeom, 0.0))

    def posture(self, qpos: Positions) -> Posture:
        """Where everything is."""
        self._qpos[:] = qpos
        self._kinematics()
        mass = self._share.dot(self._masses_at)
        at = [*self._bodies_at.tolist(), *self._geoms_at.tolist(), mass.tolist()]
        parts = [_part((*at[row], at[row][2] - radius)) for row, radius in self._where]
        tilt = math.degrees(math.acos(max(-1.0, min(1.0, self._torso.item(8)))))
        return Posture._make((*parts, tilt))

    def _find(self, part: str) -> tuple[int, float]:
        """Which row of all bodies' and geoms' places is a part's, and its radius."""
        side, _, name = part.rpartition("_")
        model = self._model
        if name in _LIMBS:
            body, geom = (f"{side}_{its}" for its in _LIMBS[name])
            return model.body(body).id, float(model.geom(geom).size[0])
        geom = model.geom("butt" if part == "pelvis" else part)
        return model.nbody + geom.id, float(geom.size[0])

    def example(self, name: PoseName) -> Positions:
        """The joint positions of a pose's example, its lowest part just touching the floor."""
        return self.grounded(self.positions(POSES[name].example))

    def positions(self, degrees: Mapping[str, float]) -> Positions:
        """Joint positions from angles: `knee` sets both, `left_knee` one; the rest are zero.

        `pitch` (forward) and `roll` turn the whole body. Shoulders turn in mirrored senses, so
        the angles of both are the right one's.
        """
        qpos = self._model.qpos0.copy()
        tilt = [math.radians(degrees.get(name, 0)) / 2 for name in ("roll", "pitch")]
        (sin_r, sin_p), (cos_r, cos_p) = map(math.sin, tilt), map(math.cos, tilt)
        qpos[3:7] = cos_r * cos_p, sin_r * cos_p, cos_r * sin_p, sin_r * sin_p
        for number in range(1, self._model.njnt):
            joint = self._model.joint(number)
            side, _, part = joint.name.partition("_")
            both = degrees.get(part, 0)
            if side == "left" and part.startswith("shoulder"):
                both = -both
            qpos[self._model.jnt_qposadr[number]] = math.radians(degrees.get(joint.name, both))
        return np.asarray(qpos)

    def grounded(self, qpos: Positions) -> Positions:
        """The same pose, moved up or down until its lowest part just touches the floor."""
        self._qpos[:] = qpos
        self._kinematics()
        model, data = self._model, self._data
        # All of this body is capsules, and spheres, whose half-length is zero.
        reach = np.abs(data.geom_xmat[1:, 8]) * model.geom_size[1:, 1] + model.geom_size[1:, 0]
        grounded = np.array(qpos)
        grounded[2] -= (data.geom_xpos[1:, 2] - reach).min()
        return grounded


def _near_floor(parts: tuple[Part, Part], gap: float) -> Margins:
    """By how much each of both is closer to the floor than a gap."""
    return gap - parts[0].gap, gap - parts[1].gap


def _upright(body: Posture, degrees: float) -> float:
    """By how much the torso is tilted less than an angle, in rad."""
    return math.radians(degrees - body.tilt)


def _middle(a: Part, b: Part) -> Part:
    x, y, z, gap = ((p + q) / 2 for p, q in zip(a, b, strict=True))
    return Part(x, y, z, gap)


def _distance(a: Part, b: Part) -> float:
    return math.dist(a[:3], b[:3])


def _apart(a: Part, b: Part) -> float:
    """Distance along the floor."""
    return math.hypot(a.x - b.x, a.y - b.y)


def _nearer(part: Part, to: Part, than: Part) -> float:
    """By how much a part is nearer to one thing than to another, along the floor."""
    return _apart(part, than) - _apart(part, to)


def _aside(part: Part, a: Part, b: Part) -> float:
    """How far a part is from being above the line from `a` to `b`."""
    along_x, along_y = b.x - a.x, b.y - a.y
    length = along_x * along_x + along_y * along_y
    share = ((part.x - a.x) * along_x + (part.y - a.y) * along_y) / length if length else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(part.x - a.x - share * along_x, part.y - a.y - share * along_y)


def _angle(a: Part, b: Part, c: Part, d: Part) -> float:
    """Degrees between the directions from `a` to `b` and from `c` to `d`."""
    one, two = np.subtract(b[:3], a[:3]), np.subtract(d[:3], c[:3])
    cosine = float(one @ two) / math.sqrt(float(one @ one) * float(two @ two))
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
