"""The Franka Kitchen, one thing to move at a time, as RoboCLIP uses it.

The model, the start, the goals and the joint-velocity actions are gymnasium-robotics 1.4.2's
`FrankaKitchen-v1` without its noise, to the bit. RoboCLIP's fork pays the distance that is left
instead of a bonus, ends after 128 steps, and moves the hand instead of the joints; the last is an
option here, solved by inverse kinematics where the fork drags the hand by a mocap body.
"""

import math
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveInt

from showtell.worlds.world import SuccessRule, World

Array = NDArray[np.float64]


def model_path() -> Path:
    """Where the model is, found without importing its package, which takes a second."""
    found = find_spec("gymnasium_robotics")
    assert found is not None and found.submodule_search_locations is not None
    kitchen = "envs/assets/kitchen_franka/kitchen_assets/kitchen_env_model.xml"
    return Path(found.submodule_search_locations[0]) / kitchen


class Goal(NamedTuple):
    """Where the joints of one thing should end up, and what that looks like."""

    first: int  # in qpos
    positions: tuple[float, ...]
    words: str


GOALS = {
    "kettle": Goal(
        23, (-0.23, 0.75, 1.62, 0.99, 0.0, 0.0, -0.06), "the kettle stood on the back left burner"
    ),
    "hinge": Goal(20, (0.0, 1.45), "the right door of the hinged cabinet was open"),
    "slide": Goal(19, (0.37,), "the door of the sliding cabinet was open"),
}
_START = (
    *(0.148388023, -1.76848573, 1.84390296, -2.4768576, 0.260252026, 0.712533105, 1.59515394),
    *(0.0479267505, 0.0371350919, -2.6627985e-4, -5.18043486e-5, 3.1287722e-5, -4.51199853e-5),
    *(-3.90842156e-6, -4.22629655e-5, 6.28065475e-5, 4.04984708e-5, 4.62730939e-4),
    *(-2.26906415e-4, -4.65501369e-4, -6.44129196e-3, -1.77048263e-3, 1.08009684e-3),
    *(-0.26939744, 0.350383255, 1.61944683, 1.00618764, 4.06395120e-3, -6.62095997e-3),
    -2.68278933e-4,
)
# Position limits of gymnasium-robotics' franka_config.xml; joint 6's are not its joint's own.
_LOW = np.array([-2.9, -1.8, -2.9, -3.1, -2.9, 0.0, -2.9, 0.0, 0.0])
_HIGH = np.array([2.9, 1.8, 2.9, 0.0, 2.9, 3.8, 2.9, 0.04, 0.04])


class KitchenSettings(BaseModel):
    """How the kitchen is run, and what is to be moved in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["kitchen"]
    task: Literal["kettle", "hinge", "slide"]
    horizon: PositiveInt
    end: Literal["terminal", "truncated"]  # what the horizon is reported as
    observe_time: bool  # append t / horizon to the observation
    observe_velocities: bool
    actions: Literal["joint_velocity", "end_effector"]
    success: Literal["published", "strict"]  # within 0.3, or within a tenth of the way


class Kitchen(World):
    """A Franka arm before a kitchen; the actions are 9 joint velocities, or 7 for the hand."""

    success_definition = (
        "The joints of the thing to move were close to their goal at some step of the episode."
    )
    success_rule: ClassVar[SuccessRule] = "any"
    scene: ClassVar[str] = "showtell.rendering.kitchen:KitchenScene"

    SUBSTEPS = 40  # of 2 ms
    STEP_S = 0.08
    JOINT_SPEED = 2.0  # rad/s (fingers: m/s) of an action of 1
    HAND_STEP = 0.05  # m that an action of 1 asks the hand to move in a step
    HAND_TURN = 0.25  # rad

    def __init__(self, settings: KitchenSettings) -> None:
        from showtell.worlds.physics.models import bare_model, mujoco

        self._settings = settings
        self.horizon = settings.horizon
        self._mujoco = mujoco
        self._model = bare_model(str(model_path()))
        self._data = data = mujoco.MjData(self._model)
        # Views into the simulation.
        self._qpos: Array = data.qpos
        self._qvel: Array = data.qvel
        goal = GOALS[settings.task]
        self._goal = np.array(goal.positions)
        self._thing = self._qpos[goal.first : goal.first + len(self._goal)]
        start = np.array(_START[goal.first : goal.first + len(self._goal)])
        way = math.dist(start, self._goal)
        self._close = 0.3 if settings.success == "published" else way / 10
        self.success_definition = (  # a sentence for each task
            f"At some step of the episode {goal.words}: within {self._close:.3g} of its goal in "
            f"joint space (metres, radians and quaternion alike), from {way:.3g} at the start."
        )
        self._hand = _Hand(mujoco, self._model, data)
        by_joint = settings.actions == "joint_velocity"
        self._targets = self._joint_targets if by_joint else self._hand_targets
        self.action_space = spaces.Box(-1.0, 1.0, shape=(9 if by_joint else 7,), dtype=np.float32)
        self._time, self._completed = 0, False
        size = len(self._observation())
        self.observation_space = spaces.Box(-np.inf, np.inf, shape=(size,), dtype=np.float32)

    def snapshot(self) -> NDArray[np.float64]:
        """The joint positions: 9 of the robot, then 21 of everything else."""
        return np.array(self._qpos)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Always the same start, as published."""
        super().reset(seed=seed)
        self._mujoco.mj_resetData(self._model, self._data)
        self._qpos[:] = _START
        self._mujoco.mj_forward(self._model, self._data)
        self._time, self._completed = 0, False
        return self._observation(), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """80 ms; the true reward is less the distance to the goal, and 0 once it was reached."""
        wished = self._targets(np.minimum(np.maximum(np.asarray(action, np.float64), -1.0), 1.0))
        self._data.ctrl[:] = np.minimum(np.maximum(wished, _LOW), _HIGH)
        self._mujoco.mj_step(self._model, self._data, self.SUBSTEPS)
        distance = math.dist(self._thing, self._goal)
        close = distance < self._close
        # The step that completes the task still pays its distance, as in RoboCLIP's fork.
        reward = 0.0 if self._completed else -distance
        self._completed = self._completed or close
        self._time += 1
        over = self._time >= self.horizon
        terminal = over and self._settings.end == "terminal"
        info = {"success": close, "true_reward": reward}
        return self._observation(), reward, terminal, over and not terminal, info

    def _joint_targets(self, action: Array) -> Array:
        """gymnasium-robotics' velocities: where each joint would be after the step."""
        return self._qpos[:9] + action * self.JOINT_SPEED * self.STEP_S

    def _hand_targets(self, action: Array) -> Array:
        """Move and turn the hand along the world's axes; the last number opens or closes it."""
        twist = np.concatenate((action[:3] * self.HAND_STEP, action[3:6] * self.HAND_TURN))
        fingers = 0.02 * (1 + action[6])
        return np.concatenate((self._hand.joints(twist), (fingers, fingers)))

    def _observation(self) -> NDArray[np.float32]:
        parts = [self._qpos]
        if self._settings.observe_velocities:
            parts.append(self._qvel)
        if self._settings.observe_time:
            parts.append(np.array([self._time / self.horizon]))
        return np.concatenate(parts, dtype=np.float32, casting="same_kind")


