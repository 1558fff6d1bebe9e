"""The MuJoCo humanoid as VLM-RM runs it: gymnasium's Humanoid-v4, going on after a fall.

Stepping, observation and true reward are gymnasium's to the bit; the success is a pose's. Only
`qpos` is needed to draw a state or to evaluate its pose. The dense reward is ours, for an oracle:
it comes from the margins of the pose's own rule, since agents cheat a mean distance of body parts.
"""

import copy
from pathlib import Path
from typing import Any, ClassVar, Literal

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pydantic import PositiveInt

from showtell.study.needs import Offers
from showtell.worlds.humanoid.poses import POSES, Body, Margins, PoseName, missing
from showtell.worlds.world import (
    FixedHorizonSettings,
    Look,
    Observation,
    Snapshots,
    SuccessRule,
    World,
)

MODEL = Path(gymnasium.__file__).parent / "envs/mujoco/assets/humanoid.xml"


_PARTIAL = 0.5  # the dense reward where a rule is missed by next to nothing
_FAR = 0.5  # m and rad, together, that a rule is missed by where it is half of that


def closeness(margins: Margins) -> float:
    """The dense reward of a moment: 1 where the pose is shown, less the more of it is missing."""
    return 1.0 if min(margins) > 0 else _PARTIAL / (1 + missing(margins) / _FAR)


class HumanoidSettings(FixedHorizonSettings):
    """How the humanoid is run, and which pose is its success."""

    kind: Literal["humanoid"]
    pose: PoseName
    action_repeat: PositiveInt  # steps of 15 ms for one action
    # Gymnasium's, with four evaluations of the forces a step, or MuJoCo's implicit one with one.
    integrator: Literal["runge_kutta", "implicit"]
    # All of gymnasium's 376 numbers, or 45: the joints' positions and a tenth of their velocities.
    observed: Literal["all", "joints"]
    ends_when_unhealthy: bool  # gymnasium's own end, where the torso leaves 1 to 2 m
    textured: bool

    def offers(self) -> Offers:
        """What this world gives to rewards, studies and demos."""
        return Offers(
            actions="box",
            script=False,
            uniform_states=True,
            true_rewards_of_states=False,
            dense_rewards=True,
        )


