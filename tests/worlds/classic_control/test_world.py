"""CartPole and MountainCar: gymnasium's dynamics, and every published oddity behind its switch."""

import math
from typing import Any

import gymnasium
import numpy as np
import pytest
from pydantic import ValidationError

from showtell.project.errors import UserError
from showtell.study.registry import build, part
from showtell.worlds.classic_control.world import (
    CartPole,
    CartPoleSettings,
    MountainCar,
    MountainCarSettings,
)
from showtell.worlds.world import SeededEpisodes

CARTPOLE = {
    "kind": "cartpole",
    "horizon": 200,
    "wrap_state": True,
    "ends_when_fallen": False,
    "end": "terminal",
    "observe_time": False,
    "fallen_reward": 0.0,
    "falling_reward": 1.0,
}
MOUNTAIN_CAR = {
    "kind": "mountain_car",
    "horizon": 300,
    "textured": True,
    "goal": "absorbing",
    "end": "terminal",
    "observe_time": False,
    "success_survives_reset": False,
}
FORWARD = np.array([1.0], dtype=np.float32)
IDLE = np.array([0.0], dtype=np.float32)


def cartpole(**changes: Any) -> CartPole:
    return CartPole(CartPoleSettings.model_validate(CARTPOLE | changes))


def mountain_car(**changes: Any) -> MountainCar:
    return MountainCar(MountainCarSettings.model_validate(MOUNTAIN_CAR | changes))


def swing(observation: np.ndarray) -> np.ndarray:
    """Push where the car already goes: reaches the flag in about 110 steps."""
    return FORWARD if observation[1] >= 0 else -FORWARD


def drive_to_goal(world: MountainCar, seed: int = 0) -> np.ndarray:
    observation, _ = world.reset(seed=seed)
    for _ in range(250):
        observation, *_, info = world.step(swing(observation))
        if info["success"]:
            return observation
    raise AssertionError("the car never reached the flag")


def test_cartpole_moves_as_gymnasium_does():
    theirs, ours = gymnasium.make("CartPole-v1").unwrapped, cartpole(wrap_state=False)
    np.testing.assert_array_equal(theirs.reset(seed=3)[0], ours.reset(seed=3)[0])
    gymnasium.logger.min_level = gymnasium.logger.ERROR  # stepping a fallen pole is the point
    for _ in range(2):  # each episode has its own first fallen step
        theirs.reset(seed=3), ours.reset(seed=3)
        for action in np.random.default_rng(0).integers(2, size=150):
            expected, reward, *_ = theirs.step(action)
            observed, our_reward, *_ = ours.step(action)
            np.testing.assert_allclose(observed, expected, rtol=1e-5, atol=1e-5)
            assert our_reward == reward
        assert reward == 0.0
    assert abs(ours.snapshot()[2]) > math.pi / 15  # the comparison went beyond the fall


def test_mountain_car_moves_as_gymnasium_does():
    theirs, ours = gymnasium.make("MountainCarContinuous-v0").unwrapped, mountain_car()
    observed, _ = ours.reset(seed=3)
    np.testing.assert_array_equal(theirs.reset(seed=3)[0], observed)
    for _ in range(300):
        action = swing(observed)
        expected, reward, done, *_ = theirs.step(action)
        observed, our_reward, *_, info = ours.step(action)
        assert (our_reward, info["success"]) == (pytest.approx(reward), done)
        if done:
            break
        np.testing.assert_allclose(observed, expected, atol=1e-4)
    assert done


def test_wrapping_bounds_angle_and_position_and_keeps_the_speed():
    wrapped, free = cartpole(horizon=400), cartpole(horizon=400, wrap_state=False)
    wrapped.reset(seed=0)
    free.reset(seed=0)
    for _ in range(80):
        wrapped.step(1)
        free.step(1)
    x, speed, angle, _ = wrapped.snapshot()
    assert x == 2.4
    assert free.snapshot()[0] > 2.4
    assert speed == pytest.approx(free.snapshot()[1], abs=1e-6)
    turns = (angle - free.snapshot()[2]) / (2 * math.pi)
    assert turns == pytest.approx(round(turns), abs=1e-6)
    assert -math.pi <= angle <= math.pi


def test_nobody_stops_a_fallen_pole_and_falling_costs_what_the_switch_says():
    world = cartpole(fallen_reward=-1.0, falling_reward=-1.0)
    world.reset(seed=0)
    steps = [world.step(1) for _ in range(200)]
    assert [terminated for _, _, terminated, _, _ in steps] == [False] * 199 + [True]
    assert {reward for _, reward, *_ in steps} == {1.0, -1.0}
    for _, reward, *_, info in steps:
        assert reward == info["true_reward"] == (1.0 if info["success"] else -1.0)


def test_a_fall_ends_the_episode_only_where_asked():
    world = cartpole(ends_when_fallen=True)
    world.reset(seed=0)
    for _ in range(20):
        _, _, terminated, truncated, info = world.step(1)
        if terminated:
            break
    assert terminated
    assert not info["success"]
    assert not truncated


@pytest.mark.parametrize("make", [cartpole, mountain_car])
@pytest.mark.parametrize("end", ["terminal", "truncated"])
def test_the_horizon_is_reported_as_asked_and_starts_again(make, end):
    world = make(horizon=3, end=end)
    for _ in range(2):
        world.reset(seed=0)
        ends = [world.step(world.action_space.sample())[2:4] for _ in range(3)]
        last = (True, False) if end == "terminal" else (False, True)
        assert ends == [(False, False), (False, False), last]


