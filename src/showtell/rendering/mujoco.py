"""Draws MuJoCo models: any size, named or free cameras, three qualities. numpy and mujoco only.

`published` is MuJoCo's default, as the papers drew; `faithful` differs from it at the edges of
shadows alone and takes half its time; `fast` is another picture. A family's scene is a subclass
of `MujocoScene` that says which model, which snapshot, which cameras. Raw `MjrContext`s are used,
not `mujoco.Renderer`: that one is bound to a size and to the model's own quality.
"""

import atexit
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from showtell.project.errors import UserError, nearest
from showtell.rendering import opengl
from showtell.rendering.meshes import lighten
from showtell.rendering.scene import View
from showtell.worlds.snapshots import Layout

Picture = NDArray[np.uint8]  # (H, W, 3)
Quality = Literal["published", "faithful", "fast"]
_SHADOW_TEXELS = 4  # of a faithful shadow map, for each pixel of the picture's longer side
_LEAST_SHADOW_MAP = 512


class Fixed(NamedTuple):
    """A camera of the model, by its name there."""

    name: str
    crop: float = 1.0  # the share of the picture's height that is drawn, around its centre
    reflections: bool = True  # False: nothing in this view reflects; a test says so


class Free(NamedTuple):
    """A camera that looks at a point from a distance; angles in degrees."""

    lookat: tuple[float, float, float]
    distance: float
    azimuth: float
    elevation: float
    crop: float = 1.0


class MujocoScene:
    """Draws moments of one MuJoCo model, in a studio for each quality that is asked for."""

    needs_gl: ClassVar[bool] = True
    layout: ClassVar[Layout] = Layout()  # what a snapshot holds
    # Besides the cameras of the model; `default` has to be among these.
    cameras: ClassVar[Mapping[str, Fixed | Free]]
    # How fast drawing lightens meshes: to which share of the faces, and above how many.
    mesh_share: ClassVar[float] = 0.15
    mesh_faces: ClassVar[int] = 500

    def __init__(self) -> None:
        self._models: dict[Quality, Any] = {}
        self._studios: dict[tuple[Quality, int], _Studio] = {}
        self._closed = False

    def specification(self) -> Any:
        """A new `mujoco.MjSpec` of the model; called once for each quality."""
        raise NotImplementedError

    def relight(self, model: Any, quality: Quality) -> None:
        """Change a compiled model's lights for a quality, where a family needs it."""

    def draw(self, snapshot: NDArray[np.float64], view: View) -> Picture:
        """The picture of one moment: upright, or left-right mirrored."""
        studio = self._studio(view)
        camera = self.cameras.get(view.camera)
        if camera is None:
            named = studio.cameras()
            if view.camera not in named:
                raise UserError(
                    f"{type(self).__name__} has no camera {view.camera!r}; "
                    f"{nearest(view.camera, {*self.cameras, *named})}"
                )
            camera = Fixed(view.camera)
        self.layout.put(snapshot, studio.model, studio.data)
        return studio.picture(camera, view)

    def close(self) -> None:
        """Free OpenGL; safe to call twice."""
        self._closed = True
        for studio in self._studios.values():
            studio.close()
        self._studios.clear()

    def _studio(self, view: View) -> "_Studio":
        if self._closed:
            raise RuntimeError(f"{type(self).__name__} is closed")
        model = self._model(view.quality)
        shadow_map = shadow_map_size(view, model.vis.quality.shadowsize)
        if (view.quality, shadow_map) not in self._studios:
            self._studios[view.quality, shadow_map] = _Studio(model, view.quality, shadow_map)
        return self._studios[view.quality, shadow_map]

    def _model(self, quality: Quality) -> Any:
        if quality not in self._models:
            spec = self.specification()
            if quality == "fast":
                lighten(spec, self.mesh_share, self.mesh_faces)
            model = spec.compile()
            self.relight(model, quality)
            self._models[quality] = model
        return self._models[quality]


def shadow_map_size(view: View, published: int) -> int:
    """The side of the shadow map in texels: a function of the view, so that bytes are one too.

    A map of 4096 takes about half the time of a 250 pixel picture of Meta-World; one of 1024
    changes less than 1 of 100 of that picture's values.
    """
    if view.quality == "fast":
        return 0
    if view.quality == "published":
        return published
    wanted = 1 << (_SHADOW_TEXELS * max(view.width, view.height) - 1).bit_length()
    return min(max(wanted, _LEAST_SHADOW_MAP), published)


