"""HOLD's tables as MuJoCo models: RLV's and DVD's scenes, rebuilt from Meta-World's meshes.

Meta-World is MIT; its arm, drawer, faucet, coffee machine and mug are DVD's to the byte. What it
lacks (RLV's box drawer, claws and square) is made here of plain geoms.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from showtell.worlds.simulator.models import mujoco, strip
from showtell.worlds.tabletop.sawyer import (
    FINGERS,
    Numbers,
    Spec,
    State,
    include,
    sawyer,
    settled,
    slow_joints,
)

RED, BLUE, BLACK = (1, 0.3, 0.3, 1), (0.3, 0.3, 1, 1), (0, 0, 0, 1)
MUG_START = (0.0, 0.6, 0.0)
_BOX = mujoco.mjtGeom.mjGEOM_BOX


class Layout(NamedTuple):
    """Where DVD's things stand, and from where they are seen."""

    drawer: Numbers
    coffee_machine: Numbers
    faucet: Numbers
    mug_goal: Numbers
    camera: Numbers
    camera_quat: Numbers


# DVD's env1 to env4: its XML files, and the cup's goals of its analysis script.
_FRONT = ((0.05, -0.05, 0.6), (0.0218097, -0.0377755, 0.4995241, -0.8652011))
LAYOUTS = {
    "original": Layout((0.25, 0.75, 0), (-0.04, 0.85, 0), (-0.25, 0.7, 0), (0, 0.7, 0), *_FRONT),
    "colours": Layout((0.25, 0.82, 0), (-0.07, 0.85, 0), (-0.25, 0.7, 0), (0, 0.7, 0), *_FRONT),
    "viewpoint": Layout(
        drawer=(0.25, 0.82, 0),
        coffee_machine=(-0.07, 0.85, 0),
        faucet=(-0.25, 0.7, 0),
        mug_goal=(-0.05, 0.7, 0),
        camera=(0.3, -0.02, 0.5),
        camera_quat=(0.2, -0.2, 0.8, -1.2),
    ),
    "arrangement": Layout(
        drawer=(0.1, 0.9, 0),
        coffee_machine=(0.34, 0.85, 0),
        faucet=(-0.15, 0.77, 0),
        mug_goal=(0.17, 0.65, 0),
        camera=(-0.3, -0.02, 0.5),
        camera_quat=(-0.2, 0.2, 0.8, -1.2),
    ),
}

# The looks of env2 to env4. The arm, the table and the mug are published; the files with the
# other three colours are not, so those are ours.
_REPAINTED = {
    "drawer_beige": (0.75, 0.55, 0.3, 1),
    "drawer_white": (0.25, 0.25, 0.25, 1),
    "cmred": (0.2, 0.28, 0.45, 1),
    "cmwhite": (0.2, 0.2, 0.2, 1),
    "faucet_red": (0.1, 0.35, 0.15, 1),
    "faucet_metal": (0.75, 0.65, 0.4, 1),
}
_TURN = math.radians(10)  # of the camera that is turned about the middle of DVD's table
_MIDDLE = (0.0, 0.65, 0.0)


def spec(table: str, **settings: Any) -> Spec:
    """The whole model of `pushing`, `drawer` or `dvd`, as drawn."""
    builders: dict[str, Callable[..., Spec]] = {
        "pushing": _pushing,
        "drawer": _drawer,
        "dvd": _dvd,
    }
    return builders[table](**settings)


@cache
def bare(table: str, **settings: Any) -> Any:
    """The model to step, compiled once a process and shared: its worlds never change it."""
    whole = spec(table, **settings)
    strip(whole)
    return whole.compile()


@cache
def start(table: str, hand: Numbers, turn: Numbers, **settings: Any) -> State:
    """The state in which every episode begins."""
    if table == "pushing":
        return settled(bare(table), hand, turn, _RLV_ARM, (1,), _THINGS[table])
    return settled(bare(table, **settings), hand, turn, _ARM, (-1, 1), _THINGS[table])


