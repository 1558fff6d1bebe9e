"""The humanoid: gymnasium's to the bit, judged by a pose, ended by the clock alone."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from pydantic import ValidationError

from showtell.study.registry import build, part
from showtell.worlds.humanoid.poses import POSES, Body, missing
from showtell.worlds.humanoid.world import Humanoid, HumanoidSettings, closeness
from showtell.worlds.world import SeededEpisodes

SETTINGS = {
    "kind": "humanoid",
    "pose": "standing_up",
    "horizon": 100,
    "end": "terminal",
    "observe_time": False,
    "action_repeat": 1,
    "integrator": "runge_kutta",
    "observed": "all",
    "ends_when_unhealthy": False,
    "textured": True,
}


def humanoid(**changes: Any) -> Humanoid:
    return Humanoid(HumanoidSettings.model_validate(SETTINGS | changes))


def actions(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.4, 0.4, (count, 17)).astype(np.float32)


@pytest.fixture
def gymnasiums():
    gymnasium.logger.min_level = gymnasium.logger.ERROR  # v4 is called out of date
    env = gymnasium.make("Humanoid-v4", terminate_when_unhealthy=False).unwrapped
    yield env
    env.close()


def test_observations_and_rewards_are_gymnasiums(gymnasiums):
    ours = humanoid(horizon=300)
    assert ours.observation_space.shape == (376,)
    for seed in (3, 4):
        expected, _ = gymnasiums.reset(seed=seed)
        observed, _ = ours.reset(seed=seed)
        np.testing.assert_array_equal(observed, expected.astype(np.float32))
        for action in actions(150, seed):
            expected, reward, *_ = gymnasiums.step(action)
            observed, our_reward, *_, info = ours.step(action)
            np.testing.assert_array_equal(observed, expected.astype(np.float32))
            np.testing.assert_array_equal(ours.snapshot(), gymnasiums.data.qpos)
            assert our_reward == info["true_reward"] == pytest.approx(reward, rel=1e-9, abs=1e-9)
        assert not 1 < ours.snapshot()[2] < 2  # the comparison went on after the fall


def test_version_5_observes_the_same_but_the_rows_that_are_always_zero():
    newer = gymnasium.make("Humanoid-v5", terminate_when_unhealthy=False).unwrapped
    ours = humanoid()
    expected, observed = newer.reset(seed=1)[0], ours.reset(seed=1)[0]
    for action in actions(20):
        expected, observed = newer.step(action)[0], ours.step(action)[0]
    newer.close()
    # The world's own body, and the motors of the free joint, take 28 of 376 numbers.
    kept = np.concatenate([np.arange(45), 45 + np.arange(10, 140), 185 + np.arange(6, 84)])
    kept = np.concatenate([kept, 269 + np.arange(6, 23), 292 + np.arange(6, 84)])
    np.testing.assert_array_equal(observed[kept], expected.astype(np.float32))
    assert not np.delete(observed, kept).any()


def test_nobody_stops_a_fallen_body_unless_asked():
    lenient, strict = humanoid(), humanoid(ends_when_unhealthy=True)
    for world in (lenient, strict):
        world.reset(seed=0)
    ends = [lenient.step(action)[2:4] for action in actions(100)]
    assert ends == [(False, False)] * 99 + [(True, False)]
    for action in actions(60):
        _, reward, terminated, truncated, _ = strict.step(action)
        if terminated:
            break
    assert terminated
    assert not truncated
    assert reward < 4  # the five points for health are not paid any more
    assert not 1 < strict.snapshot()[2] < 2


@pytest.mark.parametrize("end", ["terminal", "truncated"])
def test_the_horizon_is_reported_as_asked_and_time_is_seen_where_asked(end):
    world = humanoid(horizon=4, end=end, observe_time=True)
    for _ in range(2):
        times = [world.reset(seed=0)[0][-1]]
        steps = [world.step(action) for action in actions(4)]
        times += [observation[-1] for observation, *_ in steps]
        assert times == [0, 0.25, 0.5, 0.75, 1]
        last = (True, False) if end == "terminal" else (False, True)
        assert [step[2:4] for step in steps] == [(False, False)] * 3 + [last]


def test_success_is_the_pose_of_that_very_moment():
    world = humanoid(pose="standing_up")
    world.reset(seed=0)
    infos, snapshots = [], []
    for _ in range(100):  # lands on its feet, stands for a while, falls
        infos.append(world.step(np.zeros(17, np.float32))[-1]["success"])
        snapshots.append(world.snapshot())
    assert 5 < sum(infos) < 95
    np.testing.assert_array_equal(world.successes(np.array(snapshots)), infos)


@pytest.mark.parametrize("pose", POSES)
def test_moments_drawn_for_a_study_show_every_pose_sometimes(pose):
    world = humanoid(pose=pose)
    drawn = world.uniform(np.random.default_rng(0), 1500)
    np.testing.assert_array_equal(drawn, world.uniform(np.random.default_rng(0), 1500))
    assert drawn.shape == (1500, 24)
    np.testing.assert_allclose(np.linalg.norm(drawn[:, 3:7], axis=1), 1)
    assert 0.008 < world.successes(drawn).mean() < 0.7


def test_half_of_the_steps_make_an_episode_a_success():
    world = humanoid(horizon=100, pose="kneeling")
    assert world.success_rule == "half"
    assert "half or more of the 100 steps" in world.success_definition
    assert POSES["kneeling"].definition in world.success_definition


def test_the_same_seed_gives_the_same_episode_and_another_seed_another():
    def episode(seed: int) -> list[float]:
        world = humanoid()
        seen = list(world.reset(seed=seed)[0])
        for action in actions(30):
            observation, reward, *_ = world.step(action)
            assert observation.dtype == np.float32
            seen += [*observation, reward]
        return seen

    assert episode(5) == episode(5)
    assert episode(5) != episode(6)


def test_worlds_that_share_a_model_do_not_share_a_state():
    one, other = humanoid(), humanoid()
    one.reset(seed=0)
    other.reset(seed=0)
    before = other.snapshot()
    for action in actions(10):
        one.step(action)
    np.testing.assert_array_equal(other.snapshot(), before)
    assert (one.snapshot() != before).any()


def test_the_last_snapshot_of_an_episode_is_of_that_episode():
    world = SeededEpisodes(humanoid(horizon=5), 0, "test")
    world.reset()
    for action in actions(5):
        observation, *_, info = world.step(action)
    world.reset()
    np.testing.assert_array_equal(info["snapshot"][2:].astype(np.float32), observation[:22])


def test_settings_have_no_defaults_and_no_strangers():
    settings = part("worlds", "humanoid").settings
    world = build("worlds", settings.model_validate(SETTINGS))
    assert world.scene_settings() == {"textured": True}
    for key in SETTINGS:
        with pytest.raises(ValidationError, match=key):
            settings.model_validate({k: v for k, v in SETTINGS.items() if k != key})
    with pytest.raises(ValidationError, match="gravity"):
        settings.model_validate(SETTINGS | {"gravity": 9.8})


def test_the_dense_reward_falls_with_what_is_missing_of_the_rule():
    world, rule = humanoid(pose="kneeling"), POSES["kneeling"].margins
    body = Body(world._model)
    drawn = [rule(body.posture(row)) for row in world.uniform(np.random.default_rng(0), 300)]
    drawn.sort(key=missing)
    paid = np.array([closeness(margins) for margins in drawn])
    assert paid[0] == 1  # some show the pose
    assert np.all(np.diff(paid) <= 0)
    assert 0 < paid[-1] < 0.2
    assert closeness((-1e-9, 1.0)) == pytest.approx(0.5)  # nearly is not yet


def test_the_dense_reward_is_one_exactly_at_success():
    world = humanoid(pose="standing_up")
    world.reset(seed=0)
    infos = [world.step(action)[-1] for action in 0.1 * actions(100)]
    assert {info["success"] for info in infos} == {True, False}
    assert all((info["dense_reward"] == 1) == info["success"] for info in infos)


def test_an_action_can_last_several_steps():
    """Of 4 x 15 ms with the same torques: the same physics, observed a quarter as often."""
    often, rarely = humanoid(horizon=40), humanoid(horizon=10, action_repeat=4)
    for world in (often, rarely):
        world.reset(seed=0)
    for action in actions(10):
        rewards = [often.step(action)[1] for _ in range(4)]
        observed, reward, terminated, *_ = rarely.step(action)
        assert reward == pytest.approx(sum(rewards))
    np.testing.assert_array_equal(often.snapshot(), rarely.snapshot())
    assert terminated
    assert observed.shape == (376,)


def test_joints_alone_are_observed_where_asked():
    everything, joints = humanoid(), humanoid(observed="joints", observe_time=True)
    whole, part_of_it = everything.reset(seed=0)[0], joints.reset(seed=0)[0]
    assert part_of_it.shape == (46,)
    np.testing.assert_allclose(part_of_it[:22], whole[:22])
    np.testing.assert_allclose(part_of_it[22:45], 0.1 * whole[22:45], rtol=1e-6)


def test_another_integrator_falls_alike_and_leaves_other_worlds_alone():
    exact, fast = humanoid(), humanoid(integrator="implicit")
    for world in (exact, fast):
        world.reset(seed=0)
        for _ in range(20):
            world.step(np.zeros(17, np.float32))
    apart = np.abs(exact.snapshot() - fast.snapshot()).max()
    assert 0 < apart < 0.1
    assert exact._model.opt.integrator != fast._model.opt.integrator
