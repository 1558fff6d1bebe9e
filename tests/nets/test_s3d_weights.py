"""The published S3D from files of its very format: checked, converted once, else refused."""

import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from showtell.nets.encoder import load
from showtell.nets.s3d import Architecture, S3dEncoder
from showtell.nets.s3d_weights import (
    HOWTO100M,
    File,
    Published,
    fetch_s3d,
    read_dictionary,
    read_weights,
)
from showtell.project.errors import UserError
from tests.nets.s3d_models import SMALL, WORDS, noise, settings, small_encoder, small_network

NOWHERE = "http://127.0.0.1:9"  # nothing listens there
NAMES = {"weights": "s3d_howto100m.pth", "dictionary": "s3d_dict.npy"}


@pytest.fixture
def folder(tmp_path) -> Path:
    """Somebody's folder with the published files of a narrow network."""
    folder = tmp_path / "somebody's files"
    folder.mkdir()
    torch.save(small_network().state_dict(), folder / NAMES["weights"])
    np.save(folder / NAMES["dictionary"], np.array(WORDS))
    return folder


@pytest.fixture
def published(folder) -> Published:
    files = {
        part: File(name, (folder / name).stat().st_size, [f"{NOWHERE}/{name}"])
        for part, name in NAMES.items()
    }
    return Published("s3d/narrow", Architecture(**SMALL["architecture"]), **files)


@pytest.fixture
def fetch(tmp_path, folder, published):
    """Fetches from that folder, unless told otherwise."""
    outputs = tmp_path / "model.safetensors", tmp_path / "model.json"

    def fetch(published=published, **changes):
        asked = settings(**({"pretrained": "howto100m", "source": str(folder)} | changes))
        lock = tmp_path / "weights.lock.json"
        fetch_s3d(asked, tmp_path / "cache", lock, *outputs, seed=5, published=published)
        return asked, outputs

    return fetch


def sha(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def lock_of(tmp_path: Path) -> dict:
    return json.loads((tmp_path / "weights.lock.json").read_text())


def refill(folder: Path, part: str, content: bytes) -> None:
    """Other content of the same size."""
    file = folder / NAMES[part]
    size = file.stat().st_size
    file.write_bytes(content[:size].ljust(size, b"\0"))


def test_published_files_become_an_encoder_that_sees_the_same(fetch):
    asked, files = fetch()
    loaded = load(asked, *files)
    expected = small_encoder()
    torch.testing.assert_close(loaded.video(noise(2)), expected.video(noise(2)), atol=1e-3, rtol=0)
    assert torch.equal(loaded.text(["robot"]), expected.text(["robot"]))
    assert json.loads(files[1].read_text())["words"] == list(WORDS)


def test_the_first_fetch_records_checksums_and_the_next_enforces_them(fetch, folder, tmp_path):
    fetch()
    entries = lock_of(tmp_path)
    for part, name in NAMES.items():
        entry = entries[f"s3d/narrow/{part}"]
        assert entry["sha256"] == sha(folder / name)
        assert entry["bytes"] == (folder / name).stat().st_size
        assert entry["url"] == f"{NOWHERE}/{name}"  # the published address: no folder of anyone's
    fetch(source=None)  # without network: from the cache
    for cached in (tmp_path / "cache").glob("*/s3d*"):
        cached.unlink()
    refill(folder, "weights", b"other bytes")
    with pytest.raises(UserError, match=r"s3d/narrow/weights must have"):
        fetch()


@pytest.mark.parametrize("part", ["weights", "dictionary"])
def test_a_checksum_in_the_parameters_is_enforced_at_the_first_fetch(fetch, part, tmp_path):
    with pytest.raises(UserError, match=f"{part} must have {'0' * 64}"):
        fetch(sha256={"weights": None, "dictionary": None} | {part: "0" * 64})
    lock = tmp_path / "weights.lock.json"
    assert not lock.exists() or f"s3d/narrow/{part}" not in lock_of(tmp_path)


@pytest.mark.parametrize("part", ["weights", "dictionary"])
def test_a_file_of_the_wrong_size_is_neither_read_nor_recorded(fetch, folder, tmp_path, part):
    file = folder / NAMES[part]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UserError, match=rf"no place has {file.name} \(.* bytes, not .*source"):
        fetch()
    lock = tmp_path / "weights.lock.json"
    assert not lock.exists() or f"s3d/narrow/{part}" not in lock_of(tmp_path)
    assert file.exists()  # what is somebody's stays


def test_the_next_place_is_tried_when_one_has_another_file(fetch, folder, published, tmp_path):
    page = tmp_path / "download"  # what a file host shows instead of a large file
    page.write_text("<html>Are you sure?</html>")
    whole = published.weights
    weights = whole._replace(urls=[f"{NOWHERE}/x", page.as_uri(), (folder / whole.name).as_uri()])
    dictionary = published.dictionary
    dictionary = dictionary._replace(urls=[(folder / dictionary.name).as_uri()])
    fetch(published._replace(weights=weights, dictionary=dictionary), source=None)
    assert lock_of(tmp_path)["s3d/narrow/weights"]["sha256"] == sha(folder / whole.name)


