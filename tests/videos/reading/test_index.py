"""The index: one row a video, quarantine for the rest, the same bytes however it is made."""

import csv
from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.videos.reading.index import Indexed, build_index, read_index
from showtell.videos.reading.journal import Journal
from showtell.videos.reading.layout import detect, listing
from showtell.videos.reading.records import Reason
from showtell.videos.reading.workers import Done
from tests.videos.reading.making import FOLDER, killed, labels, still, tree, video, videos

KILLED = """
import os, signal, sys
from pathlib import Path
from showtell.videos.reading.journal import Journal
from showtell.videos.reading.index import build_index
from showtell.videos.reading.layout import detect, listing
append = Journal._append
def half(self, line):
    if len(self.rows) == 3:
        self._stream.write(line.encode()[:-9]); self._stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, line)
Journal._append = half
out = Path(sys.argv[2])
build_index(
    listing(detect(Path(sys.argv[1]))),
    out / "index.parquet", out / "quarantine.csv", out / "journal.jsonl",
)
"""


def build(root, out, workers=0):
    return build_index(
        listing(detect(root)),
        out / "index.parquet",
        out / "quarantine.csv",
        out / "journal.jsonl",
        workers=workers,
    )


def tables(out):
    return {name: data for name, data in tree(out).items() if not name.startswith("journal")}


