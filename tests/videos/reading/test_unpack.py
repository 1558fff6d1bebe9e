"""Unpacking: a stream through all parts, resumable, and nothing outside of its folder."""

import errno
import tarfile
from collections import namedtuple

import pytest

from showtell.project.errors import UserError
from showtell.videos.reading import unpack as unpacking
from showtell.videos.reading.layout import State, detect
from showtell.videos.reading.unpack import Need, Unpacked, check_space, need, unpack
from tests.videos.reading.making import (
    FOLDER,
    archive,
    killed,
    labels,
    labels_zip,
    parts,
    printed,
    tree,
)

CONTENT = {f"{number}.webm": bytes([number]) * 900 + bytes(range(256)) for number in range(1, 6)}
KILLED = """
import os, signal, sys
from pathlib import Path
from showtell.videos.reading import unpack
from showtell.videos.reading.layout import detect
copy = unpack.shutil.copyfileobj
def half(source, target, length):
    there = list(Path(target.name).parent.iterdir())
    if Path(target.name).name == ".video.part" and len(there) > 3:
        target.write(source.read(100)); target.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    copy(source, target, length)
unpack.shutil.copyfileobj = half
unpack.unpack(detect(Path(sys.argv[1])))
"""
MEMORY = """
import sys
from pathlib import Path
from showtell.videos.reading.layout import detect
from showtell.videos.reading.unpack import unpack
from tests.videos.reading.memory import peak_bytes
layout, before = detect(Path(sys.argv[1])), peak_bytes()
unpack(layout)
print(peak_bytes() - before)
"""


def videos(root):
    return {path.name: path.read_bytes() for path in (root / FOLDER).iterdir()}


@pytest.mark.parametrize("zipped", [True, False])
def test_all_parts_are_one_archive(tmp_path, zipped):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT), zipped=zipped)
    seen = []
    assert unpack(detect(tmp_path), seen.append) == Unpacked(written=5, kept=0)
    assert videos(tmp_path) == CONTENT
    assert seen == sorted(seen)
    assert detect(tmp_path).state is State.READY


def test_labels_are_unpacked_too(tmp_path):
    labels_zip(tmp_path)
    parts(tmp_path, archive(CONTENT))
    unpack(detect(tmp_path))
    assert tree(tmp_path / "labels") == tree(labels(tmp_path / "other"))


def test_labels_alone(tmp_path):
    labels_zip(tmp_path)
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "1.webm").write_bytes(b"video")
    assert unpack(detect(tmp_path)) == Unpacked(0, 0)
    assert detect(tmp_path).state is State.READY


def test_killed_unpacking_writes_only_what_is_not_whole(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT))
    killed(KILLED, tmp_path)
    assert 0 < len(videos(tmp_path)) < 5
    layout = detect(tmp_path)
    assert "3 of 5 labelled videos unpacked" in layout.sentence
    (tmp_path / FOLDER / "1.webm").write_bytes(b"half of a video, by tar")
    assert unpack(layout) == Unpacked(written=3, kept=2)
    assert videos(tmp_path) == CONTENT


