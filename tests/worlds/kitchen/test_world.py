"""The kitchen: gymnasium-robotics' to the bit, paid and judged by the joints of one thing."""

import os
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from showtell.study.registry import build, part
from showtell.worlds.kitchen.model import model_path
from showtell.worlds.kitchen.physics import GOALS
from showtell.worlds.kitchen.world import Kitchen, KitchenSettings
from showtell.worlds.simulator.models import bare_model, mujoco
from showtell.worlds.world import SeededEpisodes

SETTINGS = {
    "kind": "kitchen",
    "task": "slide",
    "horizon": 128,
    "end": "terminal",
    "observe_time": True,
    "observe_velocities": False,
    "actions": "joint_velocity",
    "success": "published",
}
TASKS = ("kettle", "hinge", "slide")


def kitchen(**changes: Any) -> Kitchen:
    return Kitchen(KitchenSettings.model_validate(SETTINGS | changes))


def actions(count: int, size: int = 9, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, size)).astype(np.float32)


def put(world: Kitchen, task: str, share: float) -> None:
    """Bring the task's thing this share of the way from its start to its goal, at rest."""
    goal = GOALS[task]
    columns = slice(goal.first, goal.first + len(goal.positions))
    start = kitchen().reset(seed=0)[0][columns]
    world._qpos[columns] = start + share * (np.array(goal.positions) - start)
    mujoco.mj_forward(world._model, world._data)


@pytest.fixture(scope="module")
def theirs():
    from gymnasium_robotics.envs.franka_kitchen.kitchen_env import KitchenEnv

    env = KitchenEnv(
        tasks_to_complete=["slide cabinet"],
        terminate_on_tasks_completed=False,
        object_noise_ratio=0.0,
        robot_noise_ratio=0.0,
    )
    yield env
    env.close()


def test_it_moves_as_gymnasium_robotics_does_to_the_bit(theirs):
    ours = kitchen(observe_time=False, observe_velocities=True)
    expected, _ = theirs.reset(seed=0)
    observed, _ = ours.reset(seed=0)
    for action in [*actions(50), *np.full((20, 9), 3.0)]:  # beyond the limits, too
        # Theirs orders velocities between the robot's and the things' positions.
        positions = np.r_[expected["observation"][:9], expected["observation"][18:39]]
        velocities = np.r_[expected["observation"][9:18], expected["observation"][39:]]
        expected_here = np.r_[positions, velocities].astype(np.float32)
        np.testing.assert_array_equal(observed, expected_here)
        np.testing.assert_array_equal(ours.snapshot(), theirs.data.qpos)
        expected, *_ = theirs.step(action)
        observed, *_ = ours.step(action)


def test_goals_are_gymnasium_robotics_own():
    from gymnasium_robotics.envs.franka_kitchen import kitchen_env

    names = {"kettle": "kettle", "hinge": "hinge cabinet", "slide": "slide cabinet"}
    for task, name in names.items():
        goal = GOALS[task]
        np.testing.assert_array_equal(goal.positions, kitchen_env.OBS_ELEMENT_GOALS[name])
        columns = np.arange(goal.first, goal.first + len(goal.positions))
        np.testing.assert_array_equal(columns, kitchen_env.OBS_ELEMENT_INDICES[name])


@pytest.mark.parametrize(
    ("task", "per_step"), [("kettle", 0.406), ("hinge", 1.452), ("slide", 0.37)]
)
def test_doing_nothing_costs_the_distance_at_the_start(task, per_step):
    world = kitchen(task=task, horizon=10)
    world.reset(seed=0)
    for _ in range(10):
        _, reward, *_, info = world.step(np.zeros(9))
        assert reward == info["true_reward"] == pytest.approx(-per_step, abs=0.002)
        assert not info["success"]


@pytest.mark.parametrize("task", TASKS)
def test_once_completed_it_costs_nothing_even_when_undone(task):
    world = kitchen(task=task)
    world.reset(seed=0)
    put(world, task, 0.95)
    _, reward, *_, info = world.step(np.zeros(9))
    assert info["success"]
    assert -0.3 < reward < 0  # the completing step still pays
    put(world, task, 0.1)
    _, reward, *_, info = world.step(np.zeros(9))
    assert not info["success"]
    assert reward == 0.0
    world.reset(seed=0)
    assert world.step(np.zeros(9))[1] < -0.3


@pytest.mark.parametrize("task", TASKS)
def test_strict_success_asks_for_nine_tenths_of_the_way(task):
    loose, strict = kitchen(task=task), kitchen(task=task, success="strict")
    seen = []
    for share in (0.85, 0.93):
        for world in (loose, strict):
            world.reset(seed=0)
            put(world, task, share)
            seen.append(world.step(np.zeros(9))[-1]["success"])
    assert seen == [True, False, True, True]
    assert loose.success_definition != strict.success_definition


def test_the_published_threshold_is_met_by_a_fifth_of_the_slide():
    world = kitchen()
    for share, expected in ((0.15, False), (0.25, True)):
        world.reset(seed=0)
        put(world, "slide", share)
        assert world.step(np.zeros(9))[-1]["success"] is expected


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_hand_goes_where_an_end_effector_action_points(axis, sign):
    world = kitchen(actions="end_effector")
    world.reset(seed=0)
    hand, turn = (lambda: world._data.site("end_effector").xpos.copy()), hand_turn(world)
    start = hand()
    for _ in range(5):
        world.step(sign * np.eye(7)[axis])
    moved = (hand() - start) * sign
    assert 0.06 < moved[axis] < 0.2
    assert np.abs(np.delete(moved, axis)).max() < 0.25 * moved[axis]
    assert np.abs(hand_turn(world) - turn).max() < 0.15