def test_a_file_put_into_the_cache_by_hand_is_found(fetch, folder, tmp_path):
    for part, name in NAMES.items():
        place = tmp_path / "cache" / f"s3d--narrow--{part}"
        place.mkdir(parents=True)
        (folder / name).rename(place / name)
    fetch(source=None)


def test_without_network_or_folder_the_error_says_where_it_looked_and_the_cure(fetch):
    with pytest.raises(UserError, match=r"no place has s3d_dict.npy .*127\.0\.0\.1.*`source`"):
        fetch(source=None)
    with pytest.raises(UserError, match="'nowhere' is no folder"):
        fetch(source="nowhere")


def test_pickled_code_is_refused_and_not_run(fetch, folder, published, tmp_path):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    content = pickle.dumps({"conv1.conv1.weight": Bomb()}, protocol=2)
    refill(folder, "weights", content)
    with pytest.raises(UserError, match="not a file of plain tensors"):
        fetch()
    torch.save({"conv1.conv1.weight": Bomb()}, tmp_path / "zipped.pth")
    with pytest.raises(UserError, match="not a file of plain tensors"):
        read_weights(small_network(), tmp_path / "zipped.pth")
    np.save(tmp_path / "dict.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="not a whole file of words"):
        read_dictionary(tmp_path / "dict.npy")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_checkpoints_old_and_new_are_read_and_truncated_ones_refused(tmp_path, zipped):
    tensors, file = small_network(seed=1).state_dict(), tmp_path / "s3d.pth"
    torch.save(tensors, file, _use_new_zipfile_serialization=zipped)
    model = small_network(seed=2)
    read_weights(model, file)
    assert all(torch.equal(model.state_dict()[name], tensors[name]) for name in tensors)
    whole = file.read_bytes()
    for part in (whole[: len(whole) // 2], whole[:-1000], b"", b"<html>"):
        file.write_bytes(part)
        with pytest.raises(UserError, match=r"s3d\.pth is not a .*fetch it again"):
            read_weights(model, file)


def test_another_networks_tensors_are_refused(tmp_path):
    tensors = small_network().state_dict()
    for wrong in (
        {name: tensor for name, tensor in tensors.items() if name != "fc.bias"},
        tensors | {"fc.more": torch.zeros(1)},
        tensors | {"fc.bias": torch.zeros(33)},
        [1, 2],
    ):
        torch.save(wrong, tmp_path / "other.pth")
        with pytest.raises(UserError, match="not a whole file of S3D's tensors"):
            read_weights(small_network(), tmp_path / "other.pth")


def test_a_dictionary_that_is_no_list_of_words_is_refused(tmp_path):
    for wrong in (np.arange(3), np.array([["a", "b"]]), np.array([b"a"])):
        np.save(tmp_path / "dict.npy", wrong)
        with pytest.raises(UserError, match="not a list of words"):
            read_dictionary(tmp_path / "dict.npy")
    np.savez(tmp_path / "dict.npz", words=np.array(["a"]))
    with pytest.raises(UserError, match="not a list of words"):
        read_dictionary(tmp_path / "dict.npz")


def test_a_dictionary_of_other_words_than_the_weights_is_refused(fetch, folder, published):
    np.save(folder / NAMES["dictionary"], np.array(WORDS[:-1]))
    size = (folder / NAMES["dictionary"]).stat().st_size
    other = published._replace(dictionary=published.dictionary._replace(bytes=size))
    with pytest.raises(UserError, match="not a whole file of S3D's tensors"):
        fetch(other)


def test_a_random_network_knows_the_words_and_hangs_off_its_seed(fetch, folder):
    (folder / NAMES["weights"]).unlink()  # it needs none
    first, second = [load_file(fetch(pretrained="random")[1][0]) for _ in range(2)]
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert load(*_flat(fetch(pretrained="random"))).text(["robot"]).shape == (1, 32)
    trained = small_network().state_dict()
    assert not torch.equal(first["fc.weight"], trained["fc.weight"])


def _flat(fetched):
    asked, files = fetched
    return asked, *files


def test_an_encoder_with_neither_weights_nor_recipe_is_refused(fetch):
    with pytest.raises(UserError, match="neither pretrained weights nor a recipe"):
        fetch(pretrained=None)


def test_another_architecture_than_the_published_one_is_refused_before_any_download(fetch):
    with pytest.raises(UserError, match=r"was published as .*width=1\.0.*say.*width=0\.125"):
        fetch(published=HOWTO100M, source=None)


def test_the_encoder_itself_fetches_what_was_published(tmp_path):
    asked, folder = settings(pretrained="howto100m"), tmp_path / "cache"
    with pytest.raises(UserError, match="s3d/howto100m was published as"):
        S3dEncoder.fetch(asked, folder, tmp_path / "lock", tmp_path / "w", tmp_path / "n", seed=0)
    assert not folder.exists()


def test_the_published_dictionary_has_the_size_of_its_words():
    words = np.array(["w"] * 66_249, dtype="<U22")
    assert HOWTO100M.dictionary.bytes == 128 + words.nbytes
