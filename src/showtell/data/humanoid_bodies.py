"""Bodies of the humanoid for a dataset: between poses, shaken, fallen, wandering."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.worlds.humanoid.poses import POSES, Body, Positions, Posture

Degrees = Mapping[str, float]


class Drawn(NamedTuple):
    """A body, where its parts are, and how noisily it was drawn: 0 is a named body, 1 far off."""

    qpos: Positions
    posture: Posture
    noise: float


def _is_arm(joint: str) -> bool:
    return "shoulder" in joint or "elbow" in joint


# What the arms do, and what all the rest of a body does: any of these goes with any of those.
_ARMS: Sequence[Degrees] = [
    {joint: angle for joint, angle in pose.example.items() if _is_arm(joint)}
    for pose in POSES.values()
] + [{"shoulder1": 0, "shoulder2": 30}]  # stretched forward
_STANCES: Sequence[Degrees] = [
    {joint: angle for joint, angle in pose.example.items() if not _is_arm(joint)}
    for pose in POSES.values()
] + [
    {"hip_y": -100, "knee": -130},  # crouching
    {"pitch": -85, "knee": -10},  # on the back
    {"pitch": 88, "knee": -5},  # on the front
    {"pitch": 80, "hip_y": -85, "knee": -95},  # on hands and knees
    {"left_hip_y": -90, "left_knee": -90, "right_knee": -95},  # on one knee
    {"hip_x": -25, "knee": -2},  # astride
]
_POSES = len(POSES)
_NAMED_SHARE = 0.7  # of the ends between which bodies lie: the arms and the stance of one pose
_EXACT_SHARE = 0.3  # of bodies that are hardly shaken: little noise ends a lotus or a split
WANDERING_BODIES = 4  # moments of one wandering
_WANDERING = 48  # steps of 15 ms
_HELD = (2, 12)  # steps for which a wandering body holds its torques


class Bodies:
    """Draws bodies of one model."""

    def __init__(self, model: Any) -> None:
        from showtell.worlds.simulator.models import mujoco

        self._model, self._data, self._mujoco = model, mujoco.MjData(model), mujoco
        self._body = Body(model)

    def posed(self, generator: np.random.Generator) -> Drawn:
        """On the way between two bodies, mostly near one, shaken, tilted and turned."""
        one, other = self._named(generator), self._named(generator)
        share, shake = (float(generator.random()) ** power for power in (4, 1.5))
        if generator.random() < _EXACT_SHARE:
            share, shake = 0.1 * share, 0.1 * shake
        qpos = one + share * (other - one)
        qpos[7:] += generator.normal(0, np.deg2rad(12) * shake, size=qpos.size - 7)
        roll, pitch = generator.normal(0, np.deg2rad(12) * shake, size=2)
        yaw = generator.uniform(-0.5, 0.5)
        turn = np.array([1.0, roll / 2, pitch / 2, yaw / 2])  # small angles
        self._mujoco.mju_mulQuat(qpos[3:7], turn / np.linalg.norm(turn), qpos[3:7].copy())
        self._mujoco.mju_normalize4(qpos[3:7])
        qpos[:2] = generator.uniform(-0.2, 0.2, size=2)
        qpos = self._body.grounded(qpos)
        if generator.random() < 0.1:  # in the air, as after a reset
            qpos[2] += generator.uniform(0, 0.25)
        return self._drawn(qpos, (share + shake) / 2)

    def wandering(self, generator: np.random.Generator) -> Iterator[Drawn]:
        """Moments of a body that moves with random torques, from some pose until it has fallen."""
        data, size = self._data, self._model.nu
        self._mujoco.mj_resetData(self._model, data)
        if generator.random() < 0.5:
            data.qpos[:] = self.posed(generator).qpos
        kept = np.sort(generator.choice(_WANDERING, size=WANDERING_BODIES, replace=False))
        strength, step = generator.uniform(0, 0.4), 0
        until = 0
        for step in range(int(kept[-1]) + 1):
            if step >= until:
                data.ctrl[:] = generator.uniform(-strength, strength, size=size)
                until = step + int(generator.integers(*_HELD))
            self._mujoco.mj_step(self._model, data, 5)
            if step in kept:
                yield self._drawn(np.array(data.qpos), 0.5 + 0.5 * step / _WANDERING)

    def _named(self, generator: np.random.Generator) -> NDArray[np.float64]:
        """The arms and the stance of one pose, or of any two."""
        if generator.random() < _NAMED_SHARE:
            arms = stance = int(generator.integers(_POSES))
        else:
            arms = int(generator.integers(len(_ARMS)))
            stance = int(generator.integers(len(_STANCES)))
        return self._body.positions({**_STANCES[stance], **_ARMS[arms]})

    def _drawn(self, qpos: Positions, noise: float) -> Drawn:
        return Drawn(qpos, self._body.posture(qpos), noise)
