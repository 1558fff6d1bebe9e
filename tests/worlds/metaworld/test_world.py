"""Meta-World, run lean: the same bits as the library's own environments, layouts, clocks, flags."""

import itertools
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from metaworld.env_dict import ALL_V3_ENVIRONMENTS, ALL_V3_ENVIRONMENTS_GOAL_HIDDEN
from metaworld.policies import ENV_POLICY_MAP

from showtell.project.errors import UserError
from showtell.study.registry import build, part
from showtell.worlds.metaworld import physics
from showtell.worlds.metaworld.snapshot import SNAPSHOT
from showtell.worlds.metaworld.spread import WIDE
from showtell.worlds.metaworld.words import SUCCESS, TASKS
from showtell.worlds.metaworld.world import MetaWorld
from showtell.worlds.simulator.models import bare_model
from showtell.worlds.world import LAYOUTS

HAND_ALONE, THINGS_ALONE = {"door-open"}, {"coffee-push"}  # what a wide layout moves
PAPERS = sorted(SUCCESS)  # the tasks of the papers
SETTINGS = {
    "kind": "metaworld",
    "task": "drawer-close",
    "horizon": 128,
    "end": "terminal",
    "observe_time": True,
    "layouts": "frozen",
    "spread": "published",
    "hide_goal": True,
    "reward": "v2",
}
WHOLE_STATE = int(mujoco.mjtState.mjSTATE_INTEGRATION)


def world(task: str = "drawer-close", **changes: Any) -> MetaWorld:
    settings = part("worlds", "metaworld").settings
    made: MetaWorld = build("worlds", settings.model_validate(SETTINGS | {"task": task} | changes))
    return made


def actions(steps: int, seed: int = 0) -> np.ndarray:
    # Beyond the bounds, too: Meta-World clips.
    return np.random.default_rng(seed).uniform(-1.2, 1.2, size=(steps, 4)).astype(np.float32)


def episode(a_world: MetaWorld, seed: int, layout: int = 0, steps: int = 40) -> np.ndarray:
    observation, _ = a_world.reset(seed=seed, options={"layout": layout})
    seen = [np.append(observation, 0.0)]
    for action in actions(steps):
        observation, reward, *_ = a_world.step(action)
        seen.append(np.append(observation, reward))
    return np.append(np.array(seen).ravel(), a_world.snapshot())


def in_the_layout_of(ours: MetaWorld, layout: int) -> Any:
    """Meta-World's own environment of a task, its things where ours are."""
    theirs = ALL_V3_ENVIRONMENTS_GOAL_HIDDEN[f"{ours.task}-v3-goal-hidden"](seed=layout)
    ours.reset(options={"layout": layout})
    theirs._last_rand_vec = ours._task._last_rand_vec.copy()
    return theirs


def whole_state(model: Any, data: Any) -> np.ndarray:
    state = np.empty(mujoco.mj_stateSize(model, WHOLE_STATE))
    mujoco.mj_getState(model, data, state, WHOLE_STATE)
    return state


@pytest.mark.parametrize(
    ("task", "layout"), [*((task, 3) for task in PAPERS), ("hammer", 11), ("stick-pull", 0)]
)
def test_from_the_same_state_a_step_leads_to_metaworlds_very_bits(task, layout):
    ours = world(task, observe_time=False)
    theirs = in_the_layout_of(ours, layout)
    for _ in range(2):  # later episodes start as the first one did
        begun, _ = theirs.reset()
        np.testing.assert_array_equal(
            ours.reset(options={"layout": layout})[0], begun.astype(np.float32)
        )
    lean = ours._task
    np.testing.assert_array_equal(ours._latest, begun)
    for action in actions(30):
        mujoco.mj_setState(
            lean.model, lean.data, whole_state(theirs.model, theirs.data), WHOLE_STATE
        )
        expected, reward, *_, info = theirs.step(action)
        observation, our_reward, success = lean.advance(action)
        np.testing.assert_array_equal(observation, expected)
        np.testing.assert_array_equal(lean.data.qpos, theirs.data.qpos)
        assert our_reward == float(reward)
        assert success == bool(info["success"])


@pytest.mark.parametrize("task", PAPERS)
def test_the_scripted_policy_succeeds_at_metaworlds_own_step(task):
    policy, ours = ENV_POLICY_MAP[f"{task}-v3"](), world(task)
    theirs = in_the_layout_of(ours, 0)
    observation, _ = theirs.reset()
    ours.reset()
    succeeded: dict[str, list[bool]] = {"theirs": [], "ours": []}
    returns = {"theirs": 0.0, "ours": 0.0}
    for _ in range(128):
        observation[36:] = theirs._target_pos
        observation, reward, *_, info = theirs.step(_clipped(policy, observation))
        succeeded["theirs"].append(bool(info["success"]))
        returns["theirs"] += float(reward)
        *_, info = ours.step(_clipped(policy, ours.full_observation()))
        succeeded["ours"].append(info["success"])
        returns["ours"] += info["true_reward"]
    assert any(succeeded["ours"])
    assert succeeded["ours"] == succeeded["theirs"]
    # Meta-World's extra mj_forward moves the solver's starting guess: 1e-9 at first.
    assert returns["ours"] == pytest.approx(returns["theirs"], rel=1e-4)


