import os
import platform
import re
import subprocess
import sys

import numpy as np
import pytest

from showtell.project.checkpoints import Resume, identity
from showtell.project.errors import UserError
from showtell.project.segments import Segment

STATE = {
    "net": {"weight": np.arange(6.0, dtype=np.float32).reshape(2, 3), "step": np.array(3.0)},
    "many": [np.zeros((0, 4)), {7: (0.9, None)}, np.array([True, False])],
    "random": (3, tuple(range(5)), None),
    "large": 2**127 + 1,
    "exact": 0.1 + 0.2,
    "full": False,
}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run" / ".resume"


def equal(left, right) -> bool:
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and (left == right).all()
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple):
        pairs = zip(left, right, strict=True)
        return type(left) is type(right) and all(equal(a, b) for a, b in pairs)
    return type(left) is type(right) and left == right


def test_a_state_comes_back_bit_for_bit_with_its_types(folder):
    with Resume(folder, "job") as resume:
        resume.save(10, STATE)
    with Resume(folder, "job") as resume:
        assert equal(resume.load(), STATE)


def test_nothing_saved_is_nothing_loaded(folder):
    with Resume(folder, "job") as resume:
        assert resume.load() is None


def test_the_latest_of_two_kept_checkpoints_is_used(folder):
    with Resume(folder, "job") as resume:
        for step in (10, 20, 1000):
            resume.save(step, {"step": step})
        assert resume.load() == {"step": 1000}
    assert sorted(int(path.stem) for path in folder.glob("*.safetensors")) == [20, 1000]


