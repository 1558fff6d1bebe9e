"""Render processes: frames/s with one and with two, and the memory that each of them takes."""

import statistics

import numpy as np
import psutil

from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.worlds.script import has_script, script_of
from tests.bench.humanoid import timed
from tests.demos.requests import world

FRAMES = 64
VIEWS = {  # Meta-World's are in `rendering`
    "cartpole": View(120, 80),
    "humanoid-kneeling": View(224, 224, "fixed", "fast"),
    "kitchen-slide": View(224, 224, quality="fast"),
    "rlv-drawer": View(48, 48, quality="fast"),
    "dvd-cup-forward": View(180, 120, quality="fast"),
}


def measure() -> list[dict[str, object]]:
    """The way through shared memory is included; so is the load of whatever else runs here."""
    return [row for task, view in VIEWS.items() for row in scaled(task, view)]


def scaled(task: str, view: View) -> list[dict[str, object]]:
    a_world = world(task)
    a_world.reset(seed=0)
    a_world.action_space.seed(0)
    act = script_of(a_world) if has_script(a_world) else a_world.action_space.sample
    snapshots = []
    for _ in range(FRAMES):
        snapshots.append(a_world.snapshot())
        a_world.step(act())
    moments, per_s, memory = np.array(snapshots), {}, {}
    for workers in (1, 2):
        with RenderPool(a_world.scene, a_world.scene_settings(), workers) as pool:
            pool.draw(moments[:8], view)
            taken = [timed(lambda: pool.draw(moments, view)) for _ in range(5)]
            per_s[workers] = FRAMES / statistics.median(taken)
            found = [child.memory_info().rss / 2**20 for child in psutil.Process().children()]
            memory[workers] = max(found)
    return [
        {
            "name": f"{task}, {view.width} px {view.quality}, frames/s, 2 processes to 1",
            "ours": f"{per_s[2]:.0f}",
            "reference": f"{per_s[1]:.0f}",
            "ratio": f"{per_s[2] / per_s[1]:.2f}",
        },
        {
            "name": f"{task}, memory of each render process, of 2 and of 1",
            "ours": f"{memory[2]:.0f} MB",
            "reference": f"{memory[1]:.0f} MB",
        },
    ]
