"""MuJoCo models to step: compiled once a process, without what only a picture needs."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mujoco

__all__ = ["bare_model", "metaworld_assets", "mujoco", "strip"]


@cache
def bare_model(path: str) -> Any:
    """The model in an XML file, less its unnamed drawn-only geoms, textures, cameras and lights.

    Copy it before changing it (`copy.copy`). Its joints move bit for bit as the whole model's do
    where no body takes its mass from a dropped geom; a test of each family says so.
    """
    spec = mujoco.MjSpec.from_file(path)
    strip(spec)
    return spec.compile()


@cache
def metaworld_assets() -> Path:
    """Where Meta-World keeps its files, found without importing it, which takes seconds."""
    package = find_spec("metaworld")
    assert package is not None and package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0]) / "assets"


def strip(spec: Any) -> None:
    """Delete what cannot touch anything and has no name to be asked for by."""
    meshes = set()
    for geom in list(spec.geoms):
        geom.material = ""
        if not (geom.contype or geom.conaffinity or geom.name):
            geom.delete()
        else:
            meshes.add(geom.meshname)
    for site in spec.sites:
        site.material = ""
    for mesh in list(spec.meshes):
        if mesh.name not in meshes:
            mesh.delete()
    for unused in [*spec.materials, *spec.textures, *spec.cameras, *spec.lights]:
        unused.delete()