def test_what_the_archive_lacks_does_not_unpack_it_for_ever(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive({"1.webm": b"video"}))
    unpack(detect(tmp_path))
    layout = detect(tmp_path)
    assert layout.state is State.READY
    assert "1 of 5 labelled videos; its parts, which were unpacked to the end" in layout.sentence


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../outside.webm", tarfile.REGTYPE),
        (f"{FOLDER}/../../outside.webm", tarfile.REGTYPE),
        ("/tmp/outside.webm", tarfile.REGTYPE),
        ("/outside.webm", tarfile.REGTYPE),
        ("labels/train.json", tarfile.REGTYPE),
        (f"{FOLDER}/.hidden", tarfile.REGTYPE),
        (f"{FOLDER}/..", tarfile.REGTYPE),
        (f"{FOLDER}/a\\b.webm", tarfile.REGTYPE),
        ("other", tarfile.DIRTYPE),
        (f"{FOLDER}/link.webm", tarfile.SYMTYPE),
        (f"{FOLDER}/link.webm", tarfile.LNKTYPE),
        (f"{FOLDER}/pipe.webm", tarfile.FIFOTYPE),
    ],
)
def test_an_archive_writes_videos_and_nothing_else(tmp_path, name, kind):
    root = tmp_path / "data" / "ssv2"
    bad = tarfile.TarInfo(name)
    bad.type, bad.linkname = kind, "../labels/labels.json"
    bad.size = 4 if kind == tarfile.REGTYPE else 0
    labels(root)
    parts(root, archive({"1.webm": b"video"}, (bad,)))
    before = set(tree(tmp_path))
    with pytest.raises(UserError, match="only videos in"):
        unpack(detect(root))
    assert set(tree(tmp_path)) - before <= {f"data/ssv2/{FOLDER}/1.webm"}


def test_a_video_never_follows_a_link(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT))
    (tmp_path / "precious").write_bytes(b"kept")
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "1.webm").symlink_to(tmp_path / "precious")
    unpack(detect(tmp_path))
    assert (tmp_path / "precious").read_bytes() == b"kept"
    assert videos(tmp_path) == CONTENT


def test_a_last_part_that_is_not_there(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT))[-1].unlink()
    with pytest.raises(UserError, match=r"within part 01 .* the parts that follow it"):
        unpack(detect(tmp_path))
    assert detect(tmp_path).state is State.PACKED


def test_a_damaged_part_is_named(tmp_path):
    labels(tmp_path)
    path = parts(tmp_path, archive(CONTENT))[1]
    content = bytearray(path.read_bytes())
    content[80] ^= 255
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"-01.zip is damaged|damaged within part 01"):
        unpack(detect(tmp_path))


def test_a_damaged_unzipped_part(tmp_path):
    labels(tmp_path)
    path = parts(tmp_path, archive(CONTENT), zipped=False)[1]
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(UserError, match="breaks off or is damaged within part"):
        unpack(detect(tmp_path))


def test_the_space_is_known_before(tmp_path):
    packed = archive(CONTENT)
    labels(tmp_path)
    parts(tmp_path, packed)
    assert need(detect(tmp_path)).needed == len(packed) + len(packed) // 20
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "1.webm").write_bytes(bytes(100))
    space = need(detect(tmp_path))
    assert space.needed == len(packed) + len(packed) // 20 - 100
    assert space.free > 0


def test_a_full_disk_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda path: usage(9, 9, 0))
    with pytest.raises(UserError, match="has 0 MB free, but unpacking"):
        unpack(detect(tmp_path))
    assert not (tmp_path / FOLDER).exists()
    with pytest.raises(UserError, match="needs 20480 MB"):
        check_space(detect(tmp_path), Need(20 << 30, 1 << 30))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_is_full_before_the_end(tmp_path, monkeypatch, number):
    def full(*_):
        raise OSError(number, "no more")

    labels(tmp_path)
    parts(tmp_path, archive(CONTENT))
    monkeypatch.setattr(unpacking.shutil, "copyfileobj", full)
    expected = UserError if number == errno.ENOSPC else OSError
    with pytest.raises(expected, match=r"is full; free some space|no more"):
        unpack(detect(tmp_path))


def test_a_folder_that_is_not_packed_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no videos"):
        unpack(detect(tmp_path))


def test_another_process_is_waited_for_by_the_user(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive(CONTENT))
    layout = detect(tmp_path)
    with (
        unpacking.FileLock(tmp_path / ".lock"),
        pytest.raises(UserError, match="is being unpacked by another process"),
    ):
        unpack(layout)


def test_memory_does_not_grow_with_the_archive(tmp_path):
    labels(tmp_path)
    parts(tmp_path, archive({f"{number}.webm": bytes(1 << 20) for number in range(1, 121)}))
    assert int(printed(MEMORY, tmp_path)) < 40 << 20  # of 120 MB
