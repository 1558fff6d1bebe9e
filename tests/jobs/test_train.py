import time

import pytest

from showtell.learners import policies
from showtell.project.errors import UserError
from showtell.project.files import read_json
from showtell.project.tracking.live import under_way
from tests.jobs.jobs import PPO, TRAIN, TRAINING, files, here, start


def changed(**learner):
    return TRAIN | {"learner": TRAIN["learner"] | learner}


def wait_for_step(folder, step: int, process) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if (under_way(folder) or (0, 0))[0] >= step:
            return
        time.sleep(0.005)
    raise AssertionError(f"never got to step {step}: {process.communicate()}")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train") / "undisturbed"
    assert here("train", TRAIN, folder) == {"resumed": 0}
    return folder


def kill_at(step: int, job, folder) -> None:
    process = start("train", job, folder)
    wait_for_step(folder, step, process)
    process.kill()
    process.communicate()
    assert not (folder / "policy.safetensors").exists()


def test_a_killed_training_resumes_its_own_checkpoint_to_the_same_files(undisturbed, tmp_path):
    folder = tmp_path / "killed"
    kill_at(1200, changed(gamma=0.9, steps=60_000), folder)  # leaves a checkpoint of another job
    kill_at(2100, TRAIN, folder)
    assert [path.name for path in (folder / ".resume").glob("*.json")]
    assert here("train", TRAIN, folder) == {"resumed": 1}
    assert files(folder, TRAINING) == files(undisturbed, TRAINING)
    assert not (folder / ".resume").exists()


def test_a_second_trainer_is_refused_and_the_first_is_named(tmp_path):
    folder = tmp_path / "run"
    first = start("train", TRAIN, folder)
    try:
        wait_for_step(folder, 100, first)
        with pytest.raises(UserError, match=rf"showtell train.*kill {first.pid}"):
            here("train", TRAIN, folder)
        assert first.poll() is None
    finally:
        first.kill()
        first.communicate()


def test_what_is_written_reads_back(undisturbed):
    policy = policies.load(undisturbed / "policy.safetensors", undisturbed / "policy.json")
    assert policy.network.observations == 4
    header, *rows = (undisturbed / "progress.csv").read_text().splitlines()
    assert header == "step,episodes,true_return,learned_return,success"
    assert [int(row.split(",")[0]) for row in rows] == list(range(1000, 9001, 1000))
    metrics = read_json(undisturbed / "metrics.json")
    assert metrics["episodes"] == 180
    assert metrics["updates"] == 20 * 86  # once 400 steps are passed
    assert metrics["true_return"] == metrics["learned_return"] > 5


def test_a_policy_of_another_shape_cannot_be_fine_tuned(undisturbed, tmp_path):
    first, job = {"start": undisturbed / "policy.safetensors"}, changed(hidden=[8])
    with pytest.raises(UserError, match=r"q_net\.0\.weight \(16, 4\), this learner has \(8, 4\)"):
        here("train", job | {"checkpoint": "last"}, tmp_path / "run", **first)


def test_an_arm_is_trained_fine_tuned_from_its_best_and_judged(tmp_path):
    assert here("train", PPO, tmp_path / "train") == {"resumed": 0}
    weights = tmp_path / "train/policy.safetensors"
    assert (
        policies.load_weights(weights, "best-learned").keys()
        == policies.load_weights(weights).keys()
    )
    job = PPO | {"checkpoint": "best-learned", "address": [*PPO["address"][:-1], "true-reward"]}
    here("train", job, tmp_path / "finetune", start=weights)
    policy = {"policy": tmp_path / "finetune/policy.safetensors",
              "description": tmp_path / "finetune/policy.json"}  # fmt: skip
    network = policies.load(*policy.values()).network
    assert (network.head, network.actions, network.observations) == ("gaussian", 4, 40)
    assert (network.low, network.high) == ((-1,) * 4, (1,) * 4)
