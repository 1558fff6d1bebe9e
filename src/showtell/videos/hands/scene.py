"""Draws videos of the hand, from one camera that moves."""

from collections.abc import Mapping
from typing import Any, ClassVar

from showtell.rendering.mujoco import Fixed, Free, MujocoScene
from showtell.videos.hands.model import LAYOUT, specification
from showtell.worlds.snapshots import Layout


class HandScene(MujocoScene):
    """A snapshot holds where everything is and how it looks."""

    layout: ClassVar[Layout] = LAYOUT
    cameras: ClassVar[Mapping[str, Fixed | Free]] = {"default": Fixed("default")}

    def specification(self) -> Any:
        """The whole model."""
        return specification()
