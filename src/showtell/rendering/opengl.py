"""Which OpenGL draws: a GPU's EGL, Mesa's EGL, or OSMesa; chosen here unless MUJOCO_GL says.

MuJoCo and PyOpenGL take their choices from the environment, and only from there; so this is one
of the few places that read and write it. It is imported in render processes alone.
"""

import ctypes
import ctypes.util
import os
from collections.abc import Mapping, MutableMapping
from typing import Any

from showtell.project.errors import UserError, nearest
from showtell.rendering.scene import WORKER

BACKENDS = ("egl", "osmesa")
_CUDA_DEVICE_NV = 0x323A  # EGL_NV_device_cuda


def context(width: int, height: int) -> Any:
    """An OpenGL context without a window, for the current process; `free` it."""
    backend = choose(os.environ, eglinfo())
    os.environ["PYOPENGL_PLATFORM"] = backend
    try:
        if backend == "egl":
            from mujoco.egl import GLContext
        else:
            from mujoco.osmesa import GLContext
        return GLContext(width, height)
    except (ImportError, AttributeError, RuntimeError) as error:  # as they differ by what is amiss
        raise UserError(
            f"OpenGL by {backend} cannot draw here ({error}); install libegl1 and libgl1-mesa-dri, "
            "or libosmesa6 and set MUJOCO_GL=osmesa."
        ) from error


def choose(environment: MutableMapping[str, str], devices: list[int | None]) -> str:
    """The backend; for EGL on several GPUs, each process of a pool is given the next one.

    `devices` are EGL's in its own order, each with its CUDA number, or None where it has none.
    """
    backend = environment.get("MUJOCO_GL", "").strip().lower()
    if backend in ("", "disable", "glfw"):  # unset, or what a world or a desktop left there
        backend = "egl" if devices else "osmesa"
    if backend not in BACKENDS:
        raise UserError(
            f"MUJOCO_GL is {backend!r}, which cannot draw without a window; "
            f"{nearest(backend, BACKENDS)}"
        )
    if backend == "egl" and "MUJOCO_EGL_DEVICE_ID" not in environment:
        gpus = _visible(environment, devices)
        if gpus:
            worker = int(environment.get(WORKER, "0"))
            environment["MUJOCO_EGL_DEVICE_ID"] = str(gpus[worker % len(gpus)])
    return backend


def _visible(environment: Mapping[str, str], devices: list[int | None]) -> list[int]:
    """EGL's numbers of the GPUs this process may use: EGL and CUDA count them differently."""
    allowed = environment.get("CUDA_VISIBLE_DEVICES")
    numbers = None if allowed is None else {part.strip() for part in allowed.split(",")}
    return [
        number
        for number, cuda in enumerate(devices)
        if cuda is not None and (numbers is None or str(cuda) in numbers)
    ]


def eglinfo() -> list[int | None]:
    """EGL's devices, each with its CUDA number; empty where there is no EGL to draw with."""
    library = ctypes.util.find_library("EGL")
    if library is None:
        return []
    egl = ctypes.CDLL(library)
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    query = _function(egl, b"eglQueryDevicesEXT", ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    attribute = _function(
        egl, b"eglQueryDeviceAttribEXT", ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
    )
    if query is None or attribute is None:
        return []
    devices, count = (ctypes.c_void_p * 64)(), ctypes.c_int()
    if not query(64, devices, ctypes.byref(count)):
        return []
    found: list[int | None] = []
    for device in devices[: count.value]:
        cuda = ctypes.c_ssize_t()
        has = attribute(device, _CUDA_DEVICE_NV, ctypes.byref(cuda))
        found.append(cuda.value if has else None)
    return found


def _function(egl: Any, name: bytes, *arguments: Any) -> Any:
    address = egl.eglGetProcAddress(name)
    return address and ctypes.CFUNCTYPE(ctypes.c_uint, *arguments)(address)
