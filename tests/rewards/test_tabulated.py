"""A tabulated reward: what it looks up, how far it is from drawn pictures, what it refuses."""

import numpy as np
import pytest

from showtell.project.errors import UserError
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes, Reads
from showtell.rewards.tabulated import TableSettings, Tabulated, drawn_rewards
from tests.worlds.test_tasks import world


class Brightness:
    """The brightness of the right half of the picture, where the car is red and dark."""

    reads = Reads(view=View(48, 32))

    def score(self, episodes):
        assert episodes.frames is not None
        return episodes.frames[:, :, :, 24:].mean(axis=(2, 3, 4), dtype=np.float64)


def tabulated(task, **settings):
    place = world(task)
    table = TableSettings(**{"variable": "car_position", "low": -1.2, "high": 0.6} | settings)
    with RenderPool(place.scene, place.scene_settings(), workers=0) as pool:
        read = Tabulated(Brightness(), table, place, pool.draw)
        states = place.uniform(np.random.default_rng(1), 50)
        return read, states, drawn_rewards(Brightness(), states, pool.draw)


def test_a_table_gives_the_reward_of_the_drawn_picture_without_drawing_it():
    read, states, drawn = tabulated("mountain-car", points=401)
    observed = states[:, None].astype(np.float32)
    empty = np.zeros(observed.shape[:2], dtype=np.float32)
    found = read.score(Episodes(observed, empty, empty, empty.astype(bool)))
    assert read.reads == Reads()
    assert found.dtype == np.float32
    assert np.ptp(drawn) > 1
    np.testing.assert_allclose(found[:, 0], drawn, atol=0.05 * np.ptp(drawn))
    assert 0 < read.agreement.mean <= read.agreement.largest < 0.05 * read.agreement.span


def test_a_table_of_two_variables_gives_the_reward_of_the_drawn_picture():
    angle = {"variable": "pole_angle", "low": -3.15, "high": 3.15, "points": 61}
    place = {"variable": "cart_position", "low": -2.4, "high": 2.4, "points": 49}
    read, states, drawn = tabulated("cartpole", **place, second=angle)
    observed = states[:, None].astype(np.float32)
    empty = np.zeros(observed.shape[:2], dtype=np.float32)
    found = read.score(Episodes(observed, empty, empty, empty.astype(bool)))
    np.testing.assert_allclose(found[:, 0], drawn, atol=0.15 * np.ptp(drawn))
    assert 0 < read.agreement.mean < 0.03 * read.agreement.span
    # At the points themselves nothing is interpolated.
    rows = np.array([[-2.4, 0, -3.15, 0], [2.4, 0, 3.15, 0], [9, 0, 9, 0]])
    corners = read._looked_up(rows)
    assert corners.tolist() == [read._rewards[0, 0], *[read._rewards[-1, -1]] * 2]


def test_a_coarse_table_and_a_picture_of_two_variables_are_refused():
    with pytest.raises(UserError, match=r"2 points .* use more points"):
        tabulated("mountain-car", points=2)
    with pytest.raises(UserError, match="another variable"):
        tabulated("cartpole", variable="pole_angle", low=-3.15, high=3.15, points=50)


def test_a_variable_that_the_world_lacks_is_named():
    with pytest.raises(UserError, match=r"'position'.*car_position"):
        tabulated("mountain-car", variable="position", points=10)
