"""The kitchen: stepping against raw MuJoCo, drawing against the published quality."""

import numpy as np

from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.worlds.kitchen.world import Kitchen, KitchenSettings
from showtell.worlds.simulator.models import mujoco
from tests.bench.humanoid import building, drawn, memory, rates

SCENE = "showtell.worlds.kitchen.scene:KitchenScene"
STEPS = 40


def measure() -> list[dict[str, object]]:
    """Rates are medians of turns taken one after the other, so that both meet the same load."""
    return [stepping("joint_velocity", 9), stepping("end_effector", 7), building(kitchen), *draw()]


def kitchen(actions: str = "joint_velocity") -> Kitchen:
    settings = {"kind": "kitchen", "task": "slide", "horizon": 128, "end": "terminal"}
    settings |= {"observe_time": True, "observe_velocities": False}
    settings |= {"actions": actions, "success": "published"}
    return Kitchen(KitchenSettings.model_validate(settings))


def stepping(mode: str, size: int) -> dict[str, object]:
    world = kitchen(mode)
    actions = np.random.default_rng(0).uniform(-1, 1, (STEPS, size)).astype(np.float32)
    model, data = world._model, mujoco.MjData(world._model)
    targets: list[np.ndarray] = []  # of the motors: what the raw loop replays
    world.reset(seed=0)
    for action in actions:
        world.step(action)
        targets.append(world._data.ctrl.copy())

    def ours() -> None:
        for action in actions:
            world.step(action)

    def raw() -> None:
        for target in targets:
            data.ctrl[:] = target
            mujoco.mj_step(model, data, world.SUBSTEPS)

    def begin() -> None:
        world.reset(seed=0)
        mujoco.mj_resetData(model, data)
        data.qpos[:] = world._data.qpos
        mujoco.mj_forward(model, data)

    per_s, raw_per_s = rates(begin, ours, raw, STEPS, turns=7)
    return {
        "name": f"kitchen, steps/s, {mode.replace('_', ' ')} actions (bar 0.9)",
        "ours": f"{per_s:.0f}",
        "reference": f"{raw_per_s:.0f} raw mj_step",
        "ratio": f"{per_s / raw_per_s:.2f}",
    }


def draw() -> list[dict[str, object]]:
    world = kitchen()
    world.reset(seed=0)
    snapshots = []
    for action in np.random.default_rng(0).uniform(-1, 1, (8, 9)):
        world.step(action)
        snapshots.append(world.snapshot())
    fast = View(250, 250, quality="fast")
    published = fast._replace(quality="published")
    with RenderPool(SCENE, {}, workers=1) as pool:
        rows = drawn("kitchen", pool, np.array(snapshots), fast, published, bar=15)
        return [*rows, memory("kitchen")]
