"""Meta-World: labelled steps, stepping and drawing beside the reference schedule.

The reference schedule is RoboCLIP's: every step drawn at 640x480 in MuJoCo's default quality, one
episode at a time, the picture cropped afterwards, 32 of 128 pictures kept. Encoders are left out.
"""

import statistics

import mujoco
import numpy as np

from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards.reward import Reads
from showtell.worlds.metaworld.world import MetaWorld, MetaWorldSettings
from tests.bench.humanoid import building, memory, rates, timed

STEPS = 128
CROP = View(250, 250, "corner2-crop", mirrored=True)
TASK = "drawer-close"


class Reference:
    """One episode of the reference schedule, played as a scene: OpenGL needs its own process."""

    needs_gl = True

    def __init__(self, task: str) -> None:
        from metaworld.env_dict import ALL_V3_ENVIRONMENTS_GOAL_HIDDEN

        from showtell.rendering import opengl

        mujoco.gl_context.GLContext = opengl.context
        self._env = ALL_V3_ENVIRONMENTS_GOAL_HIDDEN[f"{task}-v3-goal-hidden"](seed=0)
        self._env.model.vis.global_.offwidth = 640
        self._renderer = mujoco.Renderer(self._env.model, 480, 640)

    def draw(self, snapshot: np.ndarray, view: View) -> np.ndarray:
        """`snapshot` holds the actions of an episode; the picture is the last that is kept."""
        self._env.reset()
        pictures = []
        for action in snapshot.reshape(STEPS, 4).astype(np.float32):
            self._env.step(action)
            self._renderer.update_scene(self._env.data, "corner2")
            pictures.append(self._renderer.render()[::-1])
        kept = np.stack([picture[115:365, 195:445] for picture in pictures])[::4]
        return kept[-1]

    def close(self) -> None:
        self._renderer.close()


def measure() -> list[dict[str, object]]:
    """Rates are medians of turns taken one after the other, so that both meet the same load."""
    rows = labelling()
    for task in (TASK, "button-press", "coffee-push"):
        rows += stepping(task)
    return [*rows, building(lambda: world(TASK)), *frames()]


def world(task: str) -> MetaWorld:
    settings = {"kind": "metaworld", "task": task, "horizon": STEPS, "end": "terminal"}
    settings |= {
        "observe_time": True,
        "layouts": "frozen",
        "spread": "published",
        "hide_goal": True,
        "reward": "v2",
    }
    return MetaWorld(MetaWorldSettings.model_validate(settings))


def recorded(a_world: MetaWorld, task: str) -> np.ndarray:
    """The actions of Meta-World's scripted policy."""
    from metaworld.policies import ENV_POLICY_MAP

    policy, actions = ENV_POLICY_MAP[f"{task}-v3"](), []
    a_world.reset()
    for _ in range(STEPS):
        action = np.clip(policy.get_action(a_world.full_observation()), -1, 1)
        actions.append(action.astype(np.float32))
        a_world.step(actions[-1])
    return np.array(actions)


def labelling() -> list[dict[str, object]]:
    worlds, steps = [world(TASK) for _ in range(8)], Reads(CROP, stride=4).steps(STEPS)
    actions = recorded(worlds[0], TASK)
    kept: dict[str, np.ndarray] = {}

    def ours(pool: RenderPool, view: View, count: int) -> None:
        snapshots = [episode(a_world, actions)[steps] for a_world in worlds[:count]]
        kept[view.quality] = pool.draw(np.concatenate(snapshots), view)

    reference = RenderPool("tests.bench.rendering:Reference", {"task": TASK}, workers=1)
    pool = RenderPool(worlds[0].scene, worlds[0].scene_settings(), workers=1)
    seconds: dict[str, list[float]] = {"reference": [], "faithful": [], "fast": []}
    with reference, pool:
        faithful, fast = CROP, CROP._replace(quality="fast")
        for view in (faithful, fast):
            pool.draw(worlds[0].snapshot()[None], view)
        played = actions.ravel()[None].astype(float)
        reference.draw(played, CROP)
        for _ in range(3):
            seconds["reference"].append(timed(lambda: kept.update(r=reference.draw(played, CROP))))
            seconds["faithful"].append(timed(lambda: ours(pool, faithful, 1)))
            seconds["fast"].append(timed(lambda: ours(pool, fast, 8)) / 8)
    rate = {name: STEPS / statistics.median(taken) for name, taken in seconds.items()}
    same = np.abs(kept["faithful"][31].astype(int) - kept["r"][0]).mean()
    return [
        {
            "name": f"Meta-World, labelled steps/s, {quality} (bar {bar})",
            "ours": f"{rate[quality]:.0f}",
            "reference": f"{rate['reference']:.1f}",
            "ratio": f"{rate[quality] / rate['reference']:.1f}",
        }
        for quality, bar in (("faithful", 4), ("fast", 25))
    ] + [
        {
            "name": "Meta-World, a kept frame beside the reference's, mean difference of 255",
            "ours": f"{same:.3f}",
            "reference": "0",
        }
    ]


