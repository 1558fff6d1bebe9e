"""R3M: the published file, made here in its very format, becomes the encoder; frames are fitted."""

import hashlib
import json
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torchvision import transforms
from torchvision.models import resnet50

from showtell.nets.encoder import load
from showtell.nets.r3m import MEAN, STD, Architecture, R3mEncoder, R3mSettings, describe
from showtell.nets.r3m_weights import R3M50, Published, fetch_r3m
from showtell.project.errors import UserError

NOWHERE = "http://127.0.0.1:9"  # nothing listens there
SMALL = {
    "layers": [1, 1, 1, 1],
    "block": "bottleneck",
    "width": 8,
    "norm": "batch",
    "branch_scale": 0,
}
SETTINGS = {
    "kind": "r3m", "architecture": SMALL, "pretrained": "r3m50", "source": None, "sha256": None,
    "picture": "native", "resize": 36, "crop": 32, "batch": 4,
}  # fmt: skip
NARROW = Published("r3m/narrow", Architecture(**SMALL), (f"{NOWHERE}/download?id=1#model.pt",))


def settings(**changes):
    return R3mSettings.model_validate(SETTINGS | changes)


def noise(count, height=40, width=60, seed=0):
    draws = np.random.default_rng(seed)
    return draws.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def network(seed=0):
    """A narrow network whose last normalisations are not 0, as after a training."""
    torch.manual_seed(seed)
    model = Architecture(**SMALL).build()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.rand_like(tensor) * 0.1)
    return model.eval()


