"""Published weights: found, downloaded whole, checked, converted; everything else is refused."""

import hashlib
import json
import os
import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file

from showtell.nets.clip_weights import fetch_clip, locations, read_published
from showtell.nets.downloads import fetch
from showtell.nets.encoder import load
from showtell.project import downloads
from showtell.project.errors import UserError
from tests.nets.models import noise, random_model, settings, smoke_encoder

NAME = "showtell-smoke/test"


class Shelf:
    """A server of files on this machine; it can break off, redirect, and say how it was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.break_off_after: int | None = None
        self.announced: int | None = None
        self.ranges: list[str | None] = []
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                if self.path.startswith("/moved/"):
                    self.send_response(302)
                    self.send_header("Location", f"/{name}")
                    self.end_headers()
                    return
                if name not in shelf.files:
                    self.send_error(404)
                    return
                asked = self.headers.get("Range")
                shelf.ranges.append(asked)
                start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
                body = shelf.files[name][start:]
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(shelf.announced or len(body)))
                self.end_headers()
                self.wfile.write(body[: shelf.break_off_after])

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"


@pytest.fixture
def shelf():
    shelf = Shelf()
    yield shelf
    shelf.server.shutdown()


@pytest.fixture(scope="module")
def tensors() -> dict[str, torch.Tensor]:
    return random_model(seed=3).state_dict()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(folder: Path, form: str, tensors: dict[str, torch.Tensor]) -> Path:
    """The forms in which CLIP weights are published."""
    file = folder / form
    if form == "open_clip_model.safetensors":
        save_file({name: value.contiguous() for name, value in tensors.items()}, file)
    elif form == "epoch_9.pt":  # open_clip's own trainer, on several GPUs
        inside = {f"module.{name}": value for name, value in tensors.items()}
        torch.save({"epoch": 9, "state_dict": inside}, file)
    else:
        torch.save(tensors, file)
    return file


FORMS = ["model.pt", "epoch_9.pt", "open_clip_pytorch_model.bin", "open_clip_model.safetensors"]


@pytest.mark.parametrize("form", FORMS)
def test_every_published_form_is_read_alike(tmp_path, tensors, form):
    model = read_published("showtell-smoke", write(tmp_path, form, tensors))
    found = model.state_dict()
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0, 0.3, 0.95])
def test_a_truncated_file_is_refused_by_name(tmp_path, tensors, form, share):
    file = write(tmp_path, form, tensors)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UserError, match=rf"{form} is not a .*delete it and fetch it again"):
        read_published("showtell-smoke", file)


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path):
    trace = tmp_path / "code-was-run"

    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(trace),)

    file = tmp_path / "model.pt"
    torch.save({"weight": Attack()}, file)
    raw = tmp_path / "raw.pt"
    raw.write_bytes(pickle.dumps(Attack(), protocol=2))
    for bad in (file, raw):
        with pytest.raises(UserError, match=f"{bad.name} is not a file of plain tensors"):
            read_published("showtell-smoke", bad)
    assert not trace.exists()


@pytest.mark.parametrize(
    "content", [{}, {"weight": torch.zeros(2)}, [1, 2], torch.zeros(3)], ids=repr
)
def test_something_else_than_this_model_is_refused_by_name(tmp_path, content):
    file = tmp_path / "model.pt"
    torch.save(content, file)
    with pytest.raises(UserError, match=r"model\.pt is not a whole file of showtell-smoke's"):
        read_published("showtell-smoke", file)


def test_weights_of_another_architecture_are_refused_by_name(tmp_path, tensors):
    file = write(tmp_path, "model.pt", tensors)
    with pytest.raises(UserError, match=r"model\.pt is not .* showtell-mini"):
        read_published("showtell-mini", file)


def test_a_fetched_model_is_the_published_one(tmp_path, tensors, shelf, monkeypatch):
    file = write(tmp_path, "open_clip_pytorch_model.bin", tensors)
    shelf.files[file.name] = file.read_bytes()
    entry = {"url": shelf.url(file.name), "mean": (0.1, 0.2, 0.3), "interpolation": "bilinear"}
    table = open_clip.pretrained._PRETRAINED
    monkeypatch.setitem(table, "showtell-smoke", {"test": entry})
    asked = settings(pretrained="test")
    weights, network = tmp_path / "model.safetensors", tmp_path / "model.json"
    fetch_clip(asked, tmp_path / "cache", tmp_path / "lock.json", weights, network)

    written = load_file(weights)
    assert all(torch.equal(written[name], tensors[name]) for name in tensors)
    encoder = load(asked, weights, network)
    assert encoder.network.preprocessing.mean == (0.1, 0.2, 0.3)
    assert encoder.network.preprocessing.interpolation == "bilinear"
    assert encoder.network.source.sha256 == sha(file.read_bytes())
    same_words = smoke_encoder(seed=3).text(["a pole"])
    torch.testing.assert_close(encoder.text(["a pole"]), same_words, atol=1e-5, rtol=0)
    assert encoder.image(noise(2)).shape == (2, 32)


def test_an_encoder_without_weights_and_recipe_is_refused(tmp_path):
    with pytest.raises(UserError, match="give it `pretrained` or an entry under `training:`"):
        fetch_clip(settings(), tmp_path, tmp_path / "l", tmp_path / "w", tmp_path / "n")


def test_the_first_download_is_recorded_and_enforced_afterwards(tmp_path, shelf):
    shelf.files["w.bin"] = b"first"
    lock = tmp_path / "weights.lock.json"
    file, source = fetch(NAME, [shelf.url("w.bin")], None, tmp_path / "a", lock)
    assert file.read_bytes() == b"first"
    assert json.loads(lock.read_text())[NAME] == source.model_dump()
    assert source.sha256 == sha(b"first")

    shelf.files["w.bin"] = b"other"  # published anew under the same name
    with pytest.raises(UserError, match=rf"{sha(b'other')}, but {NAME} must have {sha(b'first')}"):
        fetch(NAME, [shelf.url("w.bin")], None, tmp_path / "b", lock)
    assert json.loads(lock.read_text())[NAME]["sha256"] == sha(b"first")


def test_the_lock_keeps_other_entries(tmp_path, shelf):
    shelf.files |= {"a": b"a", "b": b"b"}
    for name in ("a", "b"):
        fetch(f"x/{name}", [shelf.url(name)], None, tmp_path / "cache", tmp_path / "lock.json")
    assert json.loads((tmp_path / "lock.json").read_text()).keys() == {"x/a", "x/b"}


def test_a_file_in_the_cache_is_not_downloaded_again_but_checked_again(tmp_path, shelf):
    shelf.files["w.bin"] = b"good"
    ask = ([shelf.url("w.bin")], sha(b"good"), tmp_path / "cache", tmp_path / "lock.json")
    file, _ = fetch(NAME, *ask)
    fetch(NAME, *ask)
    assert len(shelf.ranges) == 1
    file.write_bytes(b"goof")
    with pytest.raises(UserError, match=rf"{file.name} .* has sha256 {sha(b'goof')}"):
        fetch(NAME, *ask)


def test_a_checksum_in_the_parameters_is_enforced_at_the_first_download(tmp_path, shelf):
    shelf.files["w.bin"] = b"evil"
    lock = tmp_path / "lock.json"
    with pytest.raises(UserError, match="damaged or another file"):
        fetch(NAME, [shelf.url("w.bin")], sha(b"good"), tmp_path / "cache", lock)
    assert not lock.exists()


def test_a_lock_and_parameters_that_disagree_are_refused_before_any_download(tmp_path, shelf):
    lock = tmp_path / "lock.json"
    lock.write_text(json.dumps({NAME: {"url": "u", "sha256": "0" * 64, "bytes": 1}}))
    with pytest.raises(UserError, match=r"lock\.json says sha256 000.*parameters say 111"):
        fetch(NAME, [shelf.url("w.bin")], "1" * 64, tmp_path / "cache", lock)
    assert shelf.ranges == []


def test_a_download_that_breaks_off_is_named_and_carried_on(tmp_path, shelf, monkeypatch):
    monkeypatch.setattr(downloads, "_PAUSES_S", (0, 0))
    content = bytes(range(256)) * 40
    shelf.files["w.bin"], shelf.break_off_after = content, 2000
    ask = (NAME, [shelf.url("w.bin")], None, tmp_path / "cache", tmp_path / "lock.json")
    with pytest.raises(UserError, match=rf"broke off after 6000 of {len(content)} bytes"):
        fetch(*ask)
    shelf.break_off_after = None
    file, _ = fetch(*ask)
    assert file.read_bytes() == content
    assert shelf.ranges == [None, "bytes=2000-", "bytes=4000-", "bytes=6000-"]


def test_a_redirect_is_followed_and_a_missing_location_is_passed_over(tmp_path, shelf):
    shelf.files["w.bin"] = b"here"
    urls = [shelf.url("moved/nothing.safetensors"), shelf.url("moved/w.bin")]
    file, source = fetch(NAME, urls, None, tmp_path / "cache", tmp_path / "lock.json")
    assert file.read_bytes() == b"here"
    assert source.url == urls[1]


def test_nothing_to_download_says_where_it_looked(tmp_path, shelf):
    urls = [shelf.url("a.bin"), "http://127.0.0.1:9/b.bin"]
    with pytest.raises(UserError, match=r"a\.bin: 404 .*b\.bin: .*refused.*by hand"):
        fetch(NAME, urls, None, tmp_path / "cache", tmp_path / "lock.json")


def test_a_file_larger_than_the_disk_is_refused_before_it_is_downloaded(tmp_path, shelf):
    shelf.files["w.bin"], shelf.announced = b"x", 1 << 60
    with pytest.raises(UserError, match=r"MB free, but w\.bin .* need 2199023255552 MB"):
        fetch(NAME, [shelf.url("w.bin")], None, tmp_path / "cache", tmp_path / "lock.json")
    assert not list((tmp_path / "cache").rglob("w.bin*"))


def test_the_papers_weights_are_looked_for_where_open_clip_says():
    entry = open_clip.get_pretrained_cfg("ViT-bigG-14", "laion2b_s39b_b160k")
    urls = list(locations(entry))
    folder = "/laion/CLIP-ViT-bigG-14-laion2B-39B-b160k/resolve/main/"
    assert [url.partition(folder)[2] for url in urls] == [
        "open_clip_model.safetensors",
        "open_clip_pytorch_model.bin",
    ]


def test_every_published_model_of_open_clip_has_a_location():
    for architecture, tag in open_clip.list_pretrained():
        entry = open_clip.get_pretrained_cfg(architecture, tag)
        assert all(url.startswith("http") for url in locations(entry)), (architecture, tag)
        assert list(locations(entry)), (architecture, tag)
