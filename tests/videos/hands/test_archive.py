"""The archive of videos: the files that a user downloads of Something-Something v2."""

import io
import json
import tarfile
import zipfile

import av
import pytest

from showtell.videos.hands import archive
from showtell.videos.hands.actions import ACTIONS

NAME = archive.NAME


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ssv2")
    assert list(archive.write(folder, folder / "videos", 10, 48, parts=2, root=0))[-1] == 10
    return folder


def test_parts_make_one_archive_of_videos(made):
    joined = b"".join(
        zipfile.ZipFile(made / f"{NAME}-{part:02d}.zip").read(f"{NAME}-{part:02d}")
        for part in (0, 1)
    )
    with tarfile.open(fileobj=io.BytesIO(joined), mode="r:gz") as tar:
        assert tar.getnames() == [f"{NAME}/{number}.webm" for number in range(1, 11)]
        content = tar.extractfile(f"{NAME}/1.webm").read()
    with av.open(io.BytesIO(content)) as video:
        stream = video.streams.video[0]
        assert (stream.codec_context.name, stream.height) == ("vp9", 48) or stream.height == 48
        assert 18 <= sum(1 for _ in video.decode(stream)) <= 70


def test_labels_have_the_shape_of_the_real_ones(made):
    files = zipfile.ZipFile(made / "labels.zip")
    read = {name: files.read(f"labels/{name}") for name in (
        "labels.json", "train.json", "validation.json", "test.json", "test-answers.csv"
    )}  # fmt: skip
    numbers = json.loads(read["labels.json"])
    assert len(numbers) == len(ACTIONS)
    assert sorted(numbers.values(), key=int) == [str(number) for number in range(len(ACTIONS))]
    train, validation = json.loads(read["train.json"]), json.loads(read["validation.json"])
    assert [len(train), len(validation)] == [9, 1]
    for entry in train + validation:
        assert entry.keys() == {"id", "label", "template", "placeholders"}
        assert archive.plain(entry["template"]) in numbers
        assert entry["template"].count("[") == len(entry["placeholders"])
    assert json.loads(read["test.json"]) == []


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(made, tmp_path):
    under_way = archive.write(tmp_path, tmp_path / "videos", 10, 48, parts=2, root=0)
    next(under_way)
    under_way.close()
    videos = {path: path.stat().st_mtime_ns for path in (tmp_path / "videos").glob("*.webm")}
    assert videos
    list(archive.write(tmp_path, tmp_path / "videos", 10, 48, parts=2, root=0))
    assert all(path.stat().st_mtime_ns == before for path, before in videos.items())
    for path in made.glob("*.zip"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