class _Hand:
    """Inverse kinematics by damped least squares: from a small move of the hand to the arm's."""

    DAMPING = 0.05

    def __init__(self, mujoco: Any, model: Any, data: Any) -> None:
        self._mujoco, self._data = mujoco, data
        self._whole = np.zeros((6, model.nv))  # the Jacobian: of the place, then of the turn
        self._jacobian = self._whole[:3], self._whole[3:], model.site("end_effector").id
        self._at_hand = partial(mujoco.mj_jacSite, model, data)
        self._damping = self.DAMPING**2 * np.eye(6)
        self._solved = np.zeros(6)
        self._stiffness = model.actuator_gainprm[:7, 0]

    def joints(self, twist: Array) -> Array:
        """Targets of the seven joints for a move (m) and a turn (rad) of the hand.

        Position motors sag under the arm's weight; the target leads by what gravity takes.
        """
        self._at_hand(*self._jacobian)
        arm = self._whole[:, :7]
        # mju_chol*, not np.linalg: a tenth of the time for six numbers.
        damped = arm.dot(arm.T) + self._damping
        self._mujoco.mju_cholFactor(damped, 0.0)
        self._mujoco.mju_cholSolve(self._solved, damped, twist)
        weight = self._data.qfrc_bias[:7] / self._stiffness
        return np.asarray(self._data.qpos[:7] + self._solved.dot(arm) + weight)


class Leg(NamedTuple):
    """A stretch of a hand script: a few steps towards a place."""

    steps: int
    place: tuple[float, float, float]
    points: tuple[float, float, float] | None = None  # where the fingers should point
    grip: float = -1.0  # closed; 1 is open


def _around_the_hinge(degrees: float) -> tuple[float, float, float]:
    """Where the right door's handle is when the door stands open so far."""
    turned = math.radians(degrees)
    cos, sin = math.cos(turned), math.sin(turned)
    return (-0.224 - 0.302 * cos + 0.128 * sin, 0.71 - 0.302 * sin - 0.128 * cos, 2.6)


SCRIPTS = {
    "slide": (  # push the handle from its left
        Leg(18, (-0.23, 0.45, 2.5), (0, 1, 0.05)),
        Leg(14, (-0.23, 0.62, 2.55), (0, 1, 0.05)),
        Leg(96, (0.21, 0.62, 2.55), (0, 1, 0.05)),
    ),
    "kettle": (  # push it away, fingers low
        Leg(12, (-0.3, 0.1, 2.0)),
        Leg(15, (-0.3, 0.16, 1.72)),
        Leg(101, (-0.27, 0.6, 1.72)),
    ),
    "hinge": (  # grasp the bar, pull it along its arc
        Leg(22, (-0.526, 0.35, 2.55), (0, 0.9, 0.4), grip=1.0),
        Leg(12, (-0.526, 0.59, 2.6), (0, 0.9, 0.4), grip=1.0),
        Leg(8, (-0.526, 0.59, 2.6), (0, 0.9, 0.4)),
        *(Leg(8, _around_the_hinge(11.5 * n), (0.06 * n, 0.9, 0.3)) for n in range(1, 8)),
        Leg(30, _around_the_hinge(85), (0.45, 0.9, 0.3)),
    ),
}


def scripted(world: Kitchen) -> Array:
    """The end-effector action of the script of the world's task, at its present step."""
    data, reached = world._data, 0
    for leg in SCRIPTS[world._settings.task]:
        reached += leg.steps
        if world._time < reached:
            break
    hand = data.site("end_effector")
    turn = np.zeros(3)
    if leg.points is not None:
        wanted = np.array(leg.points) / math.hypot(*leg.points)
        turn = np.cross(hand.xmat.reshape(3, 3)[:, 2], wanted) / Kitchen.HAND_TURN
    move = (np.array(leg.place) - hand.xpos) / Kitchen.HAND_STEP
    return np.asarray(np.clip((*move, *turn, leg.grip), -1.0, 1.0))


PARTS = {"kitchen": (KitchenSettings, "Kitchen")}
