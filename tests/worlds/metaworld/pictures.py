"""Meta-World pictures for the tests, drawn in a process of its own: `python <this file> OUT.npz`.

OpenGL and torch must not meet in the process that runs the tests.
"""

import sys
from pathlib import Path
from typing import ClassVar

import mujoco
import numpy as np

from showtell.rendering import opengl
from showtell.rendering.mujoco import Fixed
from showtell.rendering.scene import View
from showtell.worlds.metaworld.scene import MetaWorldScene
from showtell.worlds.metaworld.world import MetaWorld, MetaWorldSettings

TASKS = (
    *("drawer-close", "door-close", "button-press", "coffee-push"),
    *("faucet-open", "drawer-open", "door-open"),
)
CAMERAS = (
    *("corner2", "corner2-crop", "corner", "corner3", "corner4"),
    *("topview", "behindGripper", "gripperPOV"),
)
QUALITIES = ("faithful", "fast")
CROP = View(250, 250, "corner2-crop")


class Reflecting(MetaWorldScene):
    """The same tasks, their reflections drawn from every camera."""

    cameras: ClassVar = {
        **MetaWorldScene.cameras,
        "corner2-crop": Fixed("corner2", crop=250 / 480),
    }


def world(task: str) -> MetaWorld:
    settings = {
        **{"kind": "metaworld", "task": task, "horizon": 128, "end": "terminal"},
        **{
            "observe_time": True,
            "layouts": "frozen",
            "spread": "published",
            "hide_goal": True,
            "reward": "v2",
        },
    }
    return MetaWorld(MetaWorldSettings.model_validate(settings))


def moved(task: str, action: tuple[float, float, float, float], steps: int) -> MetaWorld:
    a_world = world(task)
    a_world.reset(seed=0)
    for _ in range(steps):
        a_world.step(np.array(action, dtype=np.float32))
    return a_world


def metaworlds_own(a_world: MetaWorld) -> np.ndarray:
    """What MuJoCo's own renderer shows of the world as it stands, at 640 x 480."""
    task = a_world._task
    model = mujoco.MjModel.from_xml_path(task.fullpath)
    model.vis.global_.offwidth = 640
    model.body_pos[:], model.site_pos[:] = task.model.body_pos, task.model.site_pos
    data = mujoco.MjData(model)
    data.qpos[:], data.mocap_pos[:] = task.data.qpos, task.data.mocap_pos
    data.mocap_quat[:] = task.data.mocap_quat
    mujoco.mj_forward(model, data)
    mujoco.gl_context.GLContext = opengl.context  # instead of the one MUJOCO_GL named at import
    renderer = mujoco.Renderer(model, 480, 640)
    renderer.update_scene(data, "corner2")
    picture = renderer.render()
    renderer.close()
    return picture


def draw() -> dict[str, np.ndarray]:
    drawn: dict[str, np.ndarray] = {}
    a_world = moved("drawer-close", (0.3, 0.5, -0.4, 0.2), steps=40)
    scene, snapshot = MetaWorldScene(**a_world.scene_settings()), a_world.snapshot()
    drawn["own"] = metaworlds_own(a_world)
    drawn["full-published"] = scene.draw(snapshot, View(640, 480, "corner2", "published"))
    drawn["crop-published"] = scene.draw(snapshot, CROP._replace(quality="published"))
    drawn["mirrored-published"] = scene.draw(
        snapshot, View(640, 480, "corner2", "published", mirrored=True)
    )
    for quality in QUALITIES:
        full, crop = View(640, 480, "corner2", quality), CROP._replace(quality=quality)
        drawn[f"full-{quality}"] = scene.draw(snapshot, full)
        drawn[f"again-{quality}"] = scene.draw(snapshot, full)
        drawn[f"mirrored-{quality}"] = scene.draw(snapshot, full._replace(mirrored=True))
        drawn[f"crop-{quality}"] = scene.draw(snapshot, crop)
        for camera in CAMERAS:
            picture = scene.draw(snapshot, View(80, 60, camera, quality))
            drawn[f"golden-camera-{quality}-{camera}"] = picture
    # After the other studio has drawn, too: they have contexts of their own.
    drawn["later-faithful"] = scene.draw(snapshot, View(640, 480, "corner2", "faithful"))
    drawn["later-crop"] = scene.draw(snapshot, CROP)
    scene.close()
    for task in TASKS:
        a_world = moved(task, (0.0, 0.0, 0.0, 0.0), steps=1)
        scene = MetaWorldScene(**a_world.scene_settings())
        for quality in QUALITIES:
            view = View(80, 80, "corner2-crop", quality)
            drawn[f"golden-task-{quality}-{task}"] = scene.draw(a_world.snapshot(), view)
        reaching = moved(task, (0.2, 0.4, -0.3, 0.2), steps=40)
        drawn[f"near-published-{task}"] = scene.draw(
            reaching.snapshot(), CROP._replace(quality="published")
        )
        drawn[f"near-faithful-{task}"] = scene.draw(reaching.snapshot(), CROP)
        reflecting = Reflecting(**a_world.scene_settings())
        drawn[f"near-reflecting-{task}"] = reflecting.draw(reaching.snapshot(), CROP)
        reflecting.close()
        if task == "button-press":
            # From corner2 the viewer looks along -x +y, so that left is towards -x -y.
            for number, action in enumerate([(0.5, 0.5, 0, 0), (-0.5, -0.5, 0, 0)]):
                hand = moved(task, (*action,), steps=30).snapshot()
                for mirrored in (False, True):
                    view = View(250, 250, "corner2-crop", "fast", mirrored)
                    drawn[f"hand-{number}-{mirrored}"] = scene.draw(hand, view)
        scene.close()
    return drawn


if __name__ == "__main__":
    with Path(sys.argv[1]).open("wb") as file:
        np.savez(file, **draw())
