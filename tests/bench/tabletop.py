"""The table tops: stepping against raw MuJoCo, drawing against the published quality."""

import numpy as np

from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.worlds.script import script_of
from showtell.worlds.simulator.models import mujoco
from showtell.worlds.tabletop.table import Tabletop
from tests.bench.humanoid import building, drawn, memory, rates
from tests.demos.requests import world

SIZES = {"rlv-pushing": (48, 48), "rlv-drawer": (48, 48), "dvd-cup-forward": (180, 120)}


def measure() -> list[dict[str, object]]:
    """Rates are medians of turns taken one after the other, so that both meet the same load."""
    rows = [stepping(task) for task in SIZES]
    rows.append(building(lambda: world("dvd-cup-forward")))
    return rows + [row for task, size in SIZES.items() for row in drawing(task, *size)]


def stepping(task: str) -> dict[str, object]:
    """Raw: the same substeps from the same states, pulled to where each action pulled."""
    table: Tabletop = world(task)  # type: ignore[assignment]
    model, data = table._model, mujoco.MjData(table._model)
    table.reset(seed=0)
    actions, pulls = [], []
    act = script_of(table)
    for _ in range(60):
        actions.append(act())
        table.step(actions[-1])
        pulls.append((table.target, table._ctrl.copy()))

    def ours() -> None:
        for action in actions:
            table.step(action)

    def raw() -> None:
        for place, grip in pulls:
            data.mocap_pos[0], data.ctrl[:] = place, grip
            mujoco.mj_step(model, data, table.substeps)

    def begin() -> None:
        table.reset(seed=0)
        state = np.empty(mujoco.mj_stateSize(model, _STATE))
        mujoco.mj_getState(model, table._data, state, _STATE)
        mujoco.mj_setState(model, data, state, _STATE)

    per_s, raw_per_s = rates(begin, ours, raw, len(actions), turns=9)
    return {
        "name": f"{task}, steps/s, observation and true reward included (bar 0.9)",
        "ours": f"{per_s:.0f}",
        "reference": f"{raw_per_s:.0f} raw mj_step",
        "ratio": f"{per_s / raw_per_s:.2f}",
    }


def drawing(task: str, width: int, height: int) -> list[dict[str, object]]:
    table = world(task)
    table.reset(seed=0)
    act, snapshots = script_of(table), []
    for _ in range(8):
        table.step(act())
        snapshots.append(table.snapshot())
    fast = View(width, height, quality="fast")
    published = fast._replace(quality="published")
    with RenderPool(table.scene, table.scene_settings(), workers=1) as pool:
        rows = drawn(task, pool, np.array(snapshots), fast, published, bar=1)
        return [*rows, memory(task)]


_STATE = int(mujoco.mjtState.mjSTATE_INTEGRATION)
