"""The authors' HOLD weights: checkpoints of their very format, made here, become our networks."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from showtell.nets.distance import Stage
from showtell.nets.encoder import load
from showtell.nets.flax_checkpoint import read_checkpoint
from showtell.nets.hold_c import HoldCEncoder, HoldCSettings, describe
from showtell.nets.hold_r import HoldR, HoldRSettings
from showtell.nets.scenic_names import Tree, factorised_vivit
from showtell.project.errors import UserError
from tests.nets.flax_files import packed, scenic_resnet, scenic_vivit, training_state
from tests.nets.models import noise

SETTINGS = {
    "kind": "hold_c",
    "architecture": {
        "kind": "resnet",
        "layers": [1, 2, 1, 1], "block": "bottleneck", "width": 8, "norm": "batch",
        "branch_scale": 0,
        "dimensions": 8,
    },
    "pretrained": "holdc", "picture": "native", "size": 32, "fit": "crop", "batch": 4,
}  # fmt: skip


def settings(**changes):
    return HoldCSettings.model_validate(SETTINGS | changes)


def network(seed=0):
    """A network as after a training: its statistics are those of no other."""
    torch.manual_seed(seed)
    model = settings().architecture.build()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.rand_like(tensor) * 0.1)
    return model.eval()


@pytest.fixture
def folder(tmp_path) -> Path:
    """The authors' folder: two checkpoints, of which the later one counts."""
    folder = tmp_path / "holdc"
    folder.mkdir()
    for number, seed in ((99_000, 1), (100_000, 0)):
        content = training_state(*scenic_resnet(network(seed)))
        (folder / f"checkpoint_{number}").write_bytes(content)
    return folder


@pytest.fixture
def fetch(tmp_path, folder):
    outputs = tmp_path / "model.safetensors", tmp_path / "model.json"

    def fetch(**changes):
        asked = settings(**({"source": str(folder)} | changes))
        lock = tmp_path / "weights.lock.json"
        HoldCEncoder.fetch(asked, tmp_path / "cache", lock, *outputs, seed=5)
        return asked, outputs

    return fetch


def test_a_checkpoint_becomes_an_encoder_that_sees_the_same(fetch):
    asked, files = fetch()
    found, frames = load(asked, *files), noise(5, 40, 60)
    expected = HoldCEncoder(asked, network(), describe(asked), device="cpu")
    torch.testing.assert_close(found.image(frames), expected.image(frames), rtol=1e-5, atol=1e-6)
    ours = load_file(files[0])
    for name, tensor in network().state_dict().items():
        torch.testing.assert_close(ours[name], tensor, rtol=0, atol=0)
    assert found.network.difference is None


def test_the_first_fetch_records_the_checksum_and_the_next_enforces_it(fetch, folder, tmp_path):
    fetch()
    entry = json.loads((tmp_path / "weights.lock.json").read_text())["hold/holdc"]
    content = (folder / "checkpoint_100000").read_bytes()
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert entry["url"].endswith("minttusofia/hold/resolve/main/holdc/checkpoint_100000")
    with pytest.raises(UserError, match="hold/holdc must have"):
        fetch(source=str(folder / "checkpoint_99000"))
    with pytest.raises(UserError, match="parameters say " + "0" * 64):
        fetch(sha256="0" * 64)


def record(folder, model, inputs, factor=1.0):
    """Outputs as the authors' network gives them: channels last in, embeddings out."""
    with torch.no_grad():
        outputs = model(torch.from_numpy(inputs.transpose(0, 3, 1, 2).copy())).numpy()
    np.savez(folder / "activations.npz", inputs=inputs, outputs=outputs * factor)


def test_recorded_outputs_are_compared_and_other_ones_refused(fetch, folder):
    inputs = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    record(folder, network(), inputs)
    asked, files = fetch()
    assert load(asked, *files).network.difference < 1e-5
    record(folder, network(), inputs, factor=1.01)
    with pytest.raises(UserError, match=r"differs by .*0\.001 is allowed"):
        fetch()
    np.savez(folder / "activations.npz", inputs=inputs)
    with pytest.raises(UserError, match="not a record of inputs and outputs"):
        fetch()


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda p, s: p.pop("stem_conv"), "no parameter stem_conv/kernel"),
        (lambda p, s: s["ResidualBlock_0"].pop("bn1"), "no parameter ResidualBlock_0/bn1/mean"),
        (lambda p, s: p.update(more={"kernel": np.zeros(2)}), "such as more/kernel"),
        (
            lambda p, s: p["output_projection"].update(bias=np.zeros(9, np.float32)),
            "not a checkpoint of this architecture",
        ),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(fetch, folder, change, wrong):
    parameters, statistics = scenic_resnet(network())
    change(parameters, statistics)
    (folder / "checkpoint_100000").write_bytes(training_state(parameters, statistics))
    with pytest.raises(UserError, match=wrong):
        fetch()