@pytest.mark.parametrize("file", ["drawer", "door_pull", "button_press", "coffee", "faucet"])
def test_the_bare_model_moves_bit_for_bit_as_the_whole_one(file):
    (path,) = {
        cls.model_name.fget(None)
        for cls in ALL_V3_ENVIRONMENTS.values()
        if cls.model_name.fget(None).endswith(f"/sawyer_{file}.xml")
    }
    whole, bare = mujoco.MjModel.from_xml_path(path), bare_model(path)
    assert bare.nmeshface < whole.nmeshface / 3
    np.testing.assert_array_equal(_swung(bare), _swung(whole))


@pytest.mark.parametrize("task", ["drawer-close", "coffee-push", "bin-picking"])
def test_an_episode_is_its_seeds_alone_where_layouts_are_resampled(task):
    used = world(task, layouts="resampled")
    first, other = episode(used, seed=5), episode(used, seed=6)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(episode(used, seed=5), first)
    np.testing.assert_array_equal(episode(world(task, layouts="resampled"), seed=5), first)


def test_a_frozen_layout_is_its_numbers_whatever_the_seed_and_what_was_before():
    a_world, found = world(), {}
    for layout in (0, 7, 0, 10):
        for seed in (1, 2):
            found.setdefault(layout, []).append(episode(a_world, seed, layout))
    for one in found.values():
        for again in one[1:]:
            np.testing.assert_array_equal(again, one[0])
    for one, other in itertools.combinations(found.values(), 2):
        assert not np.array_equal(one[0], other[0])


@pytest.mark.parametrize(
    ("task", "layout", "place"),
    [("door-close", 0, [0.0549, 0.9215]), ("drawer-close", 1, [-0.0166])],
)
def test_a_frozen_layout_is_the_published_one(task, layout, place):
    """The first draw of its seed, as in RoboCLIP's fork run on its own."""
    a_world = world(task)
    a_world.reset(options={"layout": layout})
    task_things = a_world._task
    np.testing.assert_allclose(task_things._last_rand_vec[: len(place)], place, atol=5e-5)
    found = np.abs(task_things.model.body_pos[:, : len(place)] - place).max(axis=1)
    assert found.min() < 5e-5  # a thing of the model stands there


@pytest.mark.parametrize("task", WIDE)
def test_wide_layouts_stand_outside_the_published_boxes_and_published_ones_never_do(task):
    published, wide = world(task), world(task, spread="wide")
    box, hands = published._task._random_reset_space, {}
    for name, a_world in (("published", published), ("wide", wide)):
        inside = []
        for layout in range(20):
            observation, _ = a_world.reset(options={"layout": layout})
            place = a_world._task._last_rand_vec
            inside.append(((place >= box.low) & (place <= box.high)).all())
            hands.setdefault(name, []).append(observation[:3])
            again, _ = a_world.reset(options={"layout": layout})
            np.testing.assert_array_equal(again, observation)
        assert all(inside) if name == "published" else not all(inside) or task in HAND_ALONE
    assert np.ptp(hands["published"], axis=0).max() < 1e-3
    assert task in THINGS_ALONE or np.ptp(hands["wide"], axis=0).max() > 0.2


@pytest.mark.parametrize("task", ["drawer-close", "door-close", "button-press"])
def test_the_script_solves_wide_layouts(task):
    a_world, succeeded = world(task, spread="wide"), []
    for layout in range(LAYOUTS.evaluation, LAYOUTS.evaluation + 6):
        a_world.reset(options={"layout": layout})
        act = a_world.script()
        steps = [a_world.step(act())[4]["success"] for _ in range(128)]
        succeeded.append(any(steps))
    assert all(succeeded)


def test_a_task_without_a_wide_spread_is_refused_with_the_nearest_one():
    with pytest.raises(UserError, match="'door-close'"):
        world("window-close", spread="wide")


@pytest.mark.parametrize("end", ["terminal", "truncated"])
def test_an_episode_lasts_to_its_horizon_even_after_success(end):
    policy, a_world = ENV_POLICY_MAP["door-close-v3"](), world("door-close", horizon=90, end=end)
    a_world.reset()
    successes = []
    for step in range(90):
        *_, terminated, truncated, info = a_world.step(_clipped(policy, a_world.full_observation()))
        successes.append(info["success"])
        over = step == 89
        assert (terminated, truncated) == (over and end == "terminal", over and end == "truncated")
    assert any(successes[:-5])
    assert all(isinstance(success, bool) for success in successes)


def test_the_clock_is_the_last_number_where_it_is_asked_for():
    with_clock, without = world(), world(observe_time=False)
    begun, _ = with_clock.reset()
    assert (begun.shape, without.reset()[0].shape) == ((40,), (39,))
    assert begun[39] == 0.0
    stepped, *_ = with_clock.step(np.zeros(4, dtype=np.float32))
    assert stepped[39] == np.float32(1 / 128)
    np.testing.assert_array_equal(stepped[:39], without.step(np.zeros(4, dtype=np.float32))[0])