# The things' joints at the start: mug; drawer; mug, drawer (7 cm open), button, faucet.
_THINGS: dict[str, Numbers] = {
    "pushing": (0, 0.6, 0, 1, 0, 0, 0),
    "drawer": (0,),
    "dvd": (*MUG_START, 1, 0, 0, 0, -0.07, 0, 0),
}
# From where an arm comes to its start, and its fingers' joints: as published.
_RLV_ARM = (1.7244, -0.92036, 0.10234, 2.11178, 2.97669, -0.38665, 0.54066, 0)
_ARM = (0,) * 9


def _pushing(*, repainted: bool = False) -> Spec:
    """RLV's Sawyer and its two claws, a red mug, a black square."""
    scene = """
      <option timestep="0.002" iterations="50" cone="elliptic"/>
      <visual><headlight ambient="0.5 0.5 0.5"/></visual>
      <asset>
        <texture type="skybox" builtin="gradient" rgb1=".50 .495 .48" rgb2=".50 .495 .48"
                 width="32" height="32"/>
        <material name="paper" shininess="0.1" specular="0.4"/>
        <mesh name="mug" file="../objects/meshes/coffeemachine/mug.stl" scale="0.92 0.92 0.92"/>
        <mesh name="ear" file="../objects/meshes/coffeemachine/handle.stl" scale="0.92 0.92 0.92"/>
      </asset>
      <equality><weld body1="mocap" body2="hand" solref="0.01 1"/></equality>
      <actuator><motor joint="claw" gear="100" ctrllimited="true" ctrlrange="-1 1"/></actuator>
    """
    # Meta-World's mug at RLV's size, 2.5 cm by 6 cm. The square is painted on: it touches nothing.
    things = """
      <geom name="table" type="plane" pos="0 0.6 0" size="0.4 0.4 0.5" material="paper"
            rgba=".6 .6 .6 1" contype="15" conaffinity="15"/>
      <geom type="box" pos="0 0.75 0.001" size="0.04 0.04 0.001" rgba="0.1 0.1 0.1 1"
            contype="0" conaffinity="0"/>
      <body name="mug">
        <joint name="mug" type="free" damping="1"/>
        <inertial pos="0 0 0.03" mass="0.1" diaginertia="0.1 0.1 0.1"/>
        <geom type="mesh" mesh="mug" pos="0 0 0.031" rgba="1 0.1 0.1 1"
              contype="0" conaffinity="0"/>
        <geom type="mesh" mesh="ear" pos="0.036 0 0.043" euler="1.571 0 0" rgba="1 0.1 0.1 1"
              contype="0" conaffinity="0"/>
        <geom type="cylinder" pos="0 0 0.03" size="0.025 0.03" group="4" mass="0" contype="2"
              conaffinity="2" friction="0.1 0.005 0.0001" solref="0.008 1" margin="0.001"/>
      </body>
    """
    model = sawyer(scene, things)
    slow_joints(model)
    _claws(model)
    if repainted:
        _recolour(model, {(0.6, 0.6, 0.6): (0.4, 0.5, 0.65), (1, 0.1, 0.1): (0.15, 0.55, 0.2)})
    return model


def _claws(model: Spec) -> None:
    """RLV's gripper: Meta-World's fingers off, two black claws of 5 cm on, the left one fixed."""
    for geom in [*model.body("right_hand").geoms, *model.body("hand").geoms]:
        geom.delete()
    for name in ("rightclaw", "leftclaw"):
        model.detach_body(model.body(name))
    hand = model.body("hand")
    hand.pos = (0, 0, 0)
    touching = {"contype": 2, "conaffinity": 2, "friction": (1, 0.005, 0.001)}
    hand.add_geom(type=_BOX, size=(0.01, 0.04, 0.01), rgba=(0.7, 0.6, 0.55, 1), **touching)
    for side, turn in ((-1, 0.1), (1, -0.1)):
        claw = hand.add_body(name=f"claw{side}", pos=(0.03, side * 0.03, 0))
        claw.mass, claw.inertia, claw.explicitinertial = 4, (0.1, 0.1, 0.1), True
        claw.ipos = (-0.01, 0, 0)
        box = claw.add_geom(type=_BOX, size=(0.025, 0.005, 0.02), rgba=BLACK, condim=4, **touching)
        box.quat = (math.cos(turn), 0, 0, math.sin(turn))
        if side < 0:
            slide = claw.add_joint(name="claw", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0, 1, 0))
            slide.range, slide.limited, slide.damping, slide.armature = (0, 0.04), True, 1, 0.1


