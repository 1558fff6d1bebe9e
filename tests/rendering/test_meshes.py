"""Lighter meshes: the same shape from fewer faces, and not a bit of the motion changed."""

import itertools

import mujoco
import numpy as np
import pytest
from metaworld.env_dict import ALL_V3_ENVIRONMENTS

from showtell.rendering.meshes import lighten


def torus(around: int = 60, along: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A closed surface of 2 x 60 x 40 faces, off centre."""
    u, v = np.meshgrid(np.arange(around), np.arange(along), indexing="ij")
    a, b = 2 * np.pi * u / around, 2 * np.pi * v / along
    ring = 0.3 + 0.1 * np.cos(b)
    vertices = np.stack([ring * np.cos(a) + 1, ring * np.sin(a) - 2, 0.1 * np.sin(b)], axis=-1)
    faces = []
    for i, j in itertools.product(range(around), range(along)):
        k, m = (i + 1) % around, (j + 1) % along
        p, q, r, s = (x * along + y for x, y in ((i, j), (k, j), (k, m), (i, m)))
        faces += [(p, q, r), (p, r, s)]
    return vertices.reshape(-1, 3), np.array(faces)


def ring_spec(**geom: float) -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    vertices, faces = torus()
    spec.add_mesh(name="ring", uservert=vertices.ravel(), userface=faces.ravel())
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[5, 5, 0.1])
    body = spec.worldbody.add_body(name="thing", pos=[0, 0, 1], quat=[0.8, 0.6, 0, 0])
    body.add_freejoint()
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.1, 0, 0], pos=[1, -2, 0])
    body.add_geom(
        **{"type": mujoco.mjtGeom.mjGEOM_MESH, "meshname": "ring", "rgba": [1, 0, 0, 1]},
        **{"pos": [0.1, 0.2, 0.3], "quat": [0.6, 0, 0.8, 0], **geom},
    )
    return spec


def drawn(model: mujoco.MjModel) -> list[int]:
    meshes = model.geom_type == mujoco.mjtGeom.mjGEOM_MESH
    return np.flatnonzero(meshes & (model.geom_group <= 2)).tolist()


def shape(model: mujoco.MjModel) -> np.ndarray:
    """Where the vertices of the only drawn mesh are in the world."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    (geom,) = drawn(model)
    mesh = model.geom_dataid[geom]
    first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    vertices = model.mesh_vert[first : first + count]
    return vertices @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom]


def fallen(model: mujoco.MjModel) -> np.ndarray:
    data, path = mujoco.MjData(model), []
    for _ in range(300):
        mujoco.mj_step(model, data, 2)
        path.append(np.concatenate([data.qpos, data.qvel]))
    return np.array(path)


@pytest.mark.parametrize("touch", [0, 1])
def test_a_big_mesh_keeps_its_place_and_shape_with_fewer_faces(touch):
    whole, light = (ring_spec(contype=touch, conaffinity=touch, mass=0) for _ in range(2))
    lighten(light, keep=0.1, above=1000)
    whole, light = whole.compile(), light.compile()
    mesh = light.geom_dataid[drawn(light)[0]]
    assert 300 < light.mesh_facenum[mesh] <= 480
    before, after = shape(whole), shape(light)
    np.testing.assert_allclose(after.min(0), before.min(0), atol=0.02)
    np.testing.assert_allclose(after.max(0), before.max(0), atol=0.02)
    nearest = np.linalg.norm(after[:, None] - before, axis=-1).min(1)
    assert nearest.max() < 0.05
    np.testing.assert_allclose(light.geom_rgba[drawn(light)[0]], [1, 0, 0, 1])


@pytest.mark.parametrize("touch", [0, 1])
def test_what_moves_moves_bit_for_bit_as_before(touch):
    whole, light = (ring_spec(contype=touch, conaffinity=touch, mass=0) for _ in range(2))
    lighten(light, keep=0.1, above=1000)
    path = fallen(whole.compile())
    np.testing.assert_array_equal(fallen(light.compile()), path)
    assert not np.array_equal(path[0], path[-1])


def test_a_small_mesh_is_left_alone():
    spec = ring_spec(contype=0, conaffinity=0)
    lighten(spec, keep=0.1, above=5000)
    assert spec.compile().nmeshface == 4800


@pytest.mark.parametrize("file", ["drawer", "door_pull", "button_press", "coffee", "faucet"])
def test_metaworlds_twin_moves_bit_for_bit_as_the_original(file):
    (path,) = {
        cls.model_name.fget(None)
        for cls in ALL_V3_ENVIRONMENTS.values()
        if cls.model_name.fget(None).endswith(f"/sawyer_{file}.xml")
    }
    spec = mujoco.MjSpec.from_file(path)
    lighten(spec, keep=0.15, above=500)
    original, twin = mujoco.MjModel.from_xml_path(path), spec.compile()
    faces = [m.mesh_facenum[m.geom_dataid[drawn(m)]].sum() for m in (original, twin)]
    assert faces[1] < 0.2 * faces[0]
    np.testing.assert_array_equal(_swung(twin), _swung(original))


def _swung(model: mujoco.MjModel) -> np.ndarray:
    """Where the joints are while the hand is pulled about."""
    model.eq_data[:] = [0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 5]  # as Meta-World sets its weld
    data, path = mujoco.MjData(model), []
    data.mocap_pos[0], data.mocap_quat[0] = (0, 0.6, 0.2), (1, 0, 1, 0)
    mujoco.mj_step(model, data, 200)
    for action in np.random.default_rng(0).uniform(-1, 1, size=(60, 4)):
        data.mocap_pos[0] += 0.01 * action[:3] - [0, 0, 0.002]
        data.ctrl[:] = action[3], -action[3]
        mujoco.mj_step(model, data, 5)
        path.append(data.qpos.copy())
    return np.array(path)
