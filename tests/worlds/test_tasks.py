"""Every task of params.yaml is a world that keeps the face's promises."""

from pathlib import Path

import numpy as np
import pytest

from showtell.study.parameters import load
from showtell.study.registry import build

ROOT = Path(__file__).resolve().parents[2]
TASKS = load(ROOT, "paper").tasks


@pytest.mark.parametrize("name", TASKS)
def test_a_task_keeps_the_promises_of_a_world(name):
    world = build("worlds", TASKS[name].world)
    stories = []
    for _ in range(2):
        observation, _ = world.reset(seed=3)
        assert world.observation_space.contains(observation)
        world.action_space.seed(3)
        story = [world.snapshot()]
        for _ in range(3):
            observation, reward, terminated, truncated, info = world.step(
                world.action_space.sample()
            )
            assert world.observation_space.contains(observation)
            assert info["success"] in (True, False)
            assert info["true_reward"] == reward
            assert not (terminated or truncated)
            story.append(world.snapshot())
        stories.append(np.array(story))
    assert stories[0].dtype == np.float64
    assert stories[0].ndim == 2
    np.testing.assert_array_equal(*stories)
    assert world.horizon == TASKS[name].world.horizon
    assert world.success_definition.endswith(".")
