"""Draws Meta-World's tasks, from the cameras of their models and RoboCLIP's crop."""

from collections.abc import Mapping
from typing import Any, ClassVar

import mujoco

from showtell.rendering.mujoco import Fixed, Free, MujocoScene
from showtell.worlds.metaworld.snapshot import SNAPSHOT
from showtell.worlds.simulator.models import metaworld_assets
from showtell.worlds.snapshots import Layout


class MetaWorldScene(MujocoScene):
    """One task, by its model's place among Meta-World's assets."""

    layout: ClassVar[Layout] = SNAPSHOT
    cameras: ClassVar[Mapping[str, Fixed | Free]] = {
        "default": Fixed("corner2"),
        # RoboCLIP's picture: rows 115 to 364 and columns 195 to 444 of 640 x 480.
        "corner2-crop": Fixed("corner2", crop=250 / 480, reflections=False),
    }

    def __init__(self, model: str) -> None:
        self._path = metaworld_assets() / model
        super().__init__()

    def specification(self) -> Any:
        """The task's XML file."""
        return mujoco.MjSpec.from_file(str(self._path))