def test_a_source_without_a_checkpoint_is_refused_with_the_place_to_get_one(fetch, tmp_path):
    with pytest.raises(UserError, match=r"minttusofia/hold.*`source`"):
        fetch(source=None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no file checkpoint_"):
        fetch(source=str(tmp_path / "empty"))
    with pytest.raises(UserError, match="neither a folder nor a file"):
        fetch(source="nowhere")
    page = tmp_path / "page"
    page.write_text("<html>Not found</html>")
    with pytest.raises(UserError, match=r"no place has page .*not a whole checkpoint of flax"):
        fetch(source=str(page))


VIVIT = {
    "kind": "vivit", "patch": 8, "hidden": 16, "spatial_layers": 2, "temporal_layers": 1,
    "heads": 4, "mlp": 24, "stochastic_depth": 0.3,
}  # fmt: skip
STACKED = SETTINGS["architecture"] | {"kind": "resnet"}
STACKED.pop("dimensions")


@pytest.mark.parametrize("architecture", [VIVIT, STACKED], ids=lambda one: one["kind"])
def test_a_checkpoint_becomes_a_distance_that_measures_the_same(architecture, tmp_path):
    asked = HoldRSettings.model_validate(
        {
            "kind": "hold_r", "architecture": architecture, "history": 3, "pretrained": "holdr",
            "source": str(tmp_path), "picture": "native", "size": 32, "fit": "crop", "batch": 2,
        }
    )  # fmt: skip
    torch.manual_seed(0)
    model = asked.build().eval()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.rand_like(tensor) * 0.1)
    trained = model.network
    if architecture is VIVIT:
        content = training_state(scenic_vivit(trained, heads=4), {})
    else:
        content = training_state(*scenic_resnet(trained))
    (tmp_path / "checkpoint_20").write_bytes(content)
    inputs = np.random.default_rng(0).uniform(-1, 1, (2, 4, 32, 32, 3)).astype(np.float32)
    with torch.no_grad():
        frames = torch.from_numpy(inputs.transpose(0, 1, 4, 2, 3).copy())
        outputs = model.compare(frames[:, :3], frames[:, 3]).numpy()[:, None]
    np.savez(tmp_path / "activations.npz", inputs=inputs, outputs=outputs)
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    HoldR.fetch(asked, tmp_path / "cache", tmp_path / "weights.lock.json", *files, seed=5)
    found = load(asked, *files)
    histories, goal = noise(9, 40, 60).reshape(3, 3, 40, 60, 3), Stage(picture=noise(1, 40, 60)[0])
    expected = HoldR(asked, model, found.network, device="cpu")
    np.testing.assert_allclose(
        found.between(histories, goal), expected.between(histories, goal), rtol=1e-5
    )
    assert found.network.difference < 1e-5
    np.savez(tmp_path / "activations.npz", inputs=inputs, outputs=outputs[::-1])
    with pytest.raises(UserError, match="differs by"):
        HoldR.fetch(asked, tmp_path / "cache", tmp_path / "weights.lock.json", *files, seed=5)


def test_a_vivit_with_longer_tubelets_is_refused():
    tree = Tree({"embedding": {"kernel": np.zeros((2, 8, 8, 3, 16))}})
    with pytest.raises(UserError, match="tubelets"):
        factorised_vivit(tree, 2, 1)


def test_native_pictures_need_the_size_that_the_network_reads():
    with pytest.raises(ValueError, match="set size"):
        settings(size=None)
    late = {
        "kind": "late_fusion", "layers": [1, 1, 1, 1], "block": "basic", "width": 8,
        "norm": "group", "branch_scale": 0, "dimensions": 4, "hidden": 8, "unit": 10,
    }  # fmt: skip
    of_r = {
        "kind": "hold_r", "architecture": late, "history": 3, "pretrained": "holdr",
        "picture": "native", "size": 32, "fit": "crop", "batch": 2,
    }  # fmt: skip
    with pytest.raises(ValueError, match="set size"):
        HoldRSettings.model_validate(of_r | {"size": None})
    with pytest.raises(ValueError, match="late_fusion"):
        HoldRSettings.model_validate(of_r)
    assert settings(picture={"width": 48, "height": 40}, size=None).preprocessing.size == (40, 48)


def test_values_of_every_kind_are_read(tmp_path):
    tree = {
        "numbers": [0, 127, 128, -1, 70_000, -(2**40), 1.5],
        "texts": ["", "a" * 31, "b" * 40],
        "others": [None, True, False, b"bytes"],
        "many": {str(number): number for number in range(20)},
    }
    arrays = {
        "matrix": np.arange(6, dtype=np.float64).reshape(2, 3),
        "empty": np.zeros((0, 2), np.float32),
        "scalar": np.int32(7),
    }
    path = tmp_path / "checkpoint_1"
    path.write_bytes(packed(tree | arrays))
    found = read_checkpoint(path)
    assert {name: found[name] for name in tree} == tree
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_low_precision_and_arrays_in_parts_are_read(tmp_path):
    numbers = np.array([1.0, -2.5, 0.0], np.float32)
    half = (numbers.view(np.uint32) >> 16).astype(np.uint16)
    named = packed(half).replace(b"uint16", b"bfloat16", 1).replace(b"\xa6bf", b"\xa8bf")
    length = int.from_bytes(named[1:5], "big") + 2
    parts = {
        "__msgpack_chunked_array__": True,
        "shape": {"0": 2, "1": 2},
        "chunks": {"0": np.array([1, 2, 3]), "1": np.array([4])},
    }
    path = tmp_path / "checkpoint_1"
    path.write_bytes(
        b"\x82" + packed("low") + named[:1] + length.to_bytes(4, "big") + named[5:]
        + packed("parts") + packed(parts)
    )  # fmt: skip
    found = read_checkpoint(path)
    np.testing.assert_array_equal(found["low"], numbers)
    np.testing.assert_array_equal(found["parts"], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x81", b"\xc1", packed([1]), packed({}) + b"\x00",
        packed({"a": np.zeros(4)})[:-1], b"\x81" + packed("a") + b"\xd4\x09\x00",
        b"\x91" * 100_000, b"\x81\x80\x01",
        packed({"a": np.zeros(2)}).replace(b"float64", b"objects"),
    ],
)  # fmt: skip
def test_what_is_no_whole_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "checkpoint_1"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a whole checkpoint of flax"):
        read_checkpoint(path)
