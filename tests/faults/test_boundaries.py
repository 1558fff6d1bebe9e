"""The short part of `make faults`: some points of each of its kinds, in seconds."""

import random

import pytest

from tests.faults import kills, servers, shortages, small_jobs
from tests.faults.boundaries import Point, points
from tests.faults.children import run
from tests.faults.table import Row


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A training and a comparison that have run undisturbed."""
    root = tmp_path_factory.mktemp("faults").resolve()
    return root, small_jobs.make(root, {"train (DQN)", "compare"})


@pytest.fixture(autouse=True)
def _untracked(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "off")


def test_a_training_that_is_killed_at_any_write_ends_with_the_same_bytes(project):
    root, jobs = project
    (row,) = kills.campaign(root, {"train": jobs["train (DQN)"]}, random.Random(0), most=8)
    assert row.came["same bytes"] == 8, row


def test_a_full_disk_is_named_and_the_next_run_goes_on(project):
    root, jobs = project
    for job in jobs.values():
        wanted = job.made(root)
        number = len(run(root, job).kinds) - 2
        came = shortages.full_disk(root, job, number, wanted)
        assert came == "a sentence, then same bytes"


def test_a_kill_is_counted_as_wrong_where_another_byte_is_left(project):
    root, jobs = project
    job = jobs["compare"]
    wanted = job.made(root) | {"summary.csv": b"another"}
    assert kills.outcome(root, job, Point(0, "kill before"), wanted).startswith("WRONG: other")


def test_every_boundary_is_a_point_before_and_after_and_an_fsync_one_in_the_middle():
    found = points(["open", "fsync", "replace"])
    assert [point.wrong for point in found if point.number == 1] == [
        "kill before", "kill after", "kill, half written"
    ]  # fmt: skip
    assert len(found) == 1 + 3 + 2


def test_points_are_shared_out_so_that_no_kind_is_left_out():
    found = {"a": points(["fsync"] * 100), "b": points(["open"] * 2)}
    chosen = kills.share(found, random.Random(0), 20)
    assert (len(chosen["a"]), len(chosen["b"])) == (18, 2)


@pytest.mark.parametrize("name", ["chunked and cut for ever", "a redirect in a circle"])
def test_a_server_that_misbehaves_gives_a_sentence(tmp_path, monkeypatch, name):
    monkeypatch.setattr("showtell.project.downloads._PAUSES_S", (0, 0))
    assert servers.outcome(tmp_path / "download", name) == "a sentence"


def test_a_row_counts_what_was_wrong():
    row = Row.of("fault", "before", ["same bytes", "same bytes", "WRONG: other bytes in a"])
    assert row.wrong == 1
    assert "2 same bytes" in row.text()
