"""The kitchen's model, start, goals and limits, and the inverse kinematics of its arm.

All numbers are gymnasium-robotics 1.4.2's. No simulator is imported here.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from showtell.worlds.world import Array

HAND_STEP = 0.05  # m that an action of 1 asks the hand to move in a step
HAND_TURN = 0.25  # rad


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
# fmt: off
START = (
    0.148388023, -1.76848573, 1.84390296, -2.4768576, 0.260252026, 0.712533105, 1.59515394,
    0.0479267505, 0.0371350919, -2.6627985e-4, -5.18043486e-5, 3.1287722e-5, -4.51199853e-5,
    -3.90842156e-6, -4.22629655e-5, 6.28065475e-5, 4.04984708e-5, 4.62730939e-4,
    -2.26906415e-4, -4.65501369e-4, -6.44129196e-3, -1.77048263e-3, 1.08009684e-3,
    -0.26939744, 0.350383255, 1.61944683, 1.00618764, 4.06395120e-3, -6.62095997e-3,
    -2.68278933e-4,
)
# fmt: on
# Position limits of gymnasium-robotics' franka_config.xml; joint 6's are not its joint's own.
LOW = np.array([-2.9, -1.8, -2.9, -3.1, -2.9, 0.0, -2.9, 0.0, 0.0])
HIGH = np.array([2.9, 1.8, 2.9, 0.0, 2.9, 3.8, 2.9, 0.04, 0.04])


class Hand:
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
