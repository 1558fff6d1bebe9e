"""A grid of vectors from outlines: what it does not see, and what counts by its size."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from showtell.nets.encoder import load
from showtell.nets.hold_c import HoldCEncoder, HoldCSettings, describe
from showtell.nets.modules.grid import Grid, Outlines

SETTINGS = {
    "kind": "hold_c",
    "architecture": {
        "kind": "grid",
        "blocks": 2,
        "width": 8,
        "norm": "group",
        "branch_scale": 0,
        "channels": 4,
    },
    "pretrained": "random",
    "picture": {"width": 64, "height": 64},
    "fit": "crop",
    "batch": 32,
}


def square(colour, ground, left=20, side=16):
    """A square on a plain ground: (1, 3, 64, 64) in [-1, 1]."""
    picture = torch.tensor(ground)[:, None, None].repeat(1, 64, 64)
    picture[:, 24 : 24 + side, left : left + side] = torch.tensor(colour)[:, None, None]
    return picture[None]


def apart(one, other):
    return float((one - other).norm())


def test_outlines_do_not_say_which_side_is_the_brighter():
    outlines = Outlines()
    dark, bright = (-0.5, -0.6, -0.7), (0.5, 0.4, 0.3)
    torch.testing.assert_close(outlines(square(dark, bright)), outlines(square(bright, dark)))


def test_other_light_and_colours_are_nearer_than_another_place():
    outlines = Outlines()
    seen = outlines(square((0.6, -0.2, -0.4), (-0.3, -0.3, -0.3)))
    dimmer = outlines(square((-0.1, -0.5, -0.6), (-0.55, -0.55, -0.55)))
    recoloured = outlines(square((-0.8, 0.2, 0.5), (0.3, 0.1, -0.4)))
    moved = outlines(square((0.6, -0.2, -0.4), (-0.3, -0.3, -0.3), left=30))
    assert 5 * max(apart(seen, dimmer), apart(seen, recoloured)) < apart(seen, moved)


def test_outlines_know_their_direction():
    """An upright edge and a level one differ in sign; a diagonal one has no such component."""
    upright = torch.ones(1, 3, 32, 32)
    upright[..., 16:] = -1
    level = upright.transpose(2, 3)
    outlines = Outlines()
    assert outlines(upright)[0, 1, 16, 16] > 1
    assert outlines(level)[0, 1, 16, 16] < -1
    assert outlines(upright)[0, 2].abs().max() < 1e-3


def test_a_cell_hears_of_its_neighbourhood_alone():
    """Near and far from a change: only cells near it differ, but for the picture's mean."""
    torch.manual_seed(0)
    grid = Grid(blocks=1, width=8, norm="batch", channels=4, branch_scale=1).eval()
    noise = torch.rand(1, 3, 64, 64) * 2 - 1
    changed = noise.clone()
    changed[..., :6, :6] = 0
    with torch.no_grad():
        gap = (grid(noise) - grid(changed)).reshape(4, 16, 16).norm(dim=0)
    assert gap[:3, :3].max() > 20 * gap[10:, 10:].max()


@pytest.mark.parametrize(
    "architecture", [SETTINGS["architecture"], {"kind": "outlines", "cell": 4}]
)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 42)])
def test_the_encoder_knows_the_length_of_its_vectors(tmp_path, architecture, height, width):
    picture = {"width": width, "height": height}
    given = SETTINGS | {"picture": picture, "architecture": architecture}
    settings = HoldCSettings.model_validate(given)
    torch.manual_seed(0)
    encoder = HoldCEncoder(settings, settings.architecture.build(), describe(settings), "cpu")
    frames = np.random.default_rng(0).integers(0, 255, (3, height, width, 3), np.uint8)
    found = encoder.image(frames)
    assert found.shape == (3, encoder.dimensions)
    assert encoder.image(frames[:0]).shape == (0, encoder.dimensions)
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    encoder.save(*files)
    torch.testing.assert_close(load(settings, *files).image(frames), found, rtol=0, atol=0)


def test_the_authors_weights_are_of_a_residual_network():
    with pytest.raises(ValidationError, match="residual network"):
        HoldCSettings.model_validate(SETTINGS | {"pretrained": "holdc"})
