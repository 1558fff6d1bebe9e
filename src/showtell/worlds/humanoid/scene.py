"""Draws the humanoid: gymnasium's plain brown one, or a white one on slate under a cloudy sky.

The textured look follows the description of VLM-RM's, whose own pictures are not free to use: sky
with clouds, dark slate tiles that reflect nothing, a near-white shiny body, light from above.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import mujoco
import numpy as np

from showtell.rendering.mujoco import Fixed, Free, MujocoScene, Quality
from showtell.worlds.humanoid.textures import Texture, shell, sky, slate

_FAST_SLICES, _FAST_STACKS = 10, 6  # of a capsule or a sphere; MuJoCo's default is 28 and 16


class HumanoidScene(MujocoScene):
    """The humanoid; a snapshot is its `qpos`."""

    cameras: ClassVar[Mapping[str, Fixed | Free]] = {
        "default": Free((0.0, 0.0, 1.0), distance=3.5, azimuth=180.0, elevation=-10.0),
        "fixed": Free((0.0, 0.0, 1.0), distance=3.5, azimuth=180.0, elevation=-10.0),
        "side": Fixed("track"),  # follows the body from its right
        # In datasets alone.
        "left": Free((0.0, 0.0, 0.9), distance=3.3, azimuth=145.0, elevation=-14.0),
        "right": Free((0.0, 0.0, 0.9), distance=3.3, azimuth=215.0, elevation=-14.0),
        "above": Free((0.0, 0.0, 0.8), distance=3.8, azimuth=180.0, elevation=-30.0),
    }

    def __init__(self, textured: bool) -> None:
        self._textured = textured
        super().__init__()

    def specification(self) -> Any:
        """The model of gymnasium, its surfaces and its light changed where it is textured."""
        package = find_spec("gymnasium")
        assert package is not None and package.submodule_search_locations is not None
        path = Path(package.submodule_search_locations[0]) / "envs/mujoco/assets/humanoid.xml"
        spec = mujoco.MjSpec.from_file(str(path))
        if self._textured:
            _texture(spec)
        return spec

    def relight(self, model: Any, quality: Quality) -> None:
        """Fast drawing makes capsules and spheres of fewer faces, too."""
        if quality == "fast":
            model.vis.quality.numslices, model.vis.quality.numstacks = _FAST_SLICES, _FAST_STACKS


def _texture(spec: Any) -> None:
    kinds = mujoco.mjtTexture
    for texture in list(spec.textures):
        texture.delete()
    _paint(spec, "sky", kinds.mjTEXTURE_SKYBOX, sky(256))
    _paint(spec, "texplane", kinds.mjTEXTURE_2D, slate(512))
    _paint(spec, "texgeom", kinds.mjTEXTURE_CUBE, np.tile(shell(128), (6, 1, 1)))
    floor, body = spec.material("MatPlane"), spec.material("geom")
    floor.reflectance = floor.shininess = floor.specular = 0
    body.shininess = body.specular = 1
    for geom in spec.geoms:
        geom.rgba = 1, 1, 1, 1
    (light,) = spec.lights
    light.pos, light.dir, light.specular = (0, 0, 1), (0, 0, -1.5), (0.5, 0.5, 0.5)


def _paint(spec: Any, name: str, kind: Any, picture: Texture) -> None:
    height, width, channels = picture.shape
    texture = spec.add_texture(name=name, type=kind, width=width, height=height, nchannel=channels)
    texture.data = picture.tobytes()
