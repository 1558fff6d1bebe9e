"""Archives that claim to be what no archive of videos is: refused by name, nothing written."""

import tarfile
import zipfile

import pytest

from showtell.project.errors import UserError
from showtell.videos.reading.layout import State, detect
from showtell.videos.reading.unpack import unpack
from tests.faults.hostile import PART, _entry, _tar
from tests.project.test_bounds import encrypted
from tests.videos.reading.making import FOLDER, labels


@pytest.mark.parametrize(
    ("member", "content", "said"),
    [
        (_entry("1.webm", 8 << 40), b"", "has 8,796,093,022,208 bytes; at most"),
        (_entry("1.webm", 0, tarfile.GNUTYPE_SPARSE), b"", "sparse|damaged"),
        (_entry("1", 9 << 20, tarfile.GNUTYPE_LONGNAME), bytes(9 << 20), "bytes; at most"),
    ],
)
def test_a_video_or_a_name_of_an_absurd_size_is_refused(
    tmp_path, monkeypatch, member, content, said
):
    monkeypatch.setattr("showtell.videos.reading.unpack._SMALL", 1 << 20)
    _tar(member, content=content)(tmp_path / PART)
    with pytest.raises(UserError, match=said):
        unpack(detect(tmp_path))
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_part_or_labels_that_ask_for_a_password_are_named(tmp_path):
    labels(tmp_path)
    part = tmp_path / f"{PART}.zip"
    with zipfile.ZipFile(part, "w") as archive:
        archive.writestr(PART, b"\x1f\x8b\x08" + bytes(20))
    encrypted(part)
    layout = detect(tmp_path)
    assert layout.state is State.WRONG
    assert f"{PART} in {part} is encrypted" in layout.sentence


def test_a_gzip_whose_blocks_are_wrong_is_named_by_its_part(tmp_path):
    labels(tmp_path)
    (tmp_path / PART).write_bytes(b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 2000)
    with pytest.raises(UserError, match="part 00"):
        unpack(detect(tmp_path))