class _Studio:
    """A model on the graphics card, with the buffers and flags of one quality and shadow map.

    Each has its own OpenGL context: two `MjrContext`s in one leave each other's lights on.
    """

    def __init__(self, model: Any, quality: Quality, shadow_map: int) -> None:
        self.model = model
        self._quality = quality
        self.data = mujoco.MjData(model)
        self._scene = mujoco.MjvScene(model, maxgeom=max(1000, 4 * model.ngeom))
        self._option = mujoco.MjvOption()
        self._width, self._height = 1, 1
        model.vis.global_.offwidth = model.vis.global_.offheight = 1
        if quality == "fast":
            # Without these buffers at all: turned off by flag alone, MSAA stays.
            model.vis.quality.offsamples = 0
            self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        self._gl = opengl.context(1, 1)
        self._gl.make_current()
        # EGL ends at exit, and then complains about every context that is still there.
        atexit.register(self.close)
        published = model.vis.quality.shadowsize
        model.vis.quality.shadowsize = shadow_map
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        model.vis.quality.shadowsize = published
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._place()
        # A camera whose up points down draws upside-down; Meta-World has four of them.
        self._upside_down = self.data.cam_xmat.reshape(-1, 3, 3)[:, 2, 1] < -1e-6

    def cameras(self) -> list[str]:
        """The names of the model's cameras."""
        return [self.model.camera(number).name for number in range(self.model.ncam)]

    def picture(self, camera: Fixed | Free, view: View) -> Picture:
        """The picture of the moment in `data` from this camera."""
        self._gl.make_current()
        self._place()
        eye, upside_down = self._eye(camera)
        mujoco.mjv_updateScene(
            *(self.model, self.data, self._option, None, eye),
            *(mujoco.mjtCatBit.mjCAT_ALL, self._scene),
        )
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = self._reflects(camera)
        # A narrower field of view is a crop that costs nothing: the same pixels, fewer of them.
        for side in self._scene.camera:
            side.frustum_top *= camera.crop
            side.frustum_bottom *= camera.crop
        if view.width > self._width or view.height > self._height:
            self._width = max(view.width, self._width)
            self._height = max(view.height, self._height)
            mujoco.mjr_resizeOffscreen(self._width, self._height, self._context)
        area = mujoco.MjrRect(0, 0, view.width, view.height)
        rows = np.empty((view.height, view.width, 3), dtype=np.uint8)  # OpenGL's: lowest first
        mujoco.mjr_render(area, self._scene, self._context)
        mujoco.mjr_readPixels(rows, None, area, self._context)
        upright = rows[:, ::-1] if upside_down else rows[::-1]
        return np.ascontiguousarray(upright[:, ::-1] if view.mirrored else upright)

    def close(self) -> None:
        """Free what is on the card."""
        atexit.unregister(self.close)
        self._gl.make_current()
        self._context.free()
        self._gl.free()

    def _reflects(self, camera: Fixed | Free) -> bool:
        # Reflections out of the camera's view cost another pass over the whole model.
        if self._quality == "faithful":
            return isinstance(camera, Free) or camera.reflections
        return self._quality == "published"

    def _place(self) -> None:
        """Where everything is: all that drawing needs of a whole `mj_forward`."""
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)  # for lights and cameras that follow a body
        mujoco.mj_camlight(self.model, self.data)
        mujoco.mj_tendon(self.model, self.data)

    def _eye(self, camera: Fixed | Free) -> tuple[Any, bool]:
        eye = mujoco.MjvCamera()
        if isinstance(camera, Fixed):
            number = self.model.camera(camera.name).id
            eye.type = mujoco.mjtCamera.mjCAMERA_FIXED
            eye.fixedcamid = number
            return eye, bool(self._upside_down[number])
        eye.type = mujoco.mjtCamera.mjCAMERA_FREE
        eye.lookat[:] = camera.lookat
        eye.distance = camera.distance
        eye.azimuth, eye.elevation = camera.azimuth, camera.elevation
        return eye, False