@pytest.mark.parametrize("make", [cartpole, mountain_car])
def test_time_is_seen_only_where_asked(make):
    blind, timed = make(horizon=4), make(horizon=4, observe_time=True)
    first, _ = timed.reset(seed=0)
    assert len(first) == len(blind.reset(seed=0)[0]) + 1
    times = [first[-1]] + [timed.step(timed.action_space.sample())[0][-1] for _ in range(4)]
    assert times == [0, 0.25, 0.5, 0.75, 1]


def test_an_absorbing_goal_freezes_the_car_and_its_reward():
    world = mountain_car(goal="absorbing")
    drive_to_goal(world)
    for action in (IDLE, -FORWARD, FORWARD) * 20:
        observation, reward, *_, info = world.step(action)
        assert (observation[0], observation[1]) == (np.float32(0.45), 0)
        assert reward == 100.0
        assert info["success"]


def test_the_published_wall_lets_the_car_roll_back():
    world = mountain_car(goal="wall", horizon=1000)
    assert drive_to_goal(world)[1] > 0  # the speed is kept
    positions = [world.step(IDLE)[0][0] for _ in range(300)]
    assert max(positions) == np.float32(0.45)
    assert positions[40] == np.float32(0.45)
    assert min(positions) < -0.9


def test_success_is_forgotten_at_reset_unless_the_published_bug_is_asked_for():
    for survives in (False, True):
        world = mountain_car(success_survives_reset=survives)
        drive_to_goal(world)
        world.reset(seed=1)
        assert world.step(IDLE)[4]["success"] is survives


@pytest.mark.parametrize("make", [cartpole, mountain_car])
def test_the_same_seed_gives_the_same_episode_and_another_seed_another(make):
    def episode(seed: int) -> list[float]:
        world = make(observe_time=True)
        world.action_space.seed(7)
        seen = list(world.reset(seed=seed)[0])
        for _ in range(50):
            observation, reward, *_ = world.step(world.action_space.sample())
            assert observation.dtype == np.float32
            assert world.observation_space.contains(observation)
            seen += [*observation, reward]
        return seen

    assert episode(5) == episode(5)
    assert episode(5) != episode(6)


@pytest.mark.parametrize("make", [cartpole, mountain_car])
def test_maps_of_the_state_space_agree_with_episodes(make):
    # In an episode the first fallen step may have another reward, which a state cannot know.
    alike = {"falling_reward": 0.0} if make is cartpole else {}
    world = make(horizon=10_000, **alike)
    observation, _ = world.reset(seed=0)
    snapshots, successes, rewards = [], [], []
    for step in range(400):
        action = (step // 30) % 2 if make is cartpole else swing(observation)
        observation, reward, *_, info = world.step(action)
        snapshots.append(world.snapshot())
        successes.append(info["success"])
        # The throttle's cost is the only part of a reward that a state does not show.
        coasting = 0.0 if make is cartpole or reward == 100.0 else 0.1
        rewards.append(reward + coasting)
    assert {True, False} == set(successes)
    np.testing.assert_array_equal(world.successes(np.array(snapshots)), successes)
    np.testing.assert_allclose(world.true_rewards(np.array(snapshots)), rewards)


@pytest.mark.parametrize("make", [cartpole, mountain_car])
def test_uniform_states_cover_the_space_and_follow_the_generator(make):
    world = make()
    drawn = world.uniform(np.random.default_rng(0), 2000)
    np.testing.assert_array_equal(drawn, world.uniform(np.random.default_rng(0), 2000))
    assert drawn.shape == (2000, len(world.state))
    assert all(world.observation_space.contains(row) for row in drawn.astype(np.float32))
    assert 0.02 < world.successes(drawn).mean() < 0.2


def test_a_landscape_moves_one_variable_of_a_world_at_rest():
    snapshots = cartpole().landscape("pole_angle", [-0.2, 0.0, 0.2])
    np.testing.assert_array_equal(snapshots, [[0, 0, -0.2, 0], [0, 0, 0, 0], [0, 0, 0.2, 0]])
    snapshots = mountain_car().landscape("car_position", np.array([-1.0, 0.5]))
    np.testing.assert_array_equal(snapshots, [[-1.0, 0], [0.5, 0]])
    with pytest.raises(UserError, match="'pole_angle'"):
        cartpole().landscape("pole_angel", [0.0])


def test_settings_have_no_defaults_and_no_strangers():
    for name, valid in (("cartpole", CARTPOLE), ("mountain_car", MOUNTAIN_CAR)):
        settings = part("worlds", name).settings
        world = build("worlds", settings.model_validate(valid))
        assert world.horizon == valid["horizon"]
        for key in valid:
            with pytest.raises(ValidationError, match=key):
                settings.model_validate({k: v for k, v in valid.items() if k != key})
        with pytest.raises(ValidationError, match="gravity"):
            settings.model_validate(valid | {"gravity": 9.8})


def test_the_last_snapshot_of_an_episode_is_of_that_episode():
    world = SeededEpisodes(cartpole(horizon=5), 0, "test")
    world.reset()
    for _ in range(5):
        observation, *_, info = world.step(1)
    world.reset()
    np.testing.assert_array_equal(info["snapshot"].astype(np.float32), observation)