def quarantine(out):
    with (out / "quarantine.csv").open(newline="") as stream:
        return {row["id"]: (row["path"], row["reason"]) for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """A dataset in which every second video has something wrong with it."""
    root = tmp_path_factory.mktemp("ssv2")
    opened = "Opening [something]"
    train = [(str(number), opened, ["drawer"]) for number in (1, 2, 3, 4, 6, 7, 8, 10, 11)]
    labels(root, [*train, ("12", "Nothing at all", [])], [("10", opened, [])], ["5"])
    videos(root)
    folder = root / FOLDER
    (folder / "4.webm").write_bytes((folder / "4.webm").read_bytes()[:-250])  # breaks off
    video(folder / "6.webm", 1)  # one frame
    (folder / "7.webm").write_bytes(b"no video")
    video(folder / "9.webm", 2)  # without a label
    video(folder / "10.webm", 2)  # in two splits
    (folder / "11.webm").mkdir()
    return root  # 8 has no file, 12 no template


@pytest.fixture(scope="module")
def built(bad, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    assert build(bad, out) == Indexed(usable=4, refused=8)
    return out


def test_a_row_says_what_is_known_of_a_video(built):
    rows = read_index(built / "index.parquet").to_pylist()
    assert [row["id"] for row in rows] == ["1", "2", "3", "5"]
    assert rows[0] == {
        "id": "1", "split": "train", "label": "Opening drawer", "template": "Opening [something]",
        "class_id": 0, "placeholders": ["drawer"], "frames": 6, "fps": 12.0, "width": 57,
        "height": 32, "path": f"{FOLDER}/1.webm",
    }  # fmt: skip
    assert rows[3]["split"] == "test"


def test_every_bad_video_is_in_quarantine_with_its_reason(built):
    found = quarantine(built)
    assert found["4"][1] in {Reason.TRUNCATED.value, Reason.BROKEN.value}
    assert {number: reason for number, (_, reason) in found.items() if number != "4"} == {
        "6": Reason.SHORT.value,
        "7": Reason.UNREADABLE.value,
        "8": Reason.MISSING.value,
        "9": Reason.UNLABELLED.value,
        "10": Reason.DUPLICATE.value,
        "11": Reason.UNREADABLE.value,
        "12": Reason.TEMPLATE.value,
    }
    assert found["8"][0] == f"{FOLDER}/8.webm"


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_do_not_change_the_tables(bad, built, tmp_path, workers):
    build(bad, tmp_path, workers)
    assert tables(tmp_path) == tables(built)


def test_a_killed_run_goes_on_and_ends_alike(bad, built, tmp_path, monkeypatch):
    killed(KILLED, bad, tmp_path)
    assert not tables(tmp_path)
    half = (tmp_path / "journal.jsonl").read_bytes()
    assert not half.endswith(b"\n")
    decoded = count_decoded(monkeypatch)
    build(bad, tmp_path)
    assert tables(tmp_path) == tables(built)
    assert len(decoded) == 8 - 2  # two rows were whole
    decoded.clear()
    build(bad, tmp_path)
    assert decoded == []


def test_a_video_that_was_replaced_is_decoded_again(tmp_path, monkeypatch):
    root, out = tmp_path / "videos", tmp_path / "out"
    video(root / "a.mp4", 4, width=56)
    video(root / "b.mp4", 1, width=56)
    assert build(root, out) == Indexed(1, 1)
    video(root / "b.mp4", 5, width=56)
    decoded = count_decoded(monkeypatch)
    assert build(root, out) == Indexed(2, 0)
    assert [Path(path).name for path in decoded] == ["b.mp4"]


def test_a_folder_of_ones_own(tmp_path):
    root, out = tmp_path / "videos", tmp_path / "out"
    video(root / "a.mp4", 4, 25, width=56)
    video(root / "hands" / "b.gif", 3, 10)
    still(root / "hands" / "c.gif")
    assert build(root, out) == Indexed(2, 1)
    rows = read_index(out / "index.parquet").to_pylist()
    assert [(row["id"], row["frames"], row["fps"]) for row in rows] == [
        ("a.mp4", 4, 25),
        ("hands/b.gif", 3, 10),
    ]
    assert quarantine(out) == {"hands/c.gif": ("hands/c.gif", Reason.SHORT.value)}


def test_nothing_usable_is_an_empty_table(tmp_path):
    root, out = tmp_path / "videos", tmp_path / "out"
    root.mkdir()
    (root / "a.mp4").touch()
    assert build(root, out) == Indexed(0, 1)
    assert len(read_index(out / "index.parquet")) == 0


def test_a_library_that_fails_in_its_own_way_stops_no_run(tmp_path, monkeypatch):
    def fail(path, decoder):
        raise ZeroDivisionError("at\nhome")

    monkeypatch.setattr("showtell.videos.reading.index.examine", fail)
    video(tmp_path / "videos" / "a.gif", 2)
    assert build(tmp_path / "videos", tmp_path / "out") == Indexed(0, 1)
    assert "ZeroDivisionError: at home" in (tmp_path / "out" / "quarantine.csv").read_text()


def test_a_video_that_ends_its_decoder_is_in_quarantine(tmp_path, monkeypatch):
    def run(function, tasks, workers):
        return (Done(task, None) for task in tasks)

    monkeypatch.setattr("showtell.videos.reading.index.run", run)
    video(tmp_path / "videos" / "a.gif", 2)
    assert build(tmp_path / "videos", tmp_path / "out") == Indexed(0, 1)
    assert quarantine(tmp_path / "out")["a.gif"][1] == Reason.CRASHED.value


def test_a_journal_of_other_rules_is_not_used(tmp_path):
    with Journal(tmp_path / "j", {"rules": 1}) as journal:
        journal.add("a", {"frames": 1})
    with Journal(tmp_path / "j", {"rules": 1}) as journal:
        assert journal.rows == {"a": {"frames": 1}}
    with Journal(tmp_path / "j", {"rules": 2}) as journal:
        assert journal.rows == {}


def test_damaged_lines_of_a_journal_are_left_out(tmp_path):
    with Journal(tmp_path / "j", {}) as journal:
        for key in "abc":
            journal.add(key, {"frames": 1})
    content = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    (tmp_path / "j").write_bytes(content[0] + content[1] + b"\0\0\xff\n[1]\n" + content[3][:-4])
    with Journal(tmp_path / "j", {}) as journal:
        assert set(journal.rows) == {"a"}
        journal.add("d", {})
    with Journal(tmp_path / "j", {}) as journal:
        assert set(journal.rows) == {"a", "d"}


def test_a_journal_has_one_owner(tmp_path):
    with (
        Journal(tmp_path / "j", {}),
        pytest.raises(UserError, match="in use by another process"),
        Journal(tmp_path / "j", {}),
    ):
        pass


def count_decoded(monkeypatch):
    """The paths of the videos that are decoded from now on, in this process."""
    from showtell.videos.reading import index

    decoded, examine = [], index.examine
    monkeypatch.setattr(
        index, "examine", lambda path, how: (decoded.append(path), examine(path, how))[1]
    )
    return decoded
