"""Scripts by world: one entrance for all families, and a hand that shakes."""

import numpy as np
import pytest

from showtell.project.errors import UserError
from showtell.worlds.script import has_script, script_of, shaken
from tests.demos.requests import TASKS, world


@pytest.mark.parametrize(
    "task", ["drawer-close", "kitchen-slide", "rlv-drawer", "dvd-faucet-right"]
)
def test_a_script_acts_within_the_world_s_box(task):
    a_world = world(task)
    a_world.reset(seed=0)
    act = script_of(a_world)
    for _ in range(5):
        action = act()
        assert a_world.action_space.contains(action)
        a_world.step(action)


def test_worlds_without_a_script_say_so():
    known = {name for name in TASKS if has_script(world(name))}
    assert known == {n for n in TASKS if not n.startswith(("cartpole", "mountain", "humanoid"))}
    with pytest.raises(UserError, match="no script for MountainCar"):
        script_of(world("mountain-car"))


def test_a_shaken_hand_drifts_by_as_much_as_it_is_told():
    still = np.zeros(3, np.float32)
    drifts = []
    for seed in range(200):
        act = shaken(lambda: still, np.random.default_rng(seed), 0.2)
        drifts.append([act() for _ in range(20)])
    drifts = np.array(drifts)
    assert drifts.dtype == np.float32
    assert drifts.std() == pytest.approx(0.2, rel=0.05)
    following = np.corrcoef(drifts[:, :-1].ravel(), drifts[:, 1:].ravel())[0, 1]
    assert following == pytest.approx(0.9, abs=0.03)
    again = shaken(lambda: still, np.random.default_rng(0), 0.2)
    np.testing.assert_array_equal(again(), drifts[0, 0])