def test_the_goal_is_seen_only_where_it_is_not_hidden():
    hidden, shown = world(), world(hide_goal=False)
    assert (hidden.reset()[0][36:39] == 0).all()
    goal = shown.reset()[0][36:39]
    assert (goal != 0).all()
    np.testing.assert_allclose(goal, hidden.full_observation()[36:], atol=1e-6)


def test_the_older_reward_is_another_one():
    older, newer = world(reward="v1"), world(reward="v2")
    older.reset(), newer.reset()
    action = np.zeros(4, dtype=np.float32)
    assert older.step(action)[1] > 10 >= newer.step(action)[1] >= 0


def test_a_snapshot_brings_every_moved_thing_back():
    a_world = world("drawer-open")
    a_world.reset()
    for action in actions(10):
        a_world.step(action)
    kept = a_world.snapshot()
    assert (kept.dtype, kept.ndim) == (np.dtype("float64"), 1)
    drawer = a_world._task.data.body("drawer_link").xpos.copy()
    model = mujoco.MjModel.from_xml_path(a_world._task.fullpath)
    data = mujoco.MjData(model)
    SNAPSHOT.put(kept, model, data)
    mujoco.mj_kinematics(model, data)
    np.testing.assert_array_equal(data.body("drawer_link").xpos, drawer)
    np.testing.assert_array_equal(SNAPSHOT.take(model, data), kept)
    with pytest.raises(ValueError, match="qpos"):
        SNAPSHOT.put(kept[:-1], model, data)


def test_all_of_metaworlds_tasks_are_known():
    assert {f"{task}-v3" for task in TASKS} == set(ALL_V3_ENVIRONMENTS)


@pytest.mark.parametrize("task", ["drawer-close", "coffee-push"])
def test_without_the_file_of_fast_functions_every_bit_is_the_same(tmp_path, task):
    script = """
        import hashlib, numpy as np
        from showtell.worlds.metaworld import physics, world
        made = world.MetaWorld(world.MetaWorldSettings.model_validate({settings}))
        assert bool(physics.fast) == {expected}
        digest = hashlib.sha256(made.reset()[0].tobytes())
        act = made.script()
        for _ in range(60):
            observation, reward, *_ = made.step(act())
            digest.update(observation.tobytes() + np.float64(reward).tobytes())
        print(digest.hexdigest())
    """
    source = Path(physics.__file__).parents[3]
    copied = shutil.copytree(source, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (copied / "showtell/worlds/metaworld/fast.py").unlink()
    found = []
    for path, expected in ((source, True), (copied, False)):
        environment = os.environ | {"PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [
            sys.executable,
            "-c",
            textwrap.dedent(script).format(expected=expected, settings=SETTINGS | {"task": task}),
        ]
        done = subprocess.run(
            command, check=True, timeout=120, env=environment, capture_output=True, text=True
        )
        found.append(done.stdout)
    assert found[0] == found[1] != ""


def test_an_unknown_task_is_refused_with_the_nearest_one():
    with pytest.raises(UserError, match="did you mean 'drawer-close'"):
        world("drawer-closed")


def test_every_task_of_the_papers_says_what_success_is():
    for task in PAPERS:
        assert SUCCESS[task] in world(task).success_definition


def test_building_and_stepping_load_no_opengl_and_no_torch():
    script = f"""
        import os, sys
        os.environ["MUJOCO_GL"] = "osmesa"  # would load Mesa when MuJoCo is imported
        from showtell.worlds.metaworld.world import MetaWorld, MetaWorldSettings
        assert "mujoco" not in sys.modules  # parameters are checked without a simulator
        world = MetaWorld(MetaWorldSettings.model_validate({SETTINGS}))
        world.reset()
        world.step(world.action_space.sample())
        world.snapshot()
        assert not {{"OpenGL", "torch", "mujoco.osmesa"}} & sys.modules.keys()
        assert os.environ["MUJOCO_GL"] == "osmesa"
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=120)


def _clipped(policy: Any, observation: np.ndarray) -> np.ndarray:
    return np.clip(policy.get_action(observation), -1, 1).astype(np.float32)


def _swung(model: Any) -> np.ndarray:
    """Where the joints are while the hand is pulled about."""
    model.eq_data[:] = [0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 5]  # as Meta-World sets its weld
    data, path = mujoco.MjData(model), []
    data.mocap_pos[0], data.mocap_quat[0] = (0, 0.6, 0.2), (1, 0, 1, 0)
    mujoco.mj_step(model, data, 200)
    for action in actions(60).astype(float):
        data.mocap_pos[0] += 0.01 * action[:3] - [0, 0, 0.002]
        data.ctrl[:] = action[3], -action[3]
        mujoco.mj_step(model, data, 5)
        path.append(data.qpos.copy())
    return np.array(path)
