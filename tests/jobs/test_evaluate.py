import csv
import json

import numpy as np
import pytest

from showtell.learners import policies
from showtell.learners.networks import perceptron
from showtell.media.video import read_video
from showtell.project.errors import UserError
from showtell.project.files import read_json
from tests.jobs.jobs import EVALUATE, files, finish, here, start

OUTPUTS = ("episodes.csv", "metrics.json", "rollout.mp4")


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """Balances: written by hand."""
    folder = tmp_path_factory.mktemp("policy")
    paths = {"policy": folder / "policy.safetensors", "description": folder / "policy.json"}
    weight = np.array([[0, 0, 0, 0], [0.1, 0.2, 3.0, 0.6]], dtype=np.float32)
    weights = {"q.weight": weight, "q.bias": np.zeros(2, dtype=np.float32)}
    description = {
        "learner": "dqn", "layers": perceptron(["q"], "relu"), "head": "argmax",
        "exploration": 1.0, "observations": 4, "actions": 2,
    }  # fmt: skip
    policies.save(paths["policy"], paths["description"], weights, description)
    return paths


@pytest.fixture(scope="module")
def evaluated(policy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate") / "run"
    finish(start("evaluate", EVALUATE, folder, **policy))
    return folder


def test_each_way_of_acting_is_judged(evaluated):
    with (evaluated / "episodes.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["policy"] for row in rows] == ["deterministic"] * 3 + ["stochastic"] * 3
    metrics = read_json(evaluated / "metrics.json")
    assert metrics["deterministic"]["success"] == 1.0
    assert metrics["stochastic"]["success"] == 0.0  # every action of this policy is random
    assert metrics["success_rule"] == "always"
    returns = [float(row["return"]) for row in rows if row["policy"] == "stochastic"]
    assert metrics["stochastic"]["return"] == np.mean(returns)


def test_the_film_shows_the_first_episode_from_its_start(evaluated):
    frames, fps = read_video(evaluated / "rollout.mp4")
    assert frames.shape == (51, 240, 360, 3)
    assert fps == 30
    assert (evaluated / "rollout.mp4").stat().st_size < 200_000
    assert (frames[0] != frames[-1]).any()


def test_a_second_evaluation_is_the_same_bytes(policy, evaluated, tmp_path):
    again = tmp_path / "run"
    here("evaluate", EVALUATE, again, **policy)
    assert files(again, OUTPUTS) == files(evaluated, OUTPUTS)


def test_two_threads_give_the_same_bytes_as_one(policy, evaluated, tmp_path):
    finish(start("evaluate", EVALUATE, tmp_path / "run", threads=2, **policy))
    assert files(tmp_path / "run", OUTPUTS) == files(evaluated, OUTPUTS)


def test_without_deterministic_episodes_another_is_filmed(policy, tmp_path):
    job = json.loads(json.dumps(EVALUATE))
    job["evaluate"] |= {"episodes": 1, "actions": ["stochastic"]}
    here("evaluate", job, tmp_path / "run", **policy)
    assert len(read_video(tmp_path / "run/rollout.mp4")[0]) == 51


def test_the_best_by_the_truth_is_called_oracle_wherever_it_is_shown(policy, evaluated, tmp_path):
    weights = policies.load_weights(policy["policy"])
    falls = weights | {"q.bias": np.array([9, 0], dtype=np.float32)}  # pushes left, come what may
    two = {"policy": tmp_path / "two.safetensors", "description": tmp_path / "two.json"}
    both = policies.together(falls, {"best-true": weights})
    policies.save(two["policy"], two["description"], both, read_json(policy["description"]))
    job = json.loads(json.dumps(EVALUATE))
    job["evaluate"] |= {"checkpoints": ["last", "best-true"], "actions": ["deterministic"]}
    here("evaluate", job, tmp_path / "run", **two)
    metrics = read_json(tmp_path / "run/metrics.json")
    assert metrics["deterministic"]["success"] == 0.0
    assert (
        metrics["deterministic (best-true)"]
        == read_json(evaluated / "metrics.json")["deterministic"]
    )
    table = (tmp_path / "run/episodes.csv").read_text()
    assert table.count("\ndeterministic,") == table.count("\ndeterministic (best-true),") == 3


def test_a_policy_for_another_world_is_refused(policy, tmp_path):
    job = json.loads(json.dumps(EVALUATE))
    job["task"]["world"]["observe_time"] = True
    with pytest.raises(UserError, match="trained for a world"):
        here("evaluate", job, tmp_path / "run", **policy)
    assert not (tmp_path / "run/episodes.csv").exists()


def test_judging_needs_no_torch(policy, tmp_path):
    """Nor the seconds that importing it takes."""
    (tmp_path / "torch.py").write_text("raise ImportError('judging imported torch')")
    finish(start("evaluate", EVALUATE, tmp_path / "run", **policy))