def _drawer(*, repainted: bool = False) -> Spec:
    """RLV's Sawyer and the box drawer of the first Meta-World."""
    scene = """
      <option timestep="0.0025" iterations="50" tolerance="1e-10" jacobian="dense" cone="elliptic"/>
      <visual><headlight ambient="0.5 0.5 0.5"/></visual>
      <asset>
        <texture type="skybox" builtin="gradient" rgb1=".50 .495 .48" rgb2=".50 .495 .48"
                 width="32" height="32"/>
        <texture name="table" type="2d" file="../textures/light_wood_v3.png"/>
        <texture name="boxes" type="cube" file="../textures/light_wood_v2.png"/>
        <material name="table" texture="table" shininess="0.1" specular="0.4"/>
        <material name="boxes" texture="boxes" shininess="0.1" specular="0.4"/>
      </asset>
      <equality><weld body1="mocap" body2="hand" solref="0.02 1"/></equality>
    """
    things = """
      <light diffuse=".8 .8 .8" specular=".3 .3 .3" pos="1 1 4" dir="0 -.15 -1"
             castshadow="false"/>
      <light diffuse=".8 .8 .8" specular=".3 .3 .3" pos="-3 -3 4" dir="0 -.15 -1"
             castshadow="false"/>
      <geom name="table" type="plane" pos="0 0.6 0" size="0.4 0.4 0.5" material="table"
            rgba=".6 .6 .5 1" friction="2 0.1 0.002"/>
      <body name="tray" pos="0 0.9 0.04">
        <joint name="drawer" type="slide" axis="0 1 0" range="-0.2 0" damping="1" armature="0.1"/>
      </body>
      <body name="cover" pos="0 0.9 0.02"/>
    """
    model = sawyer(scene + FINGERS, things)
    # Meta-World counts the mass of its collision geoms alone; a box here is drawn and solid.
    model.compiler.inertiagrouprange = (0, 5)
    slow_joints(model)
    # RLV's pad has the density of its twin, 16 g; Meta-World 3's weighs 1 kg.
    model.geom("rightpad_geom").mass = math.nan
    _hide(model, "rightEndEffector", "leftEndEffector")
    for body, colour, size, pos in _BOXES:
        mass = 0.04 if colour == BLACK else 1000
        box = model.body(body).add_geom(type=_BOX, size=size, pos=pos, mass=mass, rgba=colour)
        box.material, box.solref, box.solimp = "boxes", (0.01, 1), (0.99, 0.99, 0.01, 0.5, 2)
    for x in (-0.103, 0.103):
        for y in (-0.103, 0.103):
            post = model.body("cover").add_geom(size=(0.005, 0.09625, 0), pos=(x, y, 0.10375))
            post.type, post.rgba, post.material = mujoco.mjtGeom.mjGEOM_CAPSULE, BLUE, "boxes"
            post.contype = post.conaffinity = 2
    if repainted:
        table = {(0.6, 0.6, 0.5): (0.35, 0.45, 0.6)}
        _recolour(model, table | {RED[:3]: (0.3, 0.75, 0.4), BLUE[:3]: (0.9, 0.7, 0.25)})
    return model


# Body, colour, half sizes, position. With a ton a wall, the tray weighs five: as published.
_BOXES: list[tuple[str, Numbers, Numbers, Numbers]] = [
    ("tray", RED, (0.1, 0.1, 0.001), (0, 0, 0.005)),
    ("tray", RED, (0.1, 0.001, 0.05), (0, 0.1, 0.054)),
    ("tray", RED, (0.1, 0.001, 0.05), (0, -0.1, 0.054)),
    ("tray", RED, (0.001, 0.1, 0.05), (0.1, 0, 0.054)),
    ("tray", RED, (0.001, 0.1, 0.05), (-0.101, 0, 0.054)),
    ("tray", BLACK, (0.05, 0.005, 0.02), (0, -0.2, 0.05)),
    ("tray", BLACK, (0.005, 0.05, 0.02), (0.045, -0.15, 0.05)),
    ("tray", BLACK, (0.005, 0.05, 0.02), (-0.045, -0.15, 0.05)),
    ("cover", BLUE, (0.105, 0.105, 0.001), (0, 0, 0.2)),
    ("cover", BLUE, (0.105, 0.001, 0.1), (0, 0.105, 0.102)),
    ("cover", BLUE, (0.001, 0.105, 0.1), (0.105, 0, 0.102)),
    ("cover", BLUE, (0.001, 0.105, 0.1), (-0.106, 0, 0.102)),
]


