"""Packed videos: whole shards or none, the same bytes each time, and any frame read alone."""

import multiprocessing
import tarfile

import numpy as np
import pytest
from filelock import FileLock

from showtell.media.frames import resize
from showtell.project.errors import UserError
from showtell.videos.reading.decode import frames
from showtell.videos.reading.index import build_index
from showtell.videos.reading.layout import detect, listing
from showtell.videos.reading.pack import Packed, Packing, pack, scaled
from showtell.videos.reading.shards import Videos
from showtell.videos.reading.workers import Done
from tests.videos.reading.making import FOLDER, killed, labels, printed, tree, video, videos

SMALL = Packing(short_side=24, videos_per_shard=2)
KILLED = """
import os, signal, sys
from pathlib import Path
from showtell.videos.reading import pack
jpeg, written = pack._jpeg, []
def some(*arguments):
    written.append(1)
    if len(written) == 20:
        os.kill(os.getpid(), signal.SIGKILL)
    return jpeg(*arguments)
pack._jpeg = some
root, index, out = map(Path, sys.argv[1:])
pack.pack(root, index, out, pack.Packing(short_side=24, videos_per_shard=2))
"""
MEMORY = """
import sys
from pathlib import Path
import numpy as np
from showtell.videos.reading.shards import Videos
from tests.videos.reading.memory import peak_bytes
videos = Videos(Path(sys.argv[1]))
assert len(videos) == 220_000
draws = np.random.default_rng(0)
for video in draws.integers(len(videos), size=500):
    assert videos.position(videos.id(video)) == video
    assert videos.split(video) in ("train", "validation")
    shown = videos.read(video, draws.integers(videos.lengths[video], size=2))
    assert shown.shape == (2, 32, 57, 3)
assert len(videos.of_split("train")) == 198_000
print(peak_bytes())
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """(root, index) of five videos, one of them of the test split."""
    root, out = tmp_path_factory.mktemp("ssv2"), tmp_path_factory.mktemp("out")
    labels(root)
    videos(root)
    names = [out / name for name in ("index.parquet", "quarantine.csv", "journal.jsonl")]
    build_index(listing(detect(root)), *names)
    return root, names[0]


@pytest.fixture(scope="module")
def packed(dataset, tmp_path_factory):
    out = tmp_path_factory.mktemp("packed")
    assert pack(*dataset, out, SMALL) == Packed(written=2, kept=0, videos=4, refused=0)
    return out


def test_videos_keep_what_the_index_says(packed):
    read = Videos(packed)
    assert len(read) == 4
    assert [read.id(number) for number in range(4)] == ["1", "2", "4", "3"]
    assert read.lengths.tolist() == [6, 7, 9, 8]
    assert read.fps.tolist() == [12] * 4
    assert [read.split(number) for number in range(4)] == ["train"] * 3 + ["validation"]
    assert read.caption(2) == "Putting a cup onto a table"
    assert read.of_split("train").tolist() == [0, 1, 2]
    assert read.position("4") == 2
    assert (read.widths[0], read.heights[0]) == (43, 24)  # 57 x 32; an odd width stays odd


def test_every_frame_is_the_videos_own(packed, dataset):
    read = Videos(packed)
    for number in range(4):
        path = dataset[0] / FOLDER / f"{read.id(number)}.webm"
        expected = resize(np.stack(list(frames(path, "av"))), 43, 24).astype(int)
        shown = read.read(number, range(read.lengths[number])).astype(int)
        errors = np.abs(shown[:, None] - expected).mean((2, 3, 4))
        assert errors.argmin(1).tolist() == list(range(len(shown)))
        assert np.diag(errors).max() < 12


def test_frames_come_in_the_order_that_is_asked_for(packed):
    read = Videos(packed)
    every = read.read(2, range(9))
    assert every.dtype == np.uint8
    assert np.array_equal(read.read(2, [8, 0, 3, 3]), every[[8, 0, 3, 3]])
    assert read.read(2, []).shape == (0, 24, 43, 3)


def test_shards_are_tar_files_that_others_can_read(packed):
    with tarfile.open(packed / "shard-00000.tar") as tar:
        names = tar.getnames()
        first = tar.extractfile(names[0]).read()
    assert len(names) == 6 + 7
    assert names[0] == "00000-000000.jpg"
    assert first.startswith(b"\xff\xd8")


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_do_not_change_the_bytes(packed, dataset, tmp_path, workers):
    pack(*dataset, tmp_path, SMALL, workers=workers)
    assert tree(tmp_path) == tree(packed)


def test_killed_packing_goes_on_with_the_next_shard(packed, dataset, tmp_path):
    killed(KILLED, *dataset, tmp_path)
    assert set(tree(tmp_path)) == {"shard-00000.tar", "shard-00000.parquet"}
    with pytest.raises(UserError, match="not a folder of packed videos"):
        Videos(tmp_path)
    assert pack(*dataset, tmp_path, SMALL) == Packed(written=1, kept=1, videos=4, refused=0)
    assert tree(tmp_path) == tree(packed)
    assert pack(*dataset, tmp_path, SMALL).written == 0
    assert tree(tmp_path) == tree(packed)
    assert not list(tmp_path.glob(".*.part*"))


def test_a_shard_that_lost_its_end_is_written_again(packed, dataset, tmp_path):
    pack(*dataset, tmp_path, SMALL)
    path = tmp_path / "shard-00001.tar"
    path.write_bytes(path.read_bytes()[:-1])
    assert pack(*dataset, tmp_path, SMALL).written == 1
    assert tree(tmp_path) == tree(packed)


def test_a_shard_that_ends_its_process_is_said(dataset, tmp_path, monkeypatch):
    def run(function, tasks, workers):
        return (Done(task, None) for task in tasks)

    monkeypatch.setattr("showtell.videos.reading.pack.run", run)
    with pytest.raises(UserError, match=r"shard-00000.tar was killed twice"):
        pack(*dataset, tmp_path, SMALL)


def test_a_folder_is_packed_once_at_a_time(dataset, tmp_path):
    with (
        FileLock(tmp_path / ".lock"),
        pytest.raises(UserError, match="is being packed by another process"),
    ):
        pack(*dataset, tmp_path, SMALL)


def test_other_settings_make_other_shards(dataset, tmp_path):
    pack(*dataset, tmp_path, SMALL._replace(videos_per_shard=1))
    assert len(list(tmp_path.glob("*.tar"))) == 4
    again = pack(*dataset, tmp_path, SMALL._replace(quality=50))
    assert again == Packed(written=2, kept=0, videos=4, refused=0)
    assert len(list(tmp_path.glob("*.tar"))) == 2


def test_a_video_that_changed_since_it_was_indexed_is_refused(tmp_path):
    root, out = tmp_path / "videos", tmp_path / "out"
    for number in range(3):
        video(root / f"{number}.gif", 4 + number, seed=number)
    names = [tmp_path / name for name in ("index.parquet", "quarantine.csv", "journal.jsonl")]
    build_index(listing(detect(root)), *names)
    video(root / "1.gif", 9)
    assert pack(root, names[0], out, SMALL) == Packed(written=2, kept=0, videos=2, refused=1)
    assert "1.gif,1.gif,the video has changed" in (out / "quarantine.csv").read_text()
    read = Videos(out)
    assert read.lengths.tolist() == [4, 6]
    assert read.read(1, [5]).shape == (1, 24, 43, 3)
    video(root / "1.gif", 5, seed=1)
    assert pack(root, names[0], out, SMALL) == Packed(written=1, kept=1, videos=3, refused=0)


def test_a_video_that_jpeg_cannot_hold_is_refused(tmp_path):
    root, out = tmp_path / "videos", tmp_path / "out"
    video(root / "long.gif", 2, width=2000, height=2)
    video(root / "other.gif", 2)
    names = [tmp_path / name for name in ("index.parquet", "quarantine.csv", "journal.jsonl")]
    build_index(listing(detect(root)), *names)
    packed = pack(root, names[0], out, Packing(short_side=66), splits=["train"])
    assert packed == Packed(written=1, kept=0, videos=1, refused=1)
    assert "long.gif,long.gif,a frame cannot be stored" in (out / "quarantine.csv").read_text()


def test_an_index_without_videos_of_these_splits(dataset, tmp_path):
    assert pack(*dataset, tmp_path, SMALL, splits=()) == Packed(0, 0, 0, 0)
    assert len(Videos(tmp_path)) == 0


@pytest.mark.parametrize(
    ("size", "expected"),
    [((427, 240), (455, 256)), ((240, 427), (256, 455)), ((256, 256), (256, 256))],
)
def test_the_shorter_side_is_scaled(size, expected):
    assert scaled(*size, 256) == expected


def test_frames_that_do_not_exist(packed):
    read = Videos(packed)
    for frame in (-1, 6):
        with pytest.raises(IndexError, match="video 1 has 6 frames"):
            read.read(0, [frame])
    with pytest.raises(UserError, match="has no video '9'"):
        read.position("9")
    with pytest.raises(UserError, match="did you mean 'train'"):
        read.of_split("trains")


def test_damaged_shards_are_named(dataset, tmp_path):
    pack(*dataset, tmp_path, SMALL)
    path = tmp_path / "shard-00000.tar"
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(UserError, match=r"shard-00000.tar is damaged"):
        Videos(tmp_path).read(0, [0])
    path.unlink()
    with pytest.raises(UserError, match=r"shard-00000.tar cannot be opened"):
        Videos(tmp_path).read(0, [0])


def first_frames(read):
    return [read.read(number, [0]).tobytes() for number in range(len(read))]


def hold(read):
    """In a worker: videos that a fork inherited, or that were sent."""
    global held
    held = read


def held_frames(_):
    return first_frames(held)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_read_side_by_side(packed, start):
    read = Videos(packed)
    expected = first_frames(read)  # opens shards that a fork inherits
    with multiprocessing.get_context(start).Pool(2, hold, (read,)) as pool:
        assert pool.map(held_frames, range(8), chunksize=1) == [expected] * 8
    assert first_frames(read) == expected


def test_few_shards_are_open_at_a_time(packed, monkeypatch):
    monkeypatch.setattr("showtell.videos.reading.shards._OPEN", 1)
    read = Videos(packed)
    seen = first_frames(read)
    assert first_frames(read) == seen
    assert len(read._files) == 1


def test_220_000_videos_are_read_within_a_gigabyte(tmp_path):
    """One shard of one video stands for all of them; its frames' places are those of each."""
    import pyarrow as pa

    from showtell.videos.reading.index import SCHEMA, write_table

    count, length = 220_000, 45
    (tmp_path / "videos").mkdir()
    video(tmp_path / "videos" / "a.gif", 2)
    names = [tmp_path / name for name in ("index.parquet", "quarantine.csv", "journal.jsonl")]
    build_index(listing(detect(tmp_path / "videos")), *names)
    out = tmp_path / "out"
    pack(tmp_path / "videos", names[0], out, Packing(short_side=32))
    offset, size = (int(np.load(out / f"{name}.npy")[0]) for name in ("offsets", "sizes"))
    np.save(out / "offsets.npy", np.full(count * length, offset, np.int64))
    np.save(out / "sizes.npy", np.full(count * length, size, np.int32))
    columns = {
        "id": [str(number) for number in range(count)],
        "split": ["validation" if number % 10 == 0 else "train" for number in range(count)],
        "frames": np.full(count, length, np.int32),
        "fps": np.full(count, 12.0),
        "width": np.full(count, 57, np.int32),
        "height": np.full(count, 32, np.int32),
        "shard": np.zeros(count, np.int32),
        "first": length * np.arange(count),
    }
    for name in set(SCHEMA.names) - set(columns):
        columns[name] = pa.nulls(count, SCHEMA.field(name).type)
    write_table(out / "videos.parquet", pa.table(columns))
    assert int(printed(MEMORY, out)) < 1 << 30
