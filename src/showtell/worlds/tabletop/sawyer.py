"""Meta-World's Sawyer, its hand pulled by a mocap point, for scenes that are not Meta-World's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.worlds.simulator.models import metaworld_assets, mujoco

Numbers = tuple[float, ...]
Spec = Any  # mujoco.MjSpec
State = NDArray[np.float64]

FINGERS = """
  <actuator>
    <position joint="r_close" kp="400" ctrllimited="true" ctrlrange="-1 1"/>
    <position joint="l_close" kp="400" ctrllimited="true" ctrlrange="-1 1"/>
  </actuator>
"""


def sawyer(scene: str, things: str) -> Spec:
    """Meta-World's Sawyer with a mocap point that pulls its hand, in a scene with things."""
    here = f'"{metaworld_assets() / "sawyer_xyz"}"'
    model = mujoco.MjSpec.from_string(f"""
      <mujoco>
        <compiler angle="radian" meshdir={here} texturedir={here}/>
        {scene}
        {include("objects/assets/xyz_base_dependencies.xml")}
        <worldbody>{include("objects/assets/xyz_base.xml")}{things}</worldbody>
      </mujoco>
    """)
    # No offset between mocap and hand, and the torque scale Meta-World uses: left alone, the weld
    # keeps the offset of the model's first pose and the hand never reaches the point.
    model.equalities[0].data = (0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 5)
    return model


def slow_joints(model: Spec) -> None:
    """RLV's arms have a default armature of 0.1; Meta-World's, of 0.001."""
    for number in range(7):
        model.joint(f"right_j{number}").armature = 0.1


def settled(
    model: Any, hand: Numbers, turn: Numbers, arm: Numbers, ctrl: Numbers, things: Numbers
) -> State:
    """The state with the hand at rest at a point and every thing in its place.

    The arm swings in from `arm`, its joints and its fingers', for 6 s; the things stand firm.
    """
    data = mujoco.MjData(model)
    data.qpos[:] = (*arm, *things)
    data.mocap_pos[0], data.mocap_quat[0] = hand, turn
    data.ctrl[:] = ctrl
    for _ in range(500):
        mujoco.mj_step(model, data, 5)
        data.qpos[len(arm) :] = things
        data.qvel[len(arm) :] = 0
    data.qvel[:] = data.qacc_warmstart[:] = 0
    data.time = 0
    state = np.empty(mujoco.mj_stateSize(model, _STATE))
    mujoco.mj_getState(model, data, state, _STATE)
    return state


def restore(model: Any, data: Any, state: State) -> None:
    """Go to a state, leaving nothing of the one before."""
    mujoco.mj_setState(model, data, state, _STATE)
    mujoco.mj_kinematics(model, data)


_STATE = int(mujoco.mjtState.mjSTATE_INTEGRATION)


def include(file: str) -> str:
    """The XML that pulls in one of Meta-World's files."""
    return f'<include file="{metaworld_assets() / file}"/>'
