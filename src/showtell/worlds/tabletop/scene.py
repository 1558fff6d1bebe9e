"""Draws HOLD's tables from the published cameras, upright; the published pictures are mirrored."""

from collections.abc import Mapping
from typing import Any, ClassVar

from showtell.rendering.mujoco import Fixed, Free, MujocoScene
from showtell.worlds.tabletop.physics import spec


class PushingScene(MujocoScene):
    """RLV's pushing, seen from across the table."""

    cameras: ClassVar[Mapping[str, Fixed | Free]] = {
        "default": Free((0, 0.85, 0.45), distance=0.45, azimuth=270, elevation=-60),
        "turned": Free((0, 0.85, 0.45), distance=0.45, azimuth=280, elevation=-60),
    }

    def __init__(self, *, repainted: bool = False) -> None:
        self._repainted = repainted
        super().__init__()

    def specification(self) -> Any:
        """The whole model."""
        return spec("pushing", repainted=self._repainted)


class DrawerScene(MujocoScene):
    """RLV's drawer opening, seen from above the robot's right."""

    cameras: ClassVar[Mapping[str, Fixed | Free]] = {
        # Published as azimuth -30, elevation -135: the same camera, tipped over.
        "default": Free((0, 0.6, 0.2), distance=0.5, azimuth=150, elevation=-45),
        "turned": Free((0, 0.6, 0.2), distance=0.5, azimuth=160, elevation=-45),
    }
    mesh_share: ClassVar[float] = 0.25  # so near the arm, lighter meshes show cracks

    def __init__(self, *, repainted: bool = False) -> None:
        self._repainted = repainted
        super().__init__()

    def specification(self) -> Any:
        """The whole model."""
        return spec("drawer", repainted=self._repainted)


class DvdScene(MujocoScene):
    """DVD's table, seen over the robot's shoulder; each variant hangs its camera itself."""

    cameras: ClassVar[Mapping[str, Fixed | Free]] = {
        "default": Fixed("cam0"),
        "turned": Fixed("turned"),
    }

    def __init__(self, variant: str, mug_mass: float, *, repainted: bool = False) -> None:
        self._look = {"variant": variant, "mug_mass": mug_mass, "repainted": repainted}
        super().__init__()

    def specification(self) -> Any:
        """The whole model."""
        return spec("dvd", **self._look)
