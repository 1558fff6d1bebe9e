"""Draws Meta-World's tasks, from the cameras of their models and RoboCLIP's crop."""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import mujoco

from showtell.rendering.mujoco import Fixed, Free, MujocoScene
from showtell.rendering.snapshots import METAWORLD, Layout


class MetaWorldScene(MujocoScene):
    """One task; its model is found without importing Meta-World, which takes seconds."""

    layout: ClassVar[Layout] = METAWORLD
    cameras: ClassVar[Mapping[str, Fixed | Free]] = {
        "default": Fixed("corner2"),
        # RoboCLIP's picture: rows 115 to 364 and columns 195 to 444 of 640 x 480.
        "corner2-crop": Fixed("corner2", crop=250 / 480),
    }

    def __init__(self, model: str) -> None:
        self._path = assets() / model
        super().__init__()

    def specification(self) -> Any:
        """The task's XML file."""
        return mujoco.MjSpec.from_file(str(self._path))


@cache
def assets() -> Path:
    """Where Meta-World keeps its models."""
    package = find_spec("metaworld")
    assert package is not None and package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0]) / "assets"
