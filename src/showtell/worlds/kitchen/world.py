"""The Franka Kitchen, one thing to move at a time, as RoboCLIP uses it.

The model, the start, the goals and the joint-velocity actions are gymnasium-robotics 1.4.2's
`FrankaKitchen-v1` without its noise, to the bit. RoboCLIP's fork gives the distance that is left
instead of a bonus, ends after 128 steps, and moves the hand instead of the joints; the last is an
option here, solved by inverse kinematics where the fork drags the hand by a mocap body.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from gymnasium import spaces

from showtell.study.needs import Offers
from showtell.worlds.kitchen import script
from showtell.worlds.kitchen.model import model_path
from showtell.worlds.kitchen.physics import (
    GOALS,
    HAND_STEP,
    HAND_TURN,
    HIGH,
    LOW,
    START,
    Hand,
)
from showtell.worlds.kitchen.words import WORDS
from showtell.worlds.world import (
    Array,
    FixedHorizonSettings,
    Look,
    Observation,
    Progress,
    Script,
    SuccessRule,
    World,
)

# The site at the middle of each thing.
_SITES = {"kettle": "kettle_site", "hinge": "hinge_site2", "slide": "slide_site"}


class KitchenSettings(FixedHorizonSettings):
    """How the kitchen is run, and what is to be moved in it."""

    kind: Literal["kitchen"]
    task: Literal["kettle", "hinge", "slide"]
    observe_velocities: bool
    actions: Literal["joint_velocity", "end_effector"]
    success: Literal["published", "strict"]  # within 0.3, or within a tenth of the way

    def offers(self) -> Offers:
        """What this world gives to rewards, studies and demos."""
        return Offers(
            actions="box",
            script=self.actions == "end_effector",
            uniform_states=False,
            true_rewards_of_states=False,
        )


class Kitchen(World):
    """A Franka arm before a kitchen; the actions are 9 joint velocities, or 7 for the hand."""

    success_definition = (
        "The joints of the thing to move were close to their goal at some step of the episode."
    )
    success_rule: ClassVar[SuccessRule] = "any"
    scene: ClassVar[str] = "showtell.worlds.kitchen.scene:KitchenScene"
    looks: ClassVar[tuple[Look, ...]] = (
        Look("upright", view={"mirrored": False}),
        Look("mirrored", view={"mirrored": True}),
    )
    other_views: ClassVar[tuple[Mapping[str, Any], ...]] = ({"mirrored": True},)

    SUBSTEPS = 40  # of 2 ms
    STEP_S = 0.08
    JOINT_SPEED = 2.0  # rad/s (fingers: m/s) of an action of 1

    def __init__(self, settings: KitchenSettings) -> None:
        from showtell.worlds.simulator.models import bare_model, mujoco

        super().__init__(settings)
        self._settings = settings
        self.words = WORDS[settings.task]
        self._mujoco = mujoco
        self._model = bare_model(str(model_path()))
        self._data = data = mujoco.MjData(self._model)
        # Views into the simulation.
        self._qpos: Array = data.qpos
        self._qvel: Array = data.qvel
        goal = GOALS[settings.task]
        self._goal = np.array(goal.positions)
        self._thing = self._qpos[goal.first : goal.first + len(self._goal)]
        start = np.array(START[goal.first : goal.first + len(self._goal)])
        way = math.dist(start, self._goal)
        self._close = 0.3 if settings.success == "published" else way / 10
        self.success_definition = (  # a sentence for each task
            f"At some step of the episode {goal.words}: within {self._close:.3g} of its goal in "
            f"joint space (metres, radians and quaternion alike), from {way:.3g} at the start."
        )
        self._hand = Hand(mujoco, self._model, data)
        by_joint = settings.actions == "joint_velocity"
        self.has_script = not by_joint  # it moves the hand
        self._targets = self._joint_targets if by_joint else self._hand_targets
        self.action_space = spaces.Box(-1.0, 1.0, shape=(9 if by_joint else 7,), dtype=np.float32)
        self._completed = False
        size = len(self._observation())
        self.observation_space = spaces.Box(-np.inf, np.inf, shape=(size,), dtype=np.float32)

    def snapshot(self) -> Array:
        """The joint positions: 9 of the robot, then 21 of everything else."""
        return np.array(self._qpos)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Always the same start, as published."""
        super().reset(seed=seed)
        self._mujoco.mj_resetData(self._model, self._data)
        self._qpos[:] = START
        self._mujoco.mj_forward(self._model, self._data)
        self._time, self._completed = 0, False
        return self._observation(), {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """80 ms; the true reward is less the distance to the goal, and 0 once it was reached."""
        wished = self._targets(np.minimum(np.maximum(np.asarray(action, np.float64), -1.0), 1.0))
        self._data.ctrl[:] = np.minimum(np.maximum(wished, LOW), HIGH)
        self._mujoco.mj_step(self._model, self._data, self.SUBSTEPS)
        distance = math.dist(self._thing, self._goal)
        close = distance < self._close
        # The step that completes the task still has its distance as reward, as in RoboCLIP's fork.
        reward = 0.0 if self._completed else -distance
        self._completed = self._completed or close
        self._time += 1
        info = {"success": close, "true_reward": reward}
        return self._observation(), reward, *self._over(), info

    def script(self) -> Script:
        """Moves the hand; for end-effector actions alone."""
        hand = self._data.site("end_effector")
        return lambda: script.action(
            self._settings.task, self._time, hand.xpos, hand.xmat.reshape(3, 3)
        )

    def progress(self) -> Progress:
        """The hand's way to the thing in metres; the rest in joint space."""
        hand, thing = (
            self._data.site(name).xpos for name in ("end_effector", _SITES[self._settings.task])
        )
        left = np.linalg.norm(self._thing - self._goal)
        return Progress(float(np.linalg.norm(hand - thing)), float(left))

    def _joint_targets(self, action: Array) -> Array:
        """gymnasium-robotics' velocities: where each joint would be after the step."""
        return self._qpos[:9] + action * self.JOINT_SPEED * self.STEP_S

    def _hand_targets(self, action: Array) -> Array:
        """Move and turn the hand along the world's axes; the last number opens or closes it."""
        twist = np.concatenate((action[:3] * HAND_STEP, action[3:6] * HAND_TURN))
        fingers = 0.02 * (1 + action[6])
        return np.concatenate((self._hand.joints(twist), (fingers, fingers)))

    def _observation(self) -> Observation:
        if self._settings.observe_velocities:
            return self._with_time(self._qpos, self._qvel)
        return self._with_time(self._qpos)


PARTS = {"kitchen": (KitchenSettings, "Kitchen")}
