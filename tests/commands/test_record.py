"""Videos of a policy as its evaluation recorded it, and the nearest run where a path is wrong."""

import csv

import numpy as np
import pytest

from showtell.commands.record import Choice, found_run, play, record, recordings
from showtell.learners import policies
from showtell.learners.networks import perceptron
from showtell.media.video import read_video
from showtell.project.errors import UserError
from showtell.project.files import write_json
from tests.jobs.jobs import EVALUATE, here

RUN = "results/mini/paper/experiment/cartpole/true/seed0/train"
FIRST = Choice([0], "deterministic", "last")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """One run with its evaluation: a policy that balances, written by hand."""
    root = tmp_path_factory.mktemp("repository")
    folder = root / RUN
    folder.mkdir(parents=True)
    paths = {"policy": folder / "policy.safetensors", "description": folder / "policy.json"}
    weights = {
        "q.weight": np.array([[0, 0, 0, 0], [0.1, 0.2, 3.0, 0.6]], dtype=np.float32),
        "q.bias": np.zeros(2, dtype=np.float32),
    }
    description = {
        "learner": "dqn", "layers": perceptron(["q"], "relu"), "head": "argmax",
        "exploration": 1.0, "observations": 4, "actions": 2,
    }  # fmt: skip
    policies.save(paths["policy"], paths["description"], weights, description)
    here("evaluate", EVALUATE, folder / "evaluation", **paths)
    if not (folder / "evaluation/provenance.json").exists():
        write_json(folder / "evaluation/provenance.json", {"job": EVALUATE})
    return root


def test_a_recorded_episode_is_the_video_of_the_evaluation_byte_for_byte(root, tmp_path):
    assert record(root, RUN, tmp_path / "a.mp4", FIRST) == 0
    assert (tmp_path / "a.mp4").read_bytes() == (root / RUN / "evaluation/rollout.mp4").read_bytes()


def test_each_episode_has_the_return_that_its_table_says(root):
    with (root / RUN / "evaluation/episodes.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["policy"] == "stochastic"]
    found = recordings(root, RUN, Choice([2, 0], "stochastic", "last"))
    assert [one.total for one in found] == [float(rows[2]["return"]), float(rows[0]["return"])]


@pytest.mark.parametrize("ending", ["webm", "gif"])
def test_other_endings_are_written_too(root, tmp_path, ending):
    record(root, RUN, tmp_path / f"a.{ending}", Choice([0, 1], "deterministic", "last"))
    assert (tmp_path / f"a.{ending}").stat().st_size > 1000
    if ending == "webm":
        assert len(read_video(tmp_path / "a.webm")[0]) == 102


def test_the_page_holds_its_videos(root, tmp_path):
    two = Choice([0, 1], "deterministic", "last")
    play(root, RUN, two, tmp_path / "page.html", browse=False)
    page = (tmp_path / "page.html").read_text()
    assert page.count("<video") == 2
    assert "http" not in page


@pytest.mark.parametrize("path", [RUN, RUN.removesuffix("/train"), f"{RUN}/evaluation"])
def test_a_run_is_found_from_beside_its_policy(root, path):
    assert found_run(root, path) == root / RUN


@pytest.mark.parametrize("path", [RUN.replace("true", "tru"), "results/mini/paper", "results/mny"])
def test_the_nearest_run_is_named(root, path):
    with pytest.raises(UserError, match=RUN):
        found_run(root, path)


def test_what_cannot_be_recorded_is_said(root, tmp_path):
    with pytest.raises(UserError, match=r"\.webm"):
        record(root, RUN, tmp_path / "a.avi", FIRST)
    with pytest.raises(UserError, match="numbered"):
        record(root, RUN, tmp_path / "a.mp4", Choice([-1], "deterministic", "last"))
    with pytest.raises(UserError, match="best-true"):
        record(root, RUN, tmp_path / "a.mp4", Choice([0], "deterministic", "best-tru"))
    with pytest.raises(UserError, match="only the last"):
        record(root, RUN, tmp_path / "a.mp4", Choice([0], "deterministic", "best-true"))