class Humanoid(World):
    """A body of 17 motors on a plain floor; the action is their torques."""

    success_definition = (
        "The body was in the task's pose at at least half of the steps of the episode."
    )
    success_rule: ClassVar[SuccessRule] = "half"  # Table 1: at 50 of the 100 steps
    scene: ClassVar[str] = "showtell.worlds.humanoid.scene:HumanoidScene"
    looks: ClassVar[tuple[Look, ...]] = tuple(
        Look(f"{camera}{'' if textured else ', plain'}", {"textured": textured}, {"camera": camera})
        for textured in (True, False)
        for camera in ("fixed", "side")
    )
    other_views = ({"camera": "left"}, {"camera": "right"}, {"camera": "above"})

    SUBSTEPS = 5  # of 3 ms
    STEP_S = 0.015
    RESET_NOISE = 0.01
    HEALTHY_M = (1.0, 2.0)

    def __init__(self, settings: HumanoidSettings) -> None:
        from showtell.worlds.simulator.models import bare_model, mujoco

        super().__init__(settings)
        self._settings = settings
        self._pose = POSES[settings.pose]
        self.success_definition = (  # a sentence for each pose
            f"At half or more of the {self.horizon} steps of the episode {self._pose.definition}."
        )
        self._mujoco = mujoco
        self._model = bare_model(str(MODEL))
        if settings.integrator == "implicit":
            self._model = copy.copy(self._model)
            self._model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        self._data = data = mujoco.MjData(self._model)
        self._body = Body(self._model)
        self._share = self._model.body_mass / self._model.body_mass.sum()
        # Views into the simulation, in the order of gymnasium's observation.
        self._observed: tuple[NDArray[np.float64], ...] = (data.qpos[2:], data.qvel)
        if settings.observed == "all":
            others = data.cinert, data.cvel, data.qfrc_actuator, data.cfrc_ext
            self._observed += tuple(other.reshape(-1) for other in others)
        size = sum(part.size for part in self._observed) + settings.observe_time
        self.observation_space = spaces.Box(-np.inf, np.inf, shape=(size,), dtype=np.float32)
        self.action_space = spaces.Box(-0.4, 0.4, shape=(self._model.nu,), dtype=np.float32)
        self._qpos, self._ctrl, self._masses_x = data.qpos, data.ctrl, data.xipos[:, 0]
        self._x = 0.0

    def scene_settings(self) -> dict[str, Any]:
        """Whether the body, the floor and the sky have VLM-RM's kind of textures."""
        return {"textured": self._settings.textured}

    def example(self) -> NDArray[np.float64]:
        """The snapshot of a body in the task's pose."""
        return self._body.example(self._settings.pose)

    def snapshot(self) -> NDArray[np.float64]:
        """The joint positions; the first seven are the torso's place and quaternion."""
        return np.array(self._qpos)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Stand up straight, a hand's width above the floor, as gymnasium does."""
        super().reset(seed=seed)
        model, data, noise = self._model, self._data, self.RESET_NOISE
        self._mujoco.mj_resetData(model, data)
        data.qpos[:] += self.np_random.uniform(-noise, noise, size=model.nq)
        data.qvel[:] += self.np_random.uniform(-noise, noise, size=model.nv)
        self._mujoco.mj_forward(model, data)
        self._time, self._x = 0, self._mass_x()
        return self._observation(), {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """15 ms of physics an action, or some times that.

        The true reward is gymnasium's for walking forward without a fall, added up.
        """
        self._ctrl[:] = action
        cost, reward = 0.1 * float(self._ctrl.dot(self._ctrl)), 0.0
        for _ in range(self._settings.action_repeat):
            self._mujoco.mj_step(self._model, self._data, self.SUBSTEPS)
            before, self._x = self._x, self._mass_x()
            healthy = self._healthy()
            reward += 1.25 * (self._x - before) / self.STEP_S + (5.0 if healthy else 0.0) - cost
        # MuJoCo leaves contact forces on bodies out of a step; gymnasium observes them.
        self._mujoco.mj_rnePostConstraint(self._model, self._data)
        self._time += 1
        ends = self._over(ended=self._settings.ends_when_unhealthy and not healthy)
        margins = self._pose.margins(self._body.posture(self._qpos))
        info = {
            "success": min(margins) > 0,
            "true_reward": reward,
            "dense_reward": closeness(margins),
        }
        return self._observation(), reward, *ends, info

    def _observation(self) -> Observation:
        if self._settings.observed == "joints":
            positions, velocities = self._observed
            return self._with_time(positions, 0.1 * velocities)
        return self._with_time(*self._observed)

    def _healthy(self) -> bool:
        low, high = self.HEALTHY_M
        return low < float(self._qpos[2]) < high

    def successes(self, snapshots: Snapshots) -> NDArray[np.bool_]:
        """Whether each moment shows the pose."""
        shown, posture = self._pose.shown, self._body.posture
        return np.array([shown(posture(snapshot)) for snapshot in snapshots], dtype=np.bool_)

    def uniform(self, generator: np.random.Generator, n: int) -> Snapshots:
        """Moments on the way between two named poses, shaken, tilted and turned, on the floor.

        Drawing joints uniformly would hardly ever show a pose: each draw lies between the examples
        of two, mostly near one.
        """
        examples = np.array([self._body.example(name) for name in POSES])
        drawn = np.empty((n, examples.shape[1]))
        for row in drawn:
            one, other = examples[generator.integers(len(examples), size=2)]
            row[:] = one + generator.random() ** 3 * (other - one)
            row[7:] += generator.normal(0, np.deg2rad(5), size=row.size - 7)
            roll, pitch = generator.normal(0, np.deg2rad(6), size=2)
            yaw = generator.uniform(-0.4, 0.4)
            turn = np.array([1.0, roll / 2, pitch / 2, yaw / 2])  # small angles
            self._mujoco.mju_mulQuat(row[3:7], turn / np.linalg.norm(turn), row[3:7].copy())
            self._mujoco.mju_normalize4(row[3:7])
            row[:2] = generator.uniform(-0.15, 0.15, size=2)
            row[:] = self._body.grounded(row)
        return drawn

    def _mass_x(self) -> float:
        return float(self._share.dot(self._masses_x))


PARTS = {"humanoid": (HumanoidSettings, "Humanoid")}
