"""A visual twin: the same model with its big drawn meshes made lighter; what moves is untouched."""

from typing import Any

import fast_simplification
import mujoco
import numpy as np
from numpy.typing import NDArray

_LIGHT = "showtell-light-"  # before the names of the meshes that are added
_HIDDEN = 3  # a group that is not drawn by default


def lighten(spec: Any, keep: float, above: int) -> None:
    """Draw meshes of more than `above` faces with about the share `keep` of them.

    A mesh that can touch something stays, undrawn, for the physics, under a light copy that can
    touch nothing. So the twin steps bit for bit as the original does, wherever bodies have their
    inertia from the file or from geoms that are not changed here; a test of each family says so.
    """
    model = spec.compile()
    for mesh in range(model.nmesh):
        if model.mesh_facenum[mesh] > above:
            vertices, faces = _as_in_the_file(model, mesh)
            count = int(len(faces) * keep)
            vertices, faces = fast_simplification.simplify(vertices, faces, target_count=count)
            spec.add_mesh(
                name=_LIGHT + model.mesh(mesh).name,
                uservert=vertices.ravel(),
                userface=faces.ravel(),
            )
    light = {mesh.name for mesh in spec.meshes}
    for geom in list(spec.geoms):
        name = _LIGHT + geom.meshname
        if geom.type != mujoco.mjtGeom.mjGEOM_MESH or name not in light or geom.group > 2:
            continue
        if geom.contype or geom.conaffinity:
            geom.parent.add_geom(
                **{"type": geom.type, "meshname": name, "mass": 0},
                **{"contype": 0, "conaffinity": 0, "group": geom.group},
                **{"pos": geom.pos, "quat": geom.quat},
                **{"rgba": geom.rgba, "material": geom.material},
            )
            geom.group = _HIDDEN
        else:
            geom.meshname = name
    used = {geom.meshname for geom in spec.geoms}
    for mesh in list(spec.meshes):
        if _LIGHT + mesh.name in light and mesh.name not in used:
            mesh.delete()


def _as_in_the_file(model: Any, mesh: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Vertices and faces before MuJoCo centred them, equal vertices merged.

    Without merging, decimation tears the seams that normals leave between faces.
    """
    first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, model.mesh_quat[mesh])
    vertices = model.mesh_vert[first : first + count] @ rotation.reshape(3, 3).T
    vertices += model.mesh_pos[mesh]
    first, count = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
    faces = model.mesh_face[first : first + count]
    extent = np.ptp(vertices, axis=0).max()
    _, kept, merged = np.unique(
        (vertices / (1e-6 * extent)).round(), axis=0, return_index=True, return_inverse=True
    )
    faces = merged.reshape(-1)[faces]
    flat = (faces == np.roll(faces, 1, axis=1)).any(axis=1)
    return vertices[kept].astype(np.float32), faces[~flat].astype(np.int32)
