"""Draws the Franka Kitchen, from RoboCLIP's free camera or the two of its model."""

from collections.abc import Mapping
from typing import Any, ClassVar

import mujoco

from showtell.rendering.mujoco import Fixed, Free, MujocoScene, Quality
from showtell.worlds.kitchen.model import model_path


class KitchenScene(MujocoScene):
    """The kitchen; a snapshot is its `qpos`."""

    cameras: ClassVar[Mapping[str, Fixed | Free]] = {
        "default": Free((-0.2, 0.5, 2.0), distance=2.2, azimuth=70.0, elevation=-35.0),
    }

    # The arm's meshes alone: what lies under a burner shows through a lighter burner.
    mesh_faces: ClassVar[int] = 2000
    mesh_share: ClassVar[float] = 0.3

    def specification(self) -> Any:
        """The model, found without importing its package, which takes a second."""
        return mujoco.MjSpec.from_file(str(model_path()))

    def relight(self, model: Any, quality: Quality) -> None:
        """The oven's lamp hangs under the hood, whose shadow hides all it lights: off without."""
        if quality == "fast":
            model.light("ovenlight").active = 0