def checkpoint(convnet, folder):
    """As R3M's trainer saves it: in DataParallel, with the language head beside it."""
    folder.mkdir(exist_ok=True)
    parts = torch.nn.ModuleDict({"convnet": convnet, "lang_rew": torch.nn.Linear(3, 1)})
    saved = torch.nn.DataParallel(parts).state_dict()
    saved["module.lang_enc.model.embeddings.word_embeddings.weight"] = torch.zeros(5, 2)
    assert isinstance(saved, OrderedDict)
    torch.save({"r3m": saved, "global_step": 7}, folder / "model.pt")
    (folder / "config.yaml").write_text("agent:\n  _target_: r3m.R3M\n  size: 50\n")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder as the R3M package leaves it."""
    checkpoint(network(), tmp_path / "r3m_50")
    return tmp_path / "r3m_50"


@pytest.fixture
def fetch(tmp_path, folder):
    outputs = tmp_path / "model.safetensors", tmp_path / "model.json"

    def fetch(published=NARROW, **changes):
        asked = settings(**({"source": str(folder)} | changes))
        lock = tmp_path / "weights.lock.json"
        fetch_r3m(asked, tmp_path / "cache", lock, *outputs, seed=5, published=published)
        return asked, outputs

    return fetch


def test_the_published_file_becomes_an_encoder_that_sees_the_same(fetch):
    asked, files = fetch()
    encoder, frames = load(asked, *files), noise(6)
    expected = R3mEncoder(asked, network(), describe(asked), device="cpu")
    torch.testing.assert_close(encoder.image(frames), expected.image(frames), rtol=1e-5, atol=1e-5)
    assert encoder.image(frames).shape == (6, 8 * 8 * 4)
    assert not any("lang" in name for name in load_file(files[0]))
    assert not encoder.normalised


def test_a_resnet_50_is_torchvisions_without_its_last_layer(tmp_path):
    torch.manual_seed(0)
    theirs = resnet50()
    theirs.fc = torch.nn.Identity()
    checkpoint(theirs.eval(), tmp_path / "r3m_50")
    asked = settings(
        architecture=R3M50.architecture.model_dump(), source=str(tmp_path / "r3m_50"),
        resize=256, crop=224,
    )  # fmt: skip
    files = tmp_path / "model.safetensors", tmp_path / "model.json"
    R3mEncoder.fetch(asked, tmp_path / "cache", tmp_path / "weights.lock.json", *files, seed=0)
    frame = noise(1, 120, 180)
    found = load(asked, *files).image(frame)
    # As HOLD's code and R3M's do it: Pillow resizes, pixels go to 255 and back.
    fit = transforms.Compose(
        [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    )
    pictures = transforms.Normalize(MEAN, STD)(fit(Image.fromarray(frame[0])) * 255 / 255)
    with torch.no_grad():
        expected = theirs(pictures[None])
    assert found.shape == (1, 2048)
    # Ours does not round pixels to whole levels after resizing.
    assert torch.linalg.norm(found - expected) < 0.01 * torch.linalg.norm(expected)


def test_the_first_fetch_records_the_checksum_and_the_next_enforces_it(fetch, folder, tmp_path):
    fetch()
    entry = json.loads((tmp_path / "weights.lock.json").read_text())["r3m/narrow"]
    assert entry["sha256"] == hashlib.sha256((folder / "model.pt").read_bytes()).hexdigest()
    assert entry["url"] == NARROW.urls[0]  # the published address: no folder of anyone's
    fetch(source=None)  # without network: from the cache
    (tmp_path / "cache" / "r3m--narrow" / "model.pt").unlink()
    checkpoint(network(seed=1), folder)
    with pytest.raises(UserError, match="r3m/narrow must have"):
        fetch()


def test_a_checksum_in_the_parameters_is_enforced_at_the_first_fetch(fetch, tmp_path):
    with pytest.raises(UserError, match="must have " + "0" * 64):
        fetch(sha256="0" * 64)
    assert not (tmp_path / "weights.lock.json").exists()


def test_a_page_in_place_of_the_file_is_neither_kept_nor_recorded(fetch, folder, tmp_path):
    page = tmp_path / "page" / "model.pt"
    page.parent.mkdir()
    page.write_text("<html>Are you sure?</html>")
    published = NARROW._replace(urls=(page.as_uri(), (folder / "model.pt").as_uri()))
    fetch(published, source=None)  # the next place has it
    with pytest.raises(UserError, match=r"no place has model\.pt .*`source`"):
        fetch(NARROW._replace(name="r3m/other", urls=(page.as_uri(),)), source=None)
    assert "r3m/other" not in json.loads((tmp_path / "weights.lock.json").read_text())


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "content",
    [{"r3m": {"module.lang_enc.weight": torch.zeros(1)}}, {"state_dict": {}}, [1, 2], b"", "bomb"],
)
def test_another_file_is_refused_and_runs_no_code(fetch, folder, tmp_path, content):
    if isinstance(content, bytes):
        (folder / "model.pt").write_bytes(content)
    else:
        bomb = {"r3m": Bomb(tmp_path / "exploded")}
        torch.save(bomb if content == "bomb" else content, folder / "model.pt")
    with pytest.raises(UserError, match=r"no place has model\.pt"):
        fetch()
    assert not (tmp_path / "exploded").exists()


def test_another_networks_tensors_are_refused(fetch, folder):
    torch.manual_seed(0)
    checkpoint(Architecture(**SMALL | {"layers": [1, 2, 1, 1]}).build(), folder)
    with pytest.raises(UserError, match="not a checkpoint of r3m/narrow"):
        fetch()


def test_another_architecture_than_the_published_one_is_refused(fetch, tmp_path):
    with pytest.raises(UserError, match=r"published as .*width=64.*say.*width=8"):
        fetch(R3M50)
    assert not (tmp_path / "cache").exists()


def test_a_random_network_hangs_off_its_seed_and_one_without_weights_is_refused(fetch):
    first, second = (load_file(fetch(pretrained="random")[1][0]) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    with pytest.raises(UserError, match="neither pretrained weights nor a recipe"):
        fetch(pretrained=None)


def test_other_settings_than_those_of_the_file_are_refused(fetch):
    asked, files = fetch()
    with pytest.raises(UserError, match="says crop = 32"):
        load(asked.model_copy(update={"crop": 24}), *files)
    with pytest.raises(ValueError, match="crop 40 is larger"):
        settings(crop=40)


def test_it_refuses_clips_and_sentences(fetch):
    encoder = load(*_flat(fetch()))
    assert encoder.image(noise(0)).shape == (0, 256)
    with pytest.raises(UserError, match="not clips"):
        encoder.video(noise(4)[None])
    with pytest.raises(UserError, match="not sentences"):
        encoder.text(["close the drawer"])


def _flat(fetched):
    asked, files = fetched
    return asked, *files
