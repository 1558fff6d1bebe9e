"""Runs in a PostgreSQL database that a team shares."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from showtell.project.tracking import Tracking
from tests.cluster.services import database, postgres
from tests.project.test_tracking import live, rebuild, shown, train, value, view

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(postgres() is None, reason="no PostgreSQL: apt-get install postgresql"),
    pytest.mark.skipif(
        find_spec("psycopg2") is None, reason="no psycopg2: `make cluster-packages`"
    ),
]


SHOW = (
    "import sys; from pathlib import Path; from showtell.project.tracking import Tracking;"
    "from showtell.project.tracking.view import View;"
    "root = Path(sys.argv[1]);"
    "print(View(root / 'results', Tracking(root, sys.argv[2])).rebuild()['written'])"
)


def begin(root, uri) -> "subprocess.Popen[str]":
    """`showtell track` of a person with a working copy of their own."""
    return subprocess.Popen(
        [sys.executable, "-c", SHOW, str(root), uri],
        cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


def test_runs_are_live_then_complete_and_two_people_show_each_once(tmp_path, monkeypatch, caplog):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    monkeypatch.chdir(first)
    with database() as uri:
        tracking = Tracking(first, uri, "an invocation")
        watch = view(tracking)
        with live(tracking) as sink:
            for step in range(0, 500, 100):
                sink(step, value(step))
            watch.follow()
            assert not caplog.records, caplog.text
            live_run = next(run for run in shown(uri, live=True).values() if run[2])
            assert len(live_run[2]) == 10  # two metrics, five steps
        for seed in (0, 1):
            train(tracking, seed=seed)
        assert rebuild(tracking)["written"] >= 2
        assert rebuild(tracking)["written"] == 0
        before = shown(uri)
        # Another person has pulled the same results.
        subprocess.run(["cp", "-r", str(first / "results"), str(second)], check=True)
        other = begin(second, uri)
        said = other.communicate()
        assert other.returncode == 0, said[1]
        assert said[0].split()[-1] == "0"
        assert shown(uri) == before


def test_two_people_may_begin_with_an_empty_database_at_once(tmp_path, monkeypatch):
    people = [tmp_path / name for name in ("first", "second")]
    people[0].mkdir()
    people[1].mkdir()
    monkeypatch.chdir(people[0])
    with database() as uri:
        train(Tracking(people[0], uri, "an invocation"))
        subprocess.run(["cp", "-r", str(people[0] / "results"), str(people[1])], check=True)
        ends = [begin(root, uri) for root in people]
        complaints = [end.communicate()[1] for end in ends]
        assert [end.returncode for end in ends] == [0, 0], complaints
        assert len(shown(uri)) == 2  # the training and its invocation, each once