def episode(a_world: MetaWorld, actions: np.ndarray) -> np.ndarray:
    a_world.reset()
    snapshots = []
    for action in actions:
        a_world.step(action)
        snapshots.append(a_world.snapshot())
    return np.array(snapshots)


def stepping(task: str) -> list[dict[str, object]]:
    """Raw: the same five substeps from the same states on Meta-World's own, whole model.

    Alone: the action, the physics and where it leaves things. Whole: what an agent gets as well,
    the observation and Meta-World's own dense reward, both computed in Python.
    """
    from metaworld.env_dict import ALL_V3_ENVIRONMENTS_GOAL_HIDDEN

    a_world = world(task)
    actions = recorded(a_world, task)
    theirs = ALL_V3_ENVIRONMENTS_GOAL_HIDDEN[f"{task}-v3-goal-hidden"](seed=0)
    whole = mujoco.MjModel.from_xml_path(theirs.fullpath)
    whole.eq_data[:] = theirs.model.eq_data
    data, targets = mujoco.MjData(whole), pulls(a_world, actions)

    def ours() -> None:
        for action in actions:
            a_world.step(action)

    def alone() -> None:
        task = a_world._task
        for action in actions:
            task.set_xyz_action(action[:3])
            task.do_simulation((action[3], -action[3]), task.frame_skip)
            mujoco.mj_kinematics(task.model, task.data)

    def raw() -> None:
        for place, grip in targets:
            data.mocap_pos[0], data.ctrl[:] = place, grip
            mujoco.mj_step(whole, data, 5)

    def metaworlds() -> None:
        for action in actions:
            theirs.step(action)

    def begin() -> None:
        a_world.reset()
        theirs.reset()
        whole.body_pos[:] = a_world._task.model.body_pos
        mujoco.mj_resetData(whole, data)
        data.qpos[:], data.qvel[:] = a_world._task.data.qpos, a_world._task.data.qvel
        data.mocap_pos[:], data.mocap_quat[:] = (
            a_world._task.data.mocap_pos,
            a_world._task.data.mocap_quat,
        )

    alone_per_s, raw_per_s = rates(begin, alone, raw, STEPS, turns=15)
    per_s, raw_beside_per_s = rates(begin, ours, raw, STEPS, turns=15)
    theirs_per_s, _ = rates(begin, metaworlds, raw, STEPS, turns=3)
    return [
        {
            "name": f"Meta-World {task}, steps/s, stepping alone (bar 0.9)",
            "ours": f"{alone_per_s:.0f}",
            "reference": f"{raw_per_s:.0f} raw mj_step",
            "ratio": f"{alone_per_s / raw_per_s:.2f}",
        },
        {
            "name": f"Meta-World {task}, steps/s, observation and true reward included",
            "ours": f"{per_s:.0f}",
            "reference": f"{raw_beside_per_s:.0f} raw mj_step; "
            f"{theirs_per_s:.0f} Meta-World's own step",
            "ratio": f"{per_s / raw_beside_per_s:.2f}; {per_s / theirs_per_s:.1f}",
        },
    ]


def pulls(a_world: MetaWorld, actions: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where each action pulls the hand, and how it closes the gripper."""
    data, targets = a_world._task.data, []
    a_world.reset()
    for action in actions:
        a_world.step(action)
        targets.append((data.mocap_pos[0].copy(), data.ctrl.copy()))
    return targets


def frames() -> list[dict[str, object]]:
    """Frames/s with one and two render processes, the way through shared memory included."""
    a_world = world(TASK)
    snapshots = episode(a_world, recorded(a_world, TASK))
    views = [View(size, size, "corner2", "fast") for size in (64, 224)] + [CROP]
    per_s: dict[tuple[int, View], float] = {}
    rows = []
    for workers in (1, 2):
        with RenderPool(a_world.scene, a_world.scene_settings(), workers) as pool:
            for view in views:
                some = snapshots if view.quality == "fast" else snapshots[:8]
                pool.draw(some[:8], view)
                taken = [timed(lambda: pool.draw(some, view)) for _ in range(3)]  # noqa: B023
                per_s[workers, view] = len(some) / statistics.median(taken)
            if workers == 1:
                rows.append(memory("Meta-World"))
    for view in views:
        one, two = per_s[1, view], per_s[2, view]
        rows.append(
            {
                "name": f"Meta-World {view.width} px {view.quality}, frames/s, 2 processes to 1",
                "ours": f"{two:.0f}",
                "reference": f"{one:.0f}",
                "ratio": f"{two / one:.2f}",
            }
        )
    return rows
