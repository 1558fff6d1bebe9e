"""The kitchen's pictures; `python -m tests.worlds.kitchen.test_scene` refreshes the golden ones.

They are drawn in a render process: OpenGL must not meet the torch of other tests.
"""

from pathlib import Path

import numpy as np
import pytest

from showtell.media.frames import contact_sheet, read_png, write_png
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.worlds.kitchen.model import model_path
from showtell.worlds.kitchen.physics import GOALS
from showtell.worlds.kitchen.world import Kitchen, KitchenSettings
from showtell.worlds.simulator.models import mujoco

GOLDEN = Path(__file__).parents[2] / "golden/kitchen"
SCENE = "showtell.worlds.kitchen.scene:KitchenScene"
QUALITIES = ("faithful", "fast")
SIZE = 125  # half of RoboCLIP's


def start() -> np.ndarray:
    settings = {"kind": "kitchen", "task": "kettle", "horizon": 128, "end": "terminal"}
    settings |= {"observe_time": True, "observe_velocities": False}
    settings |= {"actions": "joint_velocity", "success": "published"}
    world = Kitchen(KitchenSettings.model_validate(settings))
    world.reset(seed=0)
    return world.snapshot()


def done(*tasks: str) -> np.ndarray:
    snapshot = start()
    for task in tasks:
        goal = GOALS[task]
        snapshot[goal.first : goal.first + len(goal.positions)] = goal.positions
    return snapshot


@pytest.fixture(scope="module")
def pool():
    with RenderPool(SCENE, {}, workers=1) as pool:
        yield pool


def golden_sheet(pool: RenderPool, quality: str) -> np.ndarray:
    """The start, and each task done."""
    moments = np.array([start(), *(done(task) for task in GOALS)])
    frames = pool.draw(moments, View(SIZE, SIZE, quality=quality))  # type: ignore[arg-type]
    return contact_sheet(frames, columns=4, gap=2)


@pytest.mark.parametrize("quality", QUALITIES)
def test_pictures_are_the_golden_ones(pool, quality):
    expected = read_png(GOLDEN / f"{quality}.png").astype(int)
    difference = np.abs(expected - golden_sheet(pool, quality))
    # Another OpenGL may shade and smooth otherwise; a moved or recoloured part shows at once.
    assert difference.mean() < 1.5
    assert (difference > 40).mean() < 0.01


def test_fast_is_close_to_faithful():
    sheets = [read_png(GOLDEN / f"{quality}.png").astype(float) for quality in QUALITIES]
    assert np.abs(sheets[0] - sheets[1]).mean() < 14  # shadows are most of it


@pytest.mark.parametrize(
    ("task", "direction"),
    [("slide", (0, 1)), ("kettle", (-1, 0))],  # the door to the right, the kettle away and up
)
def test_what_a_task_moves_moves_in_the_picture(pool, task, direction):
    """The handle and the kettle's wood are told from the rest by their difference alone."""
    view = View(250, 250, quality="fast")
    goal = GOALS[task]
    way = np.array([start(), done(task)])
    half = way.mean(axis=0)
    frames = pool.draw(np.array([way[0], half, way[1]]), view).astype(int)
    early = np.abs(frames[1] - frames[0]).sum(-1) > 60
    late = np.abs(frames[2] - frames[1]).sum(-1) > 60
    shift = np.array([np.argwhere(m).mean(0) for m in (early, late)])
    along = (shift[1] - shift[0]) @ np.array(direction)
    assert along > 8, goal
    mirrored = pool.draw(way[:1], view._replace(mirrored=True))[0]
    np.testing.assert_array_equal(mirrored, frames[0][:, ::-1])


def test_the_world_names_its_scene():
    assert Kitchen.scene == SCENE


def test_cameras_of_the_model_have_their_names(pool):
    views = [View(32, 32, camera, "fast") for camera in ("default", "left_cap", "right_cap")]
    pictures = [pool.draw(start()[None], view)[0].astype(int) for view in views]
    for number, one in enumerate(pictures):
        for other in pictures[:number]:
            assert np.abs(one - other).mean() > 10


def test_the_light_twin_steps_bit_for_bit_as_the_whole_model_does():
    from showtell.rendering.meshes import lighten
    from showtell.worlds.kitchen.scene import KitchenScene

    spec = KitchenScene().specification()
    lighten(spec, KitchenScene.mesh_share, KitchenScene.mesh_faces)
    models = [mujoco.MjModel.from_xml_path(str(model_path())), spec.compile()]
    # The whole arm stays for the physics; what is drawn of it besides is a third.
    drawn = [model.geom_dataid[model.geom_group < 3] for model in models]
    faces = [model.mesh_facenum[d[d >= 0]].sum() for model, d in zip(models, drawn, strict=True)]
    assert faces[1] < 0.45 * faces[0]
    states = [mujoco.MjData(model) for model in models]
    for action in np.random.default_rng(0).uniform(-0.3, 0.3, (10, 9)):
        for model, data in zip(models, states, strict=True):
            if data.time == 0:
                data.qpos[:] = start()
            data.ctrl[:] = data.qpos[:9] + action
            mujoco.mj_step(model, data, 40)
        np.testing.assert_array_equal(states[0].qpos, states[1].qpos)
        np.testing.assert_array_equal(states[0].qvel, states[1].qvel)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with RenderPool(SCENE, {}, workers=1) as pool:
        for quality in QUALITIES:
            path, sheet = GOLDEN / f"{quality}.png", golden_sheet(pool, quality)
            old = read_png(path).astype(int) if path.exists() else np.zeros(sheet.shape)
            print(f"{path.stem}: mean difference {np.abs(old - sheet).mean():.3f} of 255")
            write_png(path, sheet)
