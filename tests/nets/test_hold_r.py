"""HOLD-R as a distance: what it reads, what it refuses, and its files."""

import numpy as np
import pytest
import torch

from showtell.nets.distance import Distance, Stage, histories_of
from showtell.nets.encoder import load
from showtell.nets.hold_r import HoldR, HoldRSettings, describe
from showtell.project.errors import UserError

RESIDUAL = {
    "layers": [1, 1, 1, 1],
    "block": "basic",
    "width": 8,
    "norm": "group",
    "branch_scale": 0,
}
ARCHITECTURES = {
    "late_fusion": RESIDUAL | {
        "kind": "late_fusion", "dimensions": 8, "hidden": 16, "unit": 10,
    },
    "resnet": RESIDUAL | {"kind": "resnet"},
    "vivit": {
        "kind": "vivit", "patch": 8, "hidden": 16, "spatial_layers": 1, "temporal_layers": 1,
        "heads": 2, "mlp": 32, "stochastic_depth": 0.3,
    },
}  # fmt: skip
SETTINGS = {
    "kind": "hold_r",
    "architecture": ARCHITECTURES["late_fusion"],
    "history": 2,
    "pretrained": None,
    "picture": "native",
    "size": 24,
    "fit": "crop",
    "batch": 4,
}
every = pytest.mark.parametrize("kind", list(ARCHITECTURES))


def settings(kind="late_fusion", **changes):
    found = SETTINGS | {"architecture": ARCHITECTURES[kind]} | changes
    return HoldRSettings.model_validate(found)


def network(kind="late_fusion", *, head=True, **changes):
    """A network with random weights; without `head` as it is before its training."""
    torch.manual_seed(0)
    of = settings(kind, **changes)
    model = of.build()
    if head:
        linear = [part for part in model.modules() if isinstance(part, torch.nn.Linear)]
        linear[-1].reset_parameters()
    return HoldR(of, model, describe(of), device="cpu")


def noise(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 30, 40, 3), dtype=np.uint8)


@every
def test_it_is_a_distance_from_each_history_to_the_goal(kind):
    distance = network(kind)
    assert isinstance(distance, Distance)
    histories = histories_of(noise(9)[None], 2)[0]
    found = distance.between(histories, Stage(picture=noise(1, seed=3)[0]))
    assert found.shape == (9,)
    assert found.dtype == np.float32
    assert len(set(found.tolist())) == 9
    other = distance.between(histories, Stage(picture=noise(1, seed=4)[0]))
    assert (found != other).all()
    # All frames of a history count, and their order does.
    turned = distance.between(histories[:, ::-1], Stage(picture=noise(1, seed=3)[0]))
    assert not np.allclose(found[1:], turned[1:])
    assert distance.between(histories[:0], Stage(picture=noise(1)[0])).shape == (0,)


@every
def test_a_history_is_compared_alike_in_any_batch(kind):
    """Nine histories, four at once: each as if it were alone."""
    distance, histories = network(kind), histories_of(noise(9)[None], 2)[0]
    goal = Stage(picture=noise(1, seed=3)[0])
    alone = [distance.between(history[None], goal)[0] for history in histories]
    np.testing.assert_allclose(distance.between(histories, goal), alone, rtol=1e-4, atol=1e-4)


@every
def test_before_its_training_it_predicts_0(kind):
    distance = network(kind, head=False)
    found = distance.between(histories_of(noise(3)[None], 2)[0], Stage(picture=noise(1)[0]))
    assert found.tolist() == [0, 0, 0]


def test_late_fusion_reads_the_goal_once():
    distance = network()
    read = []
    distance._model.encoder.register_forward_hook(lambda module, given, out: read.append(len(out)))
    distance.between(histories_of(noise(9)[None], 2)[0], Stage(picture=noise(1)[0]))
    assert read == [1, 8, 8, 2]


def test_a_unit_is_so_many_frames():
    histories, goal = histories_of(noise(3)[None], 2)[0], Stage(picture=noise(1)[0])
    architecture = ARCHITECTURES["late_fusion"] | {"unit": 1}
    ones = network(architecture=architecture).between(histories, goal)
    np.testing.assert_allclose(network().between(histories, goal), 10 * ones, rtol=1e-5)


@every
def test_weights_are_read_as_they_were_written(kind, tmp_path):
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    distance = network(kind)
    distance.save(*files, note="of a test")
    histories, goal = histories_of(noise(3)[None], 2)[0], Stage(picture=noise(1)[0])
    read = load(settings(kind), *files)
    np.testing.assert_array_equal(read.between(histories, goal), distance.between(histories, goal))
    with pytest.raises(UserError, match="says history"):
        load(settings(kind, history=3), *files)


@every
def test_a_network_that_is_never_trained_predicts_more_than_0(kind, tmp_path):
    made = []
    for name in ("one", "two"):
        files = tmp_path / f"{name}.safetensors", tmp_path / f"{name}.json"
        of = settings(kind, pretrained="random")
        HoldR.fetch(of, tmp_path, tmp_path, *files, seed=5)
        made.append([file.read_bytes() for file in files])
        found = load(of, *files).between(
            histories_of(noise(3)[None], 2)[0], Stage(picture=noise(1)[0])
        )
        assert len(set(found.tolist())) == 3
    assert made[0] == made[1]


def test_what_it_cannot_compare_is_refused():
    histories = histories_of(noise(3)[None], 2)[0]
    with pytest.raises(UserError, match="kind 'rendered'"):
        network().between(histories, Stage(embedding=np.ones(3, np.float32)))
    with pytest.raises(ValueError, match="reads 2 frames"):
        network().between(histories[:, :1], Stage(picture=noise(1)[0]))