@pytest.mark.parametrize("axis", range(3))
def test_the_hand_turns_about_the_axis_of_an_end_effector_action(axis):
    world = kitchen(actions="end_effector")
    world.reset(seed=0)
    before = hand_turn(world)
    for _ in range(4):
        world.step(0.7 * np.eye(7)[3 + axis])
    relative = hand_turn(world) @ before.T
    vector = np.array([relative[2, 1], relative[0, 2], relative[1, 0]]) - np.array(
        [relative[1, 2], relative[2, 0], relative[0, 1]]
    )
    assert vector[axis] > 0.2
    assert vector[axis] > 2 * np.abs(np.delete(vector, axis)).max()


def hand_turn(world: Kitchen) -> np.ndarray:
    return world._data.site("end_effector").xmat.reshape(3, 3).copy()


def test_the_hand_opens_and_closes_with_both_fingers():
    world = kitchen(actions="end_effector")
    world.reset(seed=0)
    for wanted, width in ((1, 0.04), (-1, 0.0)):
        for _ in range(40):
            world.step(wanted * np.eye(7)[6])
        np.testing.assert_allclose(world.snapshot()[7:9], width, atol=0.008)


def test_the_hand_stays_where_the_joints_sag():
    held, sagging = kitchen(actions="end_effector"), kitchen()
    for world, size in ((held, 7), (sagging, 9)):
        world.reset(seed=0)
        start = world._data.site("end_effector").xpos.copy()
        for _ in range(40):
            world.step(np.zeros(size))
        fallen = start[2] - world._data.site("end_effector").xpos[2]
        assert fallen < 0.005 if world is held else fallen > 0.1


@pytest.mark.parametrize("end", ["terminal", "truncated"])
def test_the_horizon_is_reported_as_asked_and_time_is_seen_where_asked(end):
    world = kitchen(horizon=4, end=end)
    for _ in range(2):
        times = [world.reset(seed=0)[0][-1]]
        steps = [world.step(action) for action in actions(4)]
        times += [observation[-1] for observation, *_ in steps]
        assert times == [0, 0.25, 0.5, 0.75, 1]
        last = (True, False) if end == "terminal" else (False, True)
        assert [step[2:4] for step in steps] == [(False, False)] * 3 + [last]


def test_velocities_are_seen_only_where_asked():
    sizes = [
        kitchen(observe_time=time, observe_velocities=velocities).reset(seed=0)[0].size
        for time in (False, True)
        for velocities in (False, True)
    ]
    assert sizes == [30, 59, 31, 60]


@pytest.mark.parametrize(("mode", "size"), [("joint_velocity", 9), ("end_effector", 7)])
def test_the_same_actions_give_the_same_episode(mode, size):
    def episode(seed: int) -> list[float]:
        world = kitchen(actions=mode)
        seen = list(world.reset(seed=seed)[0])
        for action in actions(15, size, seed=1):
            observation, reward, *_ = world.step(action)
            assert observation.dtype == np.float32
            seen += [*observation, reward]
        return seen

    assert episode(5) == episode(6)  # every start is the same, as published


@pytest.mark.parametrize(
    ("task", "success"), [*((t, "published") for t in TASKS), ("slide", "strict")]
)
def test_the_hand_can_do_the_task_in_one_episode(task, success):
    world = kitchen(task=task, actions="end_effector", success=success)
    world.reset(seed=0)
    act = world.script()
    steps = [world.step(act()) for _ in range(128)]
    assert steps[-1][-1]["success"]
    assert (
        sum(reward for _, reward, *_ in steps) > {"hinge": -160, "kettle": -30, "slide": -40}[task]
    )


def test_stepping_loads_no_opengl_even_where_one_is_named():
    script = f"""
        import sys
        from showtell.worlds.kitchen.world import Kitchen, KitchenSettings
        world = Kitchen(KitchenSettings.model_validate({SETTINGS!r}))
        world.reset(seed=0)
        world.step([0] * 9)
        print([name for name in sys.modules if name.split(".")[0] in ("OpenGL", "glfw", "torch")])
        print([name for name in ("mujoco.egl", "mujoco.osmesa") if name in sys.modules])
        """
    environment = {**os.environ, "MUJOCO_GL": "egl"}
    run = [sys.executable, "-c", textwrap.dedent(script)]
    answer = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["[]", "[]"]


def test_the_stepped_model_carries_no_pictures():
    model = bare_model(str(model_path()))
    assert (model.ntex, model.nmat, model.ncam, model.nlight) == (0, 0, 0, 0)
    assert model.nbuffer < 2_000_000


def test_the_last_snapshot_of_an_episode_is_of_that_episode():
    world = SeededEpisodes(kitchen(horizon=3), 0, "test")
    world.reset()
    for action in actions(3):
        observation, *_, info = world.step(action)
    world.reset()
    np.testing.assert_array_equal(info["snapshot"].astype(np.float32), observation[:30])


def test_settings_have_no_defaults_and_no_strangers():
    settings = part("worlds", "kitchen").settings
    world = build("worlds", settings.model_validate(SETTINGS))
    assert world.scene_settings() == {}
    for key in SETTINGS:
        with pytest.raises(ValidationError, match=key):
            settings.model_validate({k: v for k, v in SETTINGS.items() if k != key})
    with pytest.raises(ValidationError, match="gravity"):
        settings.model_validate(SETTINGS | {"gravity": 9.8})
