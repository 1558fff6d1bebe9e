"""The humanoid: stepping against raw MuJoCo, drawing against the published quality."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil

from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.worlds.humanoid.poses import POSES, Body
from showtell.worlds.humanoid.world import MODEL, Humanoid, HumanoidSettings
from showtell.worlds.simulator.models import bare_model, mujoco

SCENE = "showtell.worlds.humanoid.scene:HumanoidScene"
STEPS = 100


def measure() -> list[dict[str, object]]:
    """Rates are medians of turns taken one after the other, so that both meet the same load."""
    return [stepping(), building(humanoid), *drawing()]


def humanoid() -> Humanoid:
    settings = {"kind": "humanoid", "pose": "arms_crossed", "horizon": STEPS, "end": "terminal"}
    settings |= {"observe_time": False, "ends_when_unhealthy": False, "textured": True}
    settings |= {"action_repeat": 1, "integrator": "runge_kutta", "observed": "all"}
    return Humanoid(HumanoidSettings.model_validate(settings))


def stepping() -> dict[str, object]:
    world = humanoid()
    actions = np.random.default_rng(0).uniform(-0.4, 0.4, (STEPS, 17)).astype(np.float32)
    model, data = world._model, mujoco.MjData(world._model)

    def ours() -> None:
        for action in actions:
            world.step(action)

    def raw() -> None:
        for action in actions:
            data.ctrl[:] = action
            mujoco.mj_step(model, data, world.SUBSTEPS)

    def begin() -> None:
        world.reset(seed=0)
        mujoco.mj_resetData(model, data)
        data.qpos[:], data.qvel[:] = world._data.qpos, world._data.qvel
        mujoco.mj_forward(model, data)

    per_s, raw_per_s = rates(begin, ours, raw, STEPS, turns=15)
    return {
        "name": "humanoid, steps/s, observation, true reward and pose included (bar 0.9)",
        "ours": f"{per_s:.0f}",
        "reference": f"{raw_per_s:.0f} raw mj_step",
        "ratio": f"{per_s / raw_per_s:.2f}",
    }


def drawing() -> list[dict[str, object]]:
    body, rows = Body(bare_model(str(MODEL))), []
    snapshots = np.array([body.example(name) for name in POSES])
    for look, textured in (("textured", True), ("plain", False)):
        with RenderPool(SCENE, {"textured": textured}, workers=1) as pool:
            for size, bar in ((480, 8), (224, 4)):
                fast = View(224, 224, "fixed", "fast")
                published = View(size, size, "fixed", "published")
                rows += drawn(f"humanoid, {look}", pool, snapshots, fast, published, bar)
            if textured:
                rows.append(memory("humanoid"))
    return rows


def drawn(
    what: str, pool: RenderPool, snapshots: np.ndarray, fast: View, published: View, bar: int
) -> list[dict[str, object]]:
    """Frames/s of one render process, the way through shared memory included."""
    few = snapshots[:2]  # published quality is slow
    faithful = published._replace(quality="faithful")
    seconds: dict[View, list[float]] = {view: [] for view in (fast, faithful, published)}
    pictures = {view: pool.draw(few, view).astype(int) for view in seconds}
    for _ in range(5):
        for view, taken in seconds.items():
            some = snapshots if view is fast else few
            taken.append(timed(lambda: pool.draw(some, view)) / len(some))  # noqa: B023
    per_s = {view: 1 / statistics.median(taken) for view, taken in seconds.items()}
    apart = np.abs(pictures[faithful] - pictures[published])
    return [
        {
            "name": f"{what}, frames/s at {view.width} px, {named}",
            "ours": f"{per_s[view]:.1f}",
            "reference": f"{per_s[published]:.2f} published quality at {published.width} px",
            "ratio": f"{per_s[view] / per_s[published]:.1f}{beside}",
        }
        for view, named, beside in (
            (fast, f"fast (bar {bar})", ""),
            (
                faithful,
                "faithful",
                f"; mean difference {apart.mean():.2f} of 255, 99th percentile "
                f"{np.percentile(apart, 99):.0f}",
            ),
        )
    ]


def building(make: Callable[[], Any]) -> dict[str, object]:
    worlds: list[Any] = [make()]
    seconds = timed(lambda: worlds.extend(make() for _ in range(8)))
    before = psutil.Process().memory_info().rss
    worlds.extend(make() for _ in range(64))  # few would fit into memory that was freed before
    each = (psutil.Process().memory_info().rss - before) / 64
    return {
        "name": f"{type(worlds[0]).__name__.lower()}, seconds to build 8 more worlds (bar 1)",
        "ours": f"{seconds:.3f}, {each / 2**20:.1f} MB each",
        "reference": "1",
        "ratio": f"{seconds:.3f}",
    }


def memory(what: str) -> dict[str, object]:
    """Of the one render process that is running."""
    (worker,) = psutil.Process().children()
    return {
        "name": f"{what}, memory of a render process with all qualities",
        "ours": f"{worker.memory_info().rss / 2**20:.0f} MB",
    }


def rates(
    begin: Callable[[], None],
    ours: Callable[[], None],
    raw: Callable[[], None],
    steps: int,
    turns: int,
) -> tuple[float, float]:
    """Steps a second of processor time of both, turn by turn; one thread each."""
    ours_s, raw_s = [], []
    for _ in range(turns):
        begin()
        ours_s.append(timed(ours, time.thread_time))
        raw_s.append(timed(raw, time.thread_time))
    return steps / statistics.median(ours_s), steps / statistics.median(raw_s)


def timed(run: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds that it takes."""
    start = clock()
    run()
    return clock() - start
