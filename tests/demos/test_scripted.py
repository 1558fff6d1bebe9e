"""Scripted demonstrations: successful, seeded, each of another layout, drawn from its snapshots."""

import numpy as np
import pytest

from showtell.demos.scripted import Scripted, ScriptedSettings
from showtell.project.errors import UserError
from tests.demos.requests import TASKS, request, world

WITH_SCRIPT = [
    name for name, task in TASKS.items()
    if task.world.kind.startswith(("metaworld", "kitchen", "rlv", "dvd"))
]  # fmt: skip


def scripted(count: int = 2, attempts: int = 3) -> Scripted:
    return Scripted(
        ScriptedSettings(kind="scripted", encoder="s3d", count=count, attempts=attempts)
    )


@pytest.fixture(scope="module")
def pushed():
    return scripted().demonstrate(request("rlv-pushing"))


def test_a_demonstration_holds_all_of_its_episodes(pushed):
    assert pushed.frames.shape == (2, 4, 32, 48, 3)
    assert pushed.observations.shape == (2, 101, 5)
    assert pushed.actions.shape == (2, 100, 2)
    assert pushed.successes.any(axis=1).all()
    assert pushed.about["attempts"] >= 2
    assert pushed.about["true_returns"] == pushed.true_rewards.sum(axis=1).tolist()


def test_its_actions_lead_from_its_first_snapshot_to_its_last(pushed):
    a_world = world("rlv-pushing")
    a_world.reset(seed=0)
    a_world._qpos[:] = pushed.snapshots[0][0]
    for action in pushed.actions[0]:
        a_world.step(action)
    np.testing.assert_allclose(a_world.snapshot(), pushed.snapshots[0][-1], atol=1e-9)


def test_frames_run_from_the_start_to_the_end(pushed):
    assert pushed.about["steps_drawn"] == [0, 33, 67, 100]
    for clip in pushed.frames:
        assert np.abs(clip[0].astype(int) - clip[-1]).mean() > 2


def test_all_frames_are_one_of_each_state():
    asked = request("rlv-pushing")._replace(frames=None)
    demo = scripted(count=1).demonstrate(asked)
    assert demo.frames.shape == (1, 101, 32, 48, 3)
    assert demo.about["steps_drawn"] == list(range(101))


def test_layouts_differ_and_the_seed_decides_them(pushed):
    starts = pushed.snapshots[:, 0]
    assert not np.array_equal(*starts)
    again = scripted().demonstrate(request("rlv-pushing"))
    for name in ("frames", "observations", "actions", "snapshots"):
        np.testing.assert_array_equal(getattr(again, name), getattr(pushed, name))


def test_a_world_that_always_starts_alike_is_not_shown_alike_twice():
    demo, attempts = scripted()._successes(world("dvd-cup-forward"), request("dvd-cup-forward"))
    assert attempts == 2
    np.testing.assert_array_equal(demo[0].snapshots[0], demo[1].snapshots[0])
    assert np.abs(demo[0].actions - demo[1].actions).max() > 0.02


def test_frozen_layouts_are_none_that_agents_train_or_are_judged_on():
    a_world = world("drawer-close")
    scripted(count=1)._successes(a_world, request("drawer-close"))
    assert a_world._frozen >= 1000


@pytest.mark.parametrize("task", WITH_SCRIPT)
def test_every_task_with_a_script_is_demonstrated(task):
    (episode,), _ = scripted(count=1)._successes(world(task), request(task))
    assert episode.successes.any()
    assert len(episode.actions) == world(task).horizon


def test_no_success_is_an_error_and_no_artifact():
    with pytest.raises(UserError, match=r"rlv-drawer succeeded in 0 of 3 attempts.*horizon"):
        scripted(count=1).demonstrate(request("rlv-drawer", horizon=5))


def test_a_world_without_a_script_says_what_else_can_show_it():
    with pytest.raises(UserError, match=r"no script for CartPole.*`kind: file`"):
        scripted().demonstrate(request("cartpole"))
    with pytest.raises(UserError, match=r"no script for Kitchen.*end_effector"):
        scripted().demonstrate(request("kitchen-slide", actions="joint_velocity"))