def _dvd(variant: str, mug_mass: float, *, repainted: bool = False) -> Spec:
    """DVD's table: a drawer, a coffee machine, a faucet and a mug before a reclining Sawyer."""
    layout = LAYOUTS[variant]
    scene = include("scene/basic_scene.xml")
    for thing in ("drawer", "coffeemachine", "faucet"):
        scene += include(f"objects/assets/{thing}_dependencies.xml")
    scene += '<equality><weld body1="mocap" body2="hand" solref="0.02 1"/></equality>'
    # In this order the joints are, behind arm and fingers: mug, drawer, button, faucet.
    things = "".join(
        f"<body pos='{x} {y} {z}'>{joint}{include(f'objects/assets/{thing}.xml')}</body>"
        for thing, (x, y, z), joint in (
            ("mug", MUG_START, "<freejoint name='mug'/>"),
            ("drawer", layout.drawer, ""),
            ("coffeemachine", layout.coffee_machine, ""),
            ("faucet", layout.faucet, ""),
        )
    )
    model = sawyer(scene + FINGERS, things)
    model.detach_body(model.body("RetainingWall"))  # newer than DVD
    model.body("base").pos = (0, -0.2, -0.3)
    model.body("hand").pos = (0, 0, 0.05)
    # Both sliding joints are called goal_slidey.
    joints = {"drawer_link": "drawer", "cmbutton": "button", "faucet_link2": "faucet"}
    for body, name in joints.items():
        model.body(body).joints[0].name = name
    mug = model.body("mug")
    mug.mass, mug.inertia, mug.explicitinertial = mug_mass, (0.01, 0.01, 0.01), True
    mug.ipos = (0, 0, 0)
    # Dots of Meta-World 3 that DVD's model lacks, or has at half the size.
    _hide(model, "coffee_goal", "handleStartClose")
    if repainted or variant != "original":
        _repaint(model)
    model.worldbody.add_camera(name="cam0", pos=layout.camera, quat=layout.camera_quat)
    pos, quat = _turned(layout.camera, layout.camera_quat)
    model.worldbody.add_camera(name="turned", pos=pos, quat=quat)
    return model


def _turned(pos: Numbers, quat: Numbers) -> tuple[Any, Any]:
    """The place of a camera that is turned about the middle of the table."""
    turn, turned_pos, turned_quat = np.empty(4), np.empty(3), np.empty(4)
    mujoco.mju_axisAngle2Quat(turn, (0, 0, 1), _TURN)
    mujoco.mju_rotVecQuat(turned_pos, np.subtract(pos, _MIDDLE), turn)
    mujoco.mju_mulQuat(turned_quat, turn, np.asarray(quat, dtype=np.float64))
    return turned_pos + _MIDDLE, turned_quat


def _hide(model: Spec, *sites: str) -> None:
    for name in sites:
        model.site(name).rgba = (0, 0, 0, 0)


def _repaint(model: Spec) -> None:
    for name, colour in _REPAINTED.items():
        model.material(name).rgba = colour
    model.texture("T_table").file = "../textures/wood1.png"
    _recolour(model, {})


def _recolour(model: Spec, colours: Mapping[Any, Numbers]) -> None:
    """Geoms of these colours get others; the arm gets the blue of DVD's."""
    for geom in model.geoms:
        for old, new in {(0.5, 0.1, 0.1): (0.1, 0.1, 0.5), **colours}.items():
            if np.allclose(geom.rgba[:3], old):
                geom.rgba[:3] = new
                break
