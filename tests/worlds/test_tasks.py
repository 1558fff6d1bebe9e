"""The contract of a world, held against every task of params.yaml and of studies/."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Discrete

from showtell.rendering.scene import View
from showtell.study.loading import load
from showtell.study.registry import build, parts
from showtell.worlds.script import has_script, script_of
from showtell.worlds.world import Measurable, Reachable, SettableStates, ShowsGoals, World

ROOT = Path(__file__).resolve().parents[2]
OWN = [load(ROOT, "paper", path.relative_to(ROOT)) for path in ROOT.glob("studies/*.yaml")]
TASKS = load(ROOT, "paper").tasks | {name: t for own in OWN for name, t in own.tasks.items()}
ONE_OF_EACH = {task.world.kind: name for name, task in reversed(TASKS.items())}


def world(name: str, **changes: Any) -> World:
    settings = TASKS[name].world
    made: World = build(
        "worlds", type(settings).model_validate({**settings.model_dump(), **changes})
    )
    return made


@pytest.mark.parametrize("name", TASKS)
def test_a_task_keeps_the_promises_of_a_world(name):
    a_world = world(name)
    stories = []
    for _ in range(2):
        observation, _ = a_world.reset(seed=3, options={"layout": 4})
        assert a_world.observation_space.contains(observation)
        a_world.action_space.seed(3)
        story = [a_world.snapshot()]
        for _ in range(3):
            observation, reward, terminated, truncated, info = a_world.step(
                a_world.action_space.sample()
            )
            assert a_world.observation_space.contains(observation)
            assert info["success"] in (True, False)
            assert info["true_reward"] == reward
            assert not (terminated or truncated)
            story.append(a_world.snapshot())
        stories.append(np.array(story))
    assert stories[0].dtype == np.float64
    assert stories[0].ndim == 2
    np.testing.assert_array_equal(*stories)
    assert a_world.horizon == TASKS[name].world.horizon
    assert a_world.success_definition.endswith(".")


def test_every_kind_of_world_has_a_task():
    assert set(ONE_OF_EACH) == set(parts("worlds"))


@pytest.mark.parametrize("kind", ONE_OF_EACH)
@pytest.mark.parametrize("observe_time", [False, True])
def test_stable_baselines_accepts_every_world(kind, observe_time):
    from stable_baselines3.common.env_checker import check_env

    a_world = world(ONE_OF_EACH[kind], observe_time=observe_time)
    check_env(a_world, warn=False, skip_render_check=True)


@pytest.mark.parametrize("kind", ONE_OF_EACH)
@pytest.mark.parametrize("end", ["terminal", "truncated"])
def test_an_episode_ends_at_its_horizon_as_the_settings_say(kind, end):
    a_world = world(ONE_OF_EACH[kind], horizon=3, end=end, observe_time=True)
    for _ in range(2):
        observations = [a_world.reset(seed=0)[0]]
        ends = []
        for _ in range(3):
            observation, _, *over, _ = a_world.step(a_world.action_space.sample())
            observations.append(observation)
            ends.append(tuple(over))
        assert ends == [(False, False)] * 2 + [(end == "terminal", end == "truncated")]
        times = [observation[-1] for observation in observations]
        np.testing.assert_allclose(times, [0, 1 / 3, 2 / 3, 1], rtol=1e-6)


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_the_optional_interfaces_of_a_world_give_what_they_say(kind):
    a_world = world(ONE_OF_EACH[kind])
    a_world.reset(seed=0)
    offers = TASKS[ONE_OF_EACH[kind]].world.offers()
    assert offers.script == has_script(a_world)
    assert offers.goal_images == isinstance(a_world, ShowsGoals)
    assert offers.uniform_states == hasattr(a_world, "uniform")
    assert (offers.actions == "discrete") == isinstance(a_world.action_space, Discrete)
    if has_script(a_world):
        assert a_world.action_space.contains(script_of(a_world)())
    if isinstance(a_world, Measurable):
        assert min(a_world.progress()) > 0
        assert a_world.words is not None
    if isinstance(a_world, Reachable):
        hand, thing = a_world.hand_and_thing()
        assert hand.shape == thing.shape == (3,)
    if isinstance(a_world, SettableStates):
        states = a_world.uniform(np.random.default_rng(0), 5)
        assert states.shape == (5, *a_world.snapshot().shape)
        assert a_world.successes(states).shape == a_world.true_rewards(states).shape == (5,)
    if isinstance(a_world, ShowsGoals):
        assert a_world.goal_snapshots().shape[1:] == a_world.snapshot().shape


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_the_looks_of_a_world_are_settings_and_views_that_exist(kind):
    a_world = world(ONE_OF_EACH[kind])
    assert a_world.looks
    for look in a_world.looks:
        world(ONE_OF_EACH[kind], **look.world)
        assert look.view.keys() <= set(View._fields)
    for other in a_world.other_views:
        assert other.keys() <= set(View._fields)
