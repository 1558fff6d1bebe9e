"""Clicks survive: a killed process, a half-written line, an undo."""

import os
import signal
import subprocess
import sys

import pytest

from showtell.labels.journal import Journal, read_clicks
from showtell.project.errors import UserError


def test_the_last_click_about_an_item_counts_and_undo_takes_it_back(tmp_path):
    with Journal(tmp_path / "ada.jsonl") as journal:
        journal.write("a", "50")
        journal.write("b", skipped=True)
        journal.write("a", "75")
        journal.write("c", "0")
        journal.write("c")
    clicks = read_clicks(tmp_path / "ada.jsonl")
    assert {item: click.label for item, click in clicks.labels.items()} == {"a": "75"}
    assert clicks.skipped == {"b"}
    assert clicks.order == ["b", "a"]


def test_a_half_written_line_is_dropped_and_the_next_click_is_whole(tmp_path):
    path = tmp_path / "ada.jsonl"
    with Journal(path) as journal:
        journal.write("a", "50")
        journal.write("b", "25")
    path.write_bytes(path.read_bytes()[:-9])
    assert set(read_clicks(path).labels) == {"a"}
    with Journal(path) as journal:
        journal.write("c", "100")
    assert list(read_clicks(path).labels) == ["a", "c"]
    assert path.read_bytes().count(b"\n") == 2


def test_a_damaged_line_is_named(tmp_path):
    path = tmp_path / "ada.jsonl"
    with Journal(path) as journal:
        journal.write("a", "50")
    path.write_bytes(b'{"item": 3}\n' + path.read_bytes())
    with pytest.raises(UserError, match="line 1"):
        read_clicks(path)


def test_two_pages_of_one_rater_are_refused(tmp_path):
    with Journal(tmp_path / "ada.jsonl"), pytest.raises(UserError, match="RATER"):
        Journal(tmp_path / "ada.jsonl")
    Journal(tmp_path / "ada.jsonl").__exit__(None, None, None)


_WRITER = """
import sys, time
from pathlib import Path
from showtell.labels.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    for number in range(10_000):
        journal.write(f"item{number}", "50")
        sys.stdout.write(f"{number}\\n"); sys.stdout.flush()
"""


def test_every_click_that_was_confirmed_survives_a_kill(tmp_path):
    path = tmp_path / "ada.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    while process.stdout.readline() != "20\n":
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    confirmed = 21 + len(process.stdout.read().splitlines()[:-1])
    process.wait()
    with Journal(path) as journal:  # the lock of a killed process is free
        assert len(journal.clicks.labels) >= confirmed
        journal.write("new", "0")
    assert "new" in read_clicks(path).labels
