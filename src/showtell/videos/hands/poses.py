"""Where the hand and the things are at one moment of a video."""

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from showtell.videos.hands.actions import Moved
from showtell.videos.hands.model import FINGERS, LAYOUT, THINGS, compiled
from showtell.videos.hands.staging import Staging

Vector = NDArray[np.float64]
# Bends of a finger's three joints, spread and two bends of the thumb, and where the grip meets a
# thing, in the hand's axes.
_GRIPS = {
    "open": ((0.15, 0.2, 0.1), (0.2, 0.1, 0.1), (0.13, 0.0, -0.02)),
    "grasp": ((0.75, 0.65, 0.35), (-0.35, 0.75, 0.25), (0.105, 0.0, -0.055)),
    "hook": ((0.35, 1.15, 0.75), (-0.2, 0.3, 0.4), (0.115, 0.0, -0.035)),
    "flat": ((0.12, 0.15, 0.08), (0.05, 0.1, 0.2), (0.165, 0.0, -0.012)),
    "point": ((0.1, 0.12, 0.1), (-0.35, 0.5, 0.6), (0.185, 0.028, -0.012)),
}
_FIST = (1.25, 1.45, 0.9)  # of the fingers that do not point


class Poses:
    """Brings a model to the moments of one video."""

    def __init__(self, model: Any, staging: Staging) -> None:
        self._model, self._data = model, mujoco.MjData(model)
        self._staging = staging

    def snapshot(self, eye: Vector) -> Vector:
        """All of it, seen from an eye at a place with a direction, (7,)."""
        self._data.mocap_pos[self._mocap("eye")] = eye[:3]
        self._data.mocap_quat[self._mocap("eye")] = eye[3:]
        return LAYOUT.take(self._model, self._data)

    def put(self, share: float, away: float, closed: float) -> None:
        """Put the thing, the second one and the hand where they are at this moment."""
        action, space = self._staging.action, self._staging.space
        moved = action.path(space, share if action.touches else 0.0)
        followed = action.path(space, share)
        body = self._mocap(self._staging.thing)
        self._data.mocap_pos[body] = moved.place
        self._data.mocap_quat[body] = quaternion(self._thing(moved))
        self._joint(moved.joint)
        contact = self._contact(followed)
        if not action.touches:
            contact = contact + 0.035 * space.person + np.array([0, 0, 0.03])
        if self._staging.second is not None:
            self._data.mocap_pos[self._mocap(self._staging.second)] = space.other
        self._hand(contact + self._staging.jitter, away, closed)

    def _thing(self, moved: Moved) -> Rotation:
        across = np.array([-np.sin(self._staging.person), np.cos(self._staging.person), 0])
        upright = Rotation.from_euler("z", self._staging.yaw)
        return Rotation.from_rotvec(-moved.tilt * across) * upright

    def _joint(self, share: float) -> None:
        thing = THINGS[self._staging.thing]
        if thing.kind:
            travel = thing.travel * (self._staging.scale if thing.kind == "slide" else 1.0)
            self._data.qpos[self._model.joint(self._staging.thing).qposadr[0]] = share * travel

    def _contact(self, moved: Moved) -> Vector:
        """Where the grip meets the thing, which is at this point of its path."""
        staging = self._staging
        thing, space = THINGS[staging.thing], staging.space
        size = staging.scale * np.array(thing.size)
        turn = self._thing(moved)
        side = float(min(size[:2]))
        if thing.kind:
            found = self._grip_of_part(moved.joint)
        elif staging.action.contact == "top":
            found = np.array([0, 0, 1.9 * size[2]])
        else:
            found = np.array([0, 0, (1.5 if staging.action.contact == "grip" else 1) * size[2]])
        beside = {
            "behind": -side * self._way(),
            "front": side * space.person,
            "top": 0.5 * side * space.person,
            "grip": 0.35 * side * space.person * (not thing.kind),
        }[staging.action.contact]
        return np.asarray(moved.place + turn.apply(found) + beside)

    def _way(self) -> Vector:
        """Which way an action pushes."""
        rightward = "left to right" in self._staging.action.template
        return self._staging.space.right if rightward else -self._staging.space.right

    def _grip_of_part(self, share: float) -> Vector:
        thing = THINGS[self._staging.thing]
        grip, joint = np.array(thing.grip), self._model.joint(self._staging.thing)
        if thing.kind == "slide":
            return self._staging.scale * (grip + share * thing.travel * np.array([1, 0, 0]))
        axis = np.array(joint.axis)
        base = np.array(compiled().body(f"{self._staging.thing}_moves").pos)
        turned = Rotation.from_rotvec(share * thing.travel * axis).apply(grip - base)
        return self._staging.scale * np.asarray(base + turned)

    def _hand(self, contact: Vector, away: float, closed: float) -> None:
        bends, thumb, meets = (
            (1 - closed) * np.array(loose) + closed * np.array(tight)
            for loose, tight in zip(_GRIPS["open"], _GRIPS[self._staging.action.grip], strict=True)
        )
        yaw, pitch = self._staging.person + np.pi + self._staging.turned, self._staging.pitch
        if self._staging.action.contact == "behind":
            # The hand comes from the side that it pushes on, as far as a wrist turns.
            way = self._way()
            yaw += float(np.clip(angle(np.arctan2(way[1], way[0]) - yaw), -1.1, 1.1))
        turn = Rotation.from_euler("ZYX", [yaw, pitch, self._staging.roll])
        out = 0.62 * self._staging.space.person + np.array([0, 0, 0.12 + 0.1 * self._staging.arm])
        lifted = 0.05 * (1 - closed) * (self._staging.space.person * 0.6 + np.array([0, 0, 0.6]))
        place = contact - turn.apply(meets) + away * out + lifted
        place[2] = max(place[2], 0.03)
        data, hand = self._data, self._mocap("hand")
        data.mocap_pos[hand] = place
        data.mocap_quat[hand] = quaternion(turn)
        for finger in FINGERS:
            own = bends
            if self._staging.action.grip == "point" and finger != "index":
                own = (1 - closed) * bends + closed * np.array(_FIST)
            for number, bend in enumerate(own, start=1):
                self._bend(f"{finger}_{number}", bend)
        for name, bend in zip(("thumb_spread", "thumb_1", "thumb_2"), thumb, strict=True):
            self._bend(name, bend)
        self._bend("wrist_bend", np.clip(self._staging.arm - pitch, -0.9, 0.6))
        self._bend("wrist_turn", np.clip(angle(self._staging.person + np.pi - yaw), -0.7, 0.7))

    def _bend(self, joint: str, angle: float) -> None:
        self._data.qpos[self._model.joint(joint).qposadr[0]] = angle

    def _mocap(self, body: str) -> int:
        return int(self._model.body(body).mocapid[0])


def angle(radians: float) -> float:
    """The same direction, between -pi and pi."""
    return float((radians + np.pi) % (2 * np.pi) - np.pi)


def quaternion(turn: Rotation) -> Vector:
    """A turn as MuJoCo spells it: (4,)."""
    return np.asarray(turn.as_quat()[[3, 0, 1, 2]])  # MuJoCo's order
