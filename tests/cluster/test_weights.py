"""The number of a network's weights is known well enough before it is built."""

from pathlib import Path

import pytest
import torch

from showtell.cluster.weights import PAPER_SIZE, weights
from showtell.study.loading import load

ROOT = Path(__file__).resolve().parents[2]


def _built(settings) -> torch.nn.Module:
    """The network, without memory for its weights."""
    with torch.device("meta"):
        if settings.kind == "open_clip":
            from showtell.nets.open_clip_models import build

            return build(settings.architecture)
        if settings.kind == "s3d":
            from showtell.nets.modules.s3dg import S3DG

            return S3DG(10, **settings.architecture.model_dump())
        if settings.kind == "hold_r":
            return settings.architecture.build(settings.size, settings.history)
        return settings.architecture.build()


@pytest.mark.parametrize("scale", ["paper", "desk"])
def test_weights_are_estimated_to_a_third_for_every_encoder(scale):
    for name, settings in load(ROOT, scale).encoders.items():
        real = sum(weight.numel() for weight in _built(settings).parameters())
        assert 0.7 * real <= weights(settings) <= 1.35 * real, name


def test_published_networks_are_of_paper_size_and_stand_ins_are_not():
    paper, desk = load(ROOT, "paper"), load(ROOT, "desk")
    for name in ("clip", "clip-base", "s3d", "hold-c", "hold-r", "r3m"):
        assert weights(paper.encoders[name]) >= PAPER_SIZE, name
    assert all(weights(desk.encoders[name]) < PAPER_SIZE for name in desk.training)