@pytest.mark.parametrize("suffix", ["json", "safetensors"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_a_torn_checkpoint_falls_back_to_the_one_before(folder, suffix, damage):
    with Resume(folder, "job") as resume:
        resume.save(10, {"step": 10, "values": np.ones(9)})
        resume.save(20, {"step": 20, "values": np.ones(9)})
    path = folder / f"{20:012d}.{suffix}"
    content = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        middle = content.index(b"1") if suffix == "json" else len(content) - 3
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes({"flip": flipped, "truncate": content[:-5], "empty": b""}[damage])
    with Resume(folder, "job") as resume:
        assert resume.load()["step"] == 10
        resume.save(20, {"step": 20, "again": True})
        assert resume.load()["again"]


def test_a_file_that_was_being_written_is_no_checkpoint(folder):
    with Resume(folder, "job") as resume:
        resume.save(10, {"step": 10})
        (folder / f"{20:012d}.safetensors").write_bytes(b"as far as it came")
        (folder / f".{20:012d}.123.part.json").write_text("{")
        assert resume.load() == {"step": 10}


def test_another_jobs_checkpoint_is_not_used(folder):
    with Resume(folder, "alpha=0.5") as resume:
        resume.save(10, {"alpha": 0.5})
    with Resume(folder, "alpha=0") as resume:
        assert resume.load() is None
        assert resume.resumed == 0


def test_the_identity_of_a_job_is_its_values_and_its_inputs_content(tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"pole")
    before = identity({"a": 1, "b": 2}, {"target": [target], "start": []})
    os.utime(target, (0, 0))
    assert identity({"b": 2, "a": 1}, {"target": [target], "start": []}) == before
    assert identity({"a": 2, "b": 1}, {"target": [target], "start": []}) != before
    target.write_bytes(b"cart")
    assert identity({"a": 1, "b": 2}, {"target": [target], "start": []}) != before


def test_starts_after_the_first_are_counted(folder):
    for expected in range(3):
        with Resume(folder, "job") as resume:
            assert resume.resumed == expected


def test_a_holder_that_lives_is_named_with_the_way_to_end_it(folder):
    hold = (
        "import sys, time; from pathlib import Path\n"
        "from showtell.project.checkpoints import Resume\n"
        "with Resume(Path(sys.argv[1]), 'job'): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold, folder], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UserError) as refused, Resume(folder, "job"):
            pass
        for part in (str(holder.pid), platform.node(), "-c", f"kill {holder.pid}", str(folder)):
            assert part in str(refused.value)
    finally:
        holder.kill()
        holder.communicate()
    with Resume(folder, "job") as resume:  # the dead hold nothing
        assert resume.resumed == 1


def test_a_file_in_the_folders_place_is_an_error_with_its_cure(tmp_path):
    (tmp_path / ".resume").write_text("")
    cure = f"rm {re.escape(str(tmp_path / '.resume'))}"
    with pytest.raises(UserError, match=cure), Resume(tmp_path / ".resume", "job"):
        pass


def test_finishing_leaves_nothing(folder):
    with Resume(folder, "job") as resume:
        resume.save(10, STATE)
        resume.finish()
    assert not folder.exists()


def test_what_json_and_arrays_cannot_hold_is_refused(folder):
    with Resume(folder, "job") as resume, pytest.raises(TypeError, match="object"):
        resume.save(1, {"thing": object()})


def rows(number: int) -> Segment:
    return Segment(f"rows-{number}", lambda: {"values": np.full(4, number)})


def refused() -> dict:
    raise AssertionError("a segment that is written already was read again")


def segments(folder) -> list[str]:
    return sorted(path.stem for path in folder.glob("segment-*"))


def test_a_segment_is_written_once_and_comes_back_with_every_checkpoint(folder):
    with Resume(folder, "job") as resume:
        resume.save(10, {"buffer": [rows(1)]})
        resume.save(20, {"buffer": [Segment("rows-1", refused), rows(2)]})
    with Resume(folder, "job") as resume:
        loaded = resume.load()["buffer"]
        assert [segment.read()["values"][0] for segment in loaded] == [1, 2]
        resume.save(30, {"buffer": [Segment("rows-1", refused), Segment("rows-2", refused)]})


def test_a_segment_is_removed_when_no_kept_checkpoint_names_it(folder):
    with Resume(folder, "job") as resume:
        for number in range(5):
            resume.save(number, {"buffer": [rows(number), rows(number + 1)]})
    assert segments(folder) == [f"segment-rows-{number}" for number in (3, 4, 5)]
    with Resume(folder, "other job"):
        assert segments(folder) == []


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_segment_falls_back_to_the_checkpoint_before_it(folder, damage):
    with Resume(folder, "job") as resume:
        resume.save(10, {"step": 10, "buffer": [rows(1)]})
        resume.save(20, {"step": 20, "buffer": [rows(1), rows(2)]})
    spoil(folder / "segment-rows-2.safetensors", damage)
    with Resume(folder, "job") as resume:
        assert resume.load()["step"] == 10
        resume.save(20, {"step": 20, "buffer": [rows(1), rows(2)]})
    with Resume(folder, "job") as resume:
        assert resume.load()["buffer"][1].read()["values"].tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_segment_that_all_checkpoints_need_is_named_with_its_cure(folder, damage):
    with Resume(folder, "job") as resume:
        resume.save(10, {"buffer": [rows(1)]})
        resume.save(20, {"buffer": [rows(1), rows(2)]})
    path = folder / "segment-rows-1.safetensors"
    whole = path.read_bytes()
    spoil(path, damage)
    for _ in range(2):  # nothing is removed: the user may still put the file back
        cure = f"{re.escape(str(path))} is .*step 20.*rm -r {re.escape(str(folder))}"
        with Resume(folder, "job") as resume, pytest.raises(UserError, match=cure):
            resume.load()
    path.write_bytes(whole)
    with Resume(folder, "job") as resume:
        assert len(resume.load()["buffer"]) == 2


def spoil(path, damage: str) -> None:
    content = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        flipped = content[:-1] + bytes([content[-1] ^ 1])
        path.write_bytes({"flip": flipped, "truncate": content[:-5]}[damage])
