"""The model that the videos are drawn from: a forearm with a hand, a table, and things on it.

Nothing of it is in a robot's scene: no mesh, no robot, no thing of a task. Everything is in the one
model; a video moves what it needs onto the table, and gives it a size, a colour and a surface.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import mujoco

from showtell.worlds.snapshots import Layout

# A video changes these; a snapshot is all of them.
LAYOUT = Layout(
    data=("qpos", "mocap_pos", "mocap_quat"),
    model=(
        *("geom_rgba", "geom_size", "geom_pos", "geom_matid", "body_pos"),
        *("cam_fovy", "light_pos", "light_dir", "light_diffuse", "light_ambient"),
    ),
)


class Thing(NamedTuple):
    """One kind of thing; its shape stands in hand.xml under its name."""

    noun: str
    size: tuple[float, float, float]  # half of its extent, in metres, at scale 1
    grip: tuple[float, float, float]  # where the hand takes it, in its own axes; +x is its front
    travel: float = 0.0  # of the moving part, in metres or radians
    kind: str = ""  # of the joint: slide or hinge


THINGS: Mapping[str, Thing] = {
    "block": Thing("a wooden block", (0.035, 0.035, 0.035), (0.03, 0, 0.05)),
    "can": Thing("a can", (0.033, 0.033, 0.055), (0.03, 0, 0.07)),
    "ball": Thing("a ball", (0.036, 0.036, 0.036), (0.02, 0, 0.06)),
    "bottle": Thing("a bottle", (0.032, 0.032, 0.1), (0.03, 0, 0.1)),
    "cup": Thing("a cup", (0.04, 0.04, 0.04), (0.05, 0, 0.06)),
    "book": Thing("a book", (0.085, 0.06, 0.012), (0.07, 0, 0.02)),
    "phone": Thing("a phone", (0.07, 0.035, 0.005), (0.06, 0, 0.012)),
    "drawer": Thing("a drawer", (0.11, 0.11, 0.066), (0.1, 0, 0.075), 0.12, "slide"),
    "box": Thing("a box", (0.08, 0.1, 0.043), (0.16, 0, 0.085), 1.7, "hinge"),
    "cupboard": Thing("a cupboard", (0.09, 0.1, 0.1), (0.075, 0.075, 0.105), 1.5, "hinge"),
    "tap": Thing("a tap", (0.05, 0.03, 0.07), (0.02, -0.07, 0.145), 1.6, "hinge"),
}
FINGERS = ("index", "middle", "ring", "little")
SURFACES = ("plain", "wood", "checks", "stripes", "stone")
DATA = ("hand.xml",)


def specification() -> Any:
    """A new `mujoco.MjSpec` of the model."""
    return mujoco.MjSpec.from_file(str(Path(__file__).parent / "hand.xml"))


@cache
def compiled() -> Any:
    """The model as videos find it: nothing on the table. Copy it before changing it."""
    return specification().compile()
