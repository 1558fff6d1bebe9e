"""The face of a scene: one snapshot and one view in, one picture out."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]  # (N, H, W, 3), upright RGB
Snapshots = NDArray[np.float64]  # (N, D), each row enough to redraw one moment


WORKER = "SHOWTELL_RENDER_WORKER"  # a variable: the number of a render process in its pool


class View(NamedTuple):
    """From where, how large and how finely a moment is drawn."""

    width: int
    height: int
    camera: str = "default"
    quality: Literal["published", "faithful", "fast"] = "faithful"
    mirrored: bool = False  # left-right, as RoboCLIP's published frames were


def view_of(camera: Mapping[str, Any], width: int, height: int) -> View:
    """A task's camera (its `camera` of params.yaml, as plain data) at one size."""
    return View(width, height, camera["name"], camera["quality"], camera["mirrored"])


class Scene(Protocol):
    """Draws moments of one world. Built once per render process."""

    needs_gl: ClassVar[bool]  # such a scene is never drawn in the learner's own process

    def draw(self, snapshot: NDArray[np.float64], view: View) -> NDArray[np.uint8]:
        """The picture of one moment: (H, W, 3)."""
        ...

    def close(self) -> None:
        """Release what the scene holds (OpenGL contexts, surfaces)."""
        ...
