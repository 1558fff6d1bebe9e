"""Videos through the jobs of the workflow: drawn or a user's own, indexed, packed, listed."""

import csv
import json
import shutil
import zipfile

import pytest

from showtell.jobs import read_videos
from showtell.project.errors import UserError
from showtell.videos.hands import archive
from showtell.videos.reading.counts import SPLITS
from showtell.videos.reading.shards import Videos
from tests.videos.jobs import JOB, KEPT, READ, draw, outputs, read
from tests.videos.reading.making import video

OWN = {"kind": "own_folder", "validation_share": 0.4, **KEPT}


@pytest.fixture(scope="module", autouse=True)
def _untracked():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "off")
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    read(folder, draw(folder))
    return folder


def test_a_run_that_ends_while_it_tidies_up_leaves_the_next_one_nothing_half(
    made, tmp_path, monkeypatch
):
    files, remove = draw(tmp_path), shutil.rmtree

    def killed(path, **how):
        remove(path, **how)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(read_videos.shutil, "rmtree", killed)  # after the videos, before the labels
        read(tmp_path, files)
    read(tmp_path, files)
    for name in READ.values():
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes(), name


def test_a_drawn_archive_is_read_as_the_real_one(made):
    videos = Videos(made)
    assert len(videos) == 20  # each in a split that is packed
    assert [len(videos.of_split(split)) for split in ("train", "validation")] == [18, 2]
    assert set(videos.heights.tolist()) == {40}
    listed = json.loads((made / "shards.json").read_text())
    assert (listed["videos"], listed["refused"]) == (20, {})
    assert listed["frames"] == videos.lengths.sum()
    assert sorted(listed["shards"]) == sorted(path.name for path in made.glob("shard-*.tar"))
    assert "drawn by code" in listed["note"]
    assert sorted(path.name for path in (made / "archive").iterdir() if path.suffix != ".zip") == [
        ".lock"
    ]  # unpacked files are not kept twice


def test_table_v_is_counted_from_the_label_files(made):
    rows = list(csv.DictReader((made / "counts.csv").open()))
    assert len(rows) == 5
    assert all(0 <= int(row["both"]) <= int(row["action"]) for row in rows)
    drawers = {int(row["object_named"]) for row in rows if row["object"] == "drawer"}
    assert drawers == {named(made, "a drawer")} != {0}


def named(made, placeholder):
    """Videos of training and validation whose labels name a thing."""
    with zipfile.ZipFile(made / "archive/labels.zip") as archive:
        files = [json.loads(archive.read(f"labels/{split}.json")) for split in SPLITS]
    return sum(placeholder in entry["placeholders"] for entries in files for entry in entries)


def test_reading_again_writes_the_same_bytes(made, tmp_path):
    shutil.copytree(made / "archive", tmp_path / "archive")
    again = read(tmp_path, sorted((tmp_path / "archive").glob("*.zip")))
    for path in again.values():
        assert path.read_bytes() == (made / path.name).read_bytes(), path.name


def test_a_drawing_that_was_killed_goes_on_and_takes_nothing_of_another_one(made, tmp_path):
    class Killed(BaseException):
        pass

    def dying(*given):
        for count in archive_write(*given):
            yield count
            raise Killed

    archive_write = archive.write
    stale = tmp_path / ".resume/drawn/1.webm"  # of other settings
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"another video")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "write", dying)
        with pytest.raises(Killed):
            draw(tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / ".resume").rglob("*.webm")}
    assert kept
    with pytest.MonkeyPatch.context() as patch:
        unchanged, pack = [], archive._pack

        def packing(*given):
            unchanged.append(times(kept))
            pack(*given)

        patch.setattr(archive, "_pack", packing)
        drawn = draw(tmp_path)
    assert unchanged == [kept]
    for path in drawn:
        assert path.read_bytes() == (made / "archive" / path.name).read_bytes(), path.name


def times(files):
    return {path: path.stat().st_mtime_ns for path in files}


def test_a_users_own_folder_goes_the_same_way_and_bad_videos_are_listed(tmp_path):
    own = tmp_path / "mine"
    named = zip("abcde", ["mp4", "webm", "gif", "mp4", "webm"], strict=True)
    good = [video(own / f"{name}.{kind}", 8, width=58) for name, kind in named]
    (own / "broken.mp4").write_bytes(good[0].read_bytes()[:300])
    files = sorted(own.iterdir())
    folder = tmp_path / "read"
    read_settings = OWN | {"folder": str(own)}
    folder.mkdir()
    found = read_videos.run(
        JOB | {"videos": read_settings}, {"files": files}, outputs(folder, READ)
    )
    assert (found["videos"], sum(found["refused"].values())) == (5, 1)
    rows = list(csv.DictReader((folder / "quarantine.csv").open()))
    assert [row["id"] for row in rows] == ["broken.mp4"]
    assert json.loads((folder / "shards.json").read_text())["refused"] == found["refused"]
    assert len(Videos(folder)) == 5
    assert all(path.exists() for path in files)  # a user's own files stay


def test_a_folder_without_a_video_is_refused_with_its_name(tmp_path):
    own = tmp_path / "mine"
    own.mkdir()
    (own / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "read").mkdir()
    with pytest.raises(UserError, match="mine has no video that can be used"):
        read_videos.run(
            JOB | {"videos": OWN | {"folder": str(own)}},
            {"files": [own / "broken.mp4"]},
            outputs(tmp_path / "read", READ),
        )


def test_shards_that_were_lost_are_named_with_their_cure(made, tmp_path):
    shutil.copytree(made, tmp_path / "people")
    videos = Videos(tmp_path / "people")
    (tmp_path / "people/shard-00000.tar").unlink()
    with pytest.raises(UserError, match=r"rm .*shards\.json"):
        videos.read(0, [0])
