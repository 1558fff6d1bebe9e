"""Archives, arrays, tensors and JSON that claim what they are not: refused by name, at once."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest

from showtell.demos.demo import Demo
from showtell.goals.goal import Target
from showtell.learners import policies
from showtell.project import bounds
from showtell.project.archives import check_arrays
from showtell.project.errors import UserError
from showtell.project.files import read_json
from showtell.study.yaml_files import read_yaml


def header(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


def npz(path, **members: bytes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def encrypted(path):
    """The flag that says so, in the member's own header and in the list at the end."""
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    path.write_bytes(content)
    return path


def method(path, number: int):
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(mark) + place] = number
    path.write_bytes(content)
    return path


def test_an_array_that_claims_more_than_follows_is_refused(tmp_path):
    path = npz(tmp_path / "demo.npz", frames=header((10**6,)) + bytes(4))
    with pytest.raises(UserError, match=r"frames\.npy in .*says 4,000,000 bytes, and 4 follow"):
        Demo.load(path)
    path = npz(tmp_path / "demo.npz", frames=header((10**9, 10**9)))
    with pytest.raises(UserError, match=rf"has 4,0.* bytes; at most {bounds.ARRAY_BYTES:,}"):
        Demo.load(path)


def test_an_npy_file_is_asked_too(tmp_path):
    np.save(tmp_path / "words.npy", np.arange(5))
    check_arrays(tmp_path / "words.npy", "words", "")
    (tmp_path / "words.npy").write_bytes(header((7,)))
    with pytest.raises(UserError, match="28 bytes, and 0 follow"):
        check_arrays(tmp_path / "words.npy", "words", "")


@pytest.mark.parametrize("break_it", [encrypted, lambda path: method(path, 99)])
def test_members_that_need_a_password_or_another_method_are_named(tmp_path, break_it):
    path = break_it(npz(tmp_path / "demo.npz", frames=header((1,)) + bytes(4)))
    with pytest.raises(
        UserError, match=r"frames\.npy in .*demo\.npz (is encrypted|cannot be read)"
    ):
        Demo.load(path)


def test_a_zip_bomb_is_refused_before_it_is_unfolded(tmp_path, monkeypatch):
    monkeypatch.setattr("showtell.project.archives.ARRAY_BYTES", 1 << 20)
    path = npz(tmp_path / "demo.npz", frames=header((1 << 22,)) + bytes(1 << 24))
    assert path.stat().st_size < 1 << 17
    with pytest.raises(UserError, match="16,777,344 bytes unfolded; at most 1,048,576"):
        Demo.load(path)


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("showtell.project.archives.ZIP_MEMBERS", 2)
    path = npz(tmp_path / "demo.npz", a=b"", b=b"", c=b"")
    with pytest.raises(UserError, match="has 3 members; at most 2"):
        Demo.load(path)


@pytest.mark.parametrize("read", [Target.load, policies.load_weights])
def test_a_header_of_a_million_tensors_is_refused_at_once(tmp_path, read):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", 80_000_000) + b"{")
    with pytest.raises(UserError, match=r"weights\.safetensors has 80,000,000 bytes; at most"):
        read(path)


def test_json_without_an_end_is_a_value_error_as_other_wrong_json_is(tmp_path, monkeypatch):
    path = tmp_path / "deep.json"
    path.write_text("[" * 200_000)
    with pytest.raises(ValueError, match="no end"):
        read_json(path)
    monkeypatch.setattr("showtell.project.files.JSON_BYTES", 10)
    path.write_text(json.dumps(["a" * 20]))
    with pytest.raises(ValueError, match=r"deep\.json has 24 bytes; at most 10"):
        read_json(path)


def test_merges_of_merges_in_yaml_are_refused(tmp_path):
    lines = ["a0: &a0 {k: 1}"]
    for n in range(1, 10):
        lines.append(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}")
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    with pytest.raises(UserError, match=r"bomb\.yaml.*merged keys"):
        read_yaml(tmp_path / "bomb.yaml")
