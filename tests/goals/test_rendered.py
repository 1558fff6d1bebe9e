"""Goal images: rendered from the world itself, in stages, embedded where the encoder can."""

import numpy as np
import pytest

from showtell.goals.goal import Drawing
from showtell.goals.rendered import RenderedSettings
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.study.registry import build, part
from tests.nets.models import smoke_encoder
from tests.studies.subjects import world as cartpole

VIEW = View(12, 8)
DRAWER = {"kind": "rlv_drawer", "horizon": 200, "end": "terminal", "observe_time": False,
          "action_repeat": 1, "lock_x": True}  # fmt: skip


def drawer():
    return build("worlds", part("worlds", "rlv_drawer").settings.model_validate(DRAWER))


def draw(snapshots, view):
    """Pictures that show how far the drawer is open, without OpenGL."""
    opened = (1000 * np.abs(snapshots[:, 9])).astype(np.uint8)
    return np.tile(opened[:, None, None, None], (1, view.height, view.width, 3))


def rendered(encoder=None, stages="all", world=None):
    settings = RenderedSettings(kind="rendered", encoder="clip", stages=stages, seed=0)
    drawing = Drawing(world or drawer(), draw, VIEW)
    return build("goals", settings).embed(encoder, None, None, drawing)


def test_a_drawer_has_two_goal_images_in_the_order_in_which_they_are_reached():
    shut, opened = rendered().stages
    assert shut.picture.shape == (8, 12, 3)
    assert shut.picture.max() < 2
    assert opened.picture.min() > 100  # mm: the drawer is pulled at least 12 cm
    assert shut.embedding is None


def test_the_last_image_alone_is_one_stage():
    (only,) = rendered(stages="last").stages
    assert np.array_equal(only.picture, rendered().stages[1].picture)


def test_an_encoder_embeds_each_picture():
    encoder = smoke_encoder()
    for stage in rendered(encoder).stages:
        wanted = encoder.image(stage.picture[None])[0].numpy()
        np.testing.assert_allclose(stage.embedding, wanted, atol=1e-6)


def test_a_network_of_distances_keeps_the_pictures_alone():
    class Network:
        history = 3

        def between(self, histories, goal):
            raise AssertionError

    assert all(stage.embedding is None for stage in rendered(Network()).stages)


def test_a_world_without_a_script_is_refused():
    with pytest.raises(UserError, match="CartPole has no script"):
        rendered(world=cartpole())
