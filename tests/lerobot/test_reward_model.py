"""Rewards of ours inside LeRobot's contract give what our own jobs score, saved and loaded."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from showtell.goals.goal import Target
from showtell.jobs.parts import Context
from showtell.lerobot import RewardModel
from showtell.nets.distance import Stage
from showtell.project.errors import UserError
from showtell.rewards.reward import Episodes
from tests.nets.models import SMOKE, noise, save, smoke_encoder

PICTURE = {"width": 32, "height": 32}
CLIP = {"kind": "clip", "goal": "text", "alpha": 0.5, "table": None}
DISTANCE = {
    "kind": "distance", "goal": "text", "distance": "l2", "baseline": "zero", "form": "cumulative",
    "gamma": 1.0, "divisor": 1.0, "normalise": "fixed", "threshold": 1.0, "threshold_of": "fixed",
    "patience": 1, "stage_offset": 0.0,
}  # fmt: skip
SPARSE = {"kind": "sparse", "rule": "any"}


def job_of(reward, goals=True):
    """What the training of a method reads of the parameters, as `Specifications` writes it."""
    used = {"text": {"encoder": "clip", "picture": PICTURE}} if goals else {}
    return {
        "root": 0, "address": ["paper", "experiment", "cartpole", "method", 0, "train"],
        "task": {"camera": {"name": "default", "quality": "fast", "mirrored": False}, "world": {}},
        "reward": reward, "picture": PICTURE, "goals": used,
        "targets": [{"goal": "text", "task": "cartpole"}] if goals else [],
        "encoders": {"clip": SMOKE} if goals else {}, "demos": [],
    }  # fmt: skip


@pytest.fixture
def inputs(tmp_path):
    """A real encoder of the smoke scale and the target of a sentence, as jobs leave them."""
    encoder, made = smoke_encoder(), tmp_path / "made"
    made.mkdir()
    weights, network = save(encoder, made)
    goal, baseline = encoder.text(["pole upright on a cart", "pole and cart"]).numpy()
    Target((Stage(embedding=goal),), baseline, {"sentence": "x"}).save(made / "target.safetensors")
    return {"encoders": [weights], "networks": [network], "targets": [made / "target.safetensors"]}


def batch_of(frames, key="observation.image"):
    return {key: torch.from_numpy(frames).movedim(-1, -3).float() / 255, "task": ["balance"]}


@pytest.mark.parametrize("reward", [CLIP, DISTANCE], ids=["clip", "distance"])
def test_a_batch_is_scored_as_our_own_jobs_score_its_pictures(reward, inputs):
    job, frames = job_of(reward), noise(5, 32, 32)
    model = RewardModel.of_job(job, inputs)
    rewards = model.compute_reward(batch_of(frames))
    own = Context.read(job, inputs).reward_of_training()
    shape = (5, 1)
    expected = own.score(
        Episodes(
            observations=np.zeros((*shape, 1), np.float32),
            actions=np.zeros(shape),
            true_rewards=np.zeros(shape, np.float32),
            successes=np.zeros(shape, bool),
            frames=frames[:, None],
        )
    )[:, 0]
    assert rewards.shape == (5,)
    assert rewards.dtype == torch.float32
    assert np.array_equal(rewards.numpy(), expected)
    assert len(np.unique(expected)) == 5


def test_a_saved_model_is_two_files_without_pickle_and_scores_the_same_bits(inputs, tmp_path):
    model = RewardModel.of_job(job_of(CLIP), inputs)
    batch = batch_of(noise(3, 32, 32))
    model.save_pretrained(tmp_path / "saved")
    for path in inputs["encoders"] + inputs["networks"] + inputs["targets"]:
        path.unlink()
    again = RewardModel.from_pretrained(tmp_path / "saved")
    again.save_pretrained(tmp_path / "twice")
    twice = RewardModel.from_pretrained(tmp_path / "twice")
    files = {path.name for path in (tmp_path / "saved").iterdir()}
    assert files == {"config.json", "model.safetensors"}
    assert torch.equal(again.compute_reward(batch), model.compute_reward(batch))
    assert torch.equal(twice.compute_reward(batch), model.compute_reward(batch))
    config = json.loads((tmp_path / "saved/config.json").read_text())
    assert config["type"] == "showtell"
    assert config["input_features"]["observation.image"]["shape"] == [3, 32, 32]


def test_videos_are_scored_at_their_last_frame(inputs):
    model = RewardModel.of_job(job_of(CLIP), inputs)
    frames = noise(8, 32, 32).reshape(2, 4, 32, 32, 3)
    rewards = model.compute_reward(batch_of(frames))
    assert torch.equal(rewards, model.compute_reward(batch_of(frames[:, -1])))


def test_a_difference_of_distances_needs_a_video_and_reads_its_first_frame(inputs):
    model = RewardModel.of_job(job_of(DISTANCE | {"form": "difference"}), inputs)
    frames = noise(4, 32, 32).reshape(2, 2, 32, 32, 3)
    plain = RewardModel.of_job(job_of(DISTANCE), inputs)
    before, after = (plain.compute_reward(batch_of(frames[:, n])) for n in (0, 1))
    found = model.compute_reward(batch_of(frames))
    torch.testing.assert_close(found, after - before)
    with pytest.raises(UserError, match="videos"):
        model.compute_reward(batch_of(frames[:, 0]))


def test_other_sizes_and_bytes_are_read_and_normalised_pictures_are_refused(inputs):
    model = RewardModel.of_job(job_of(CLIP), inputs, image="observation.images.top")
    frames = noise(2, 48, 64)
    floats = batch_of(frames, "observation.images.top")
    as_bytes = {"observation.images.top": torch.from_numpy(frames).movedim(-1, -3)}
    assert torch.equal(model.compute_reward(floats), model.compute_reward(as_bytes))
    for batch, words in (
        ({"observation.images.top": floats["observation.images.top"] * 2 - 1}, "normalised"),
        (batch_of(frames, "observation.images.side"), "observation.images.side"),
        ({"observation.images.top": torch.zeros(2, 32, 32)}, "shape"),
    ):
        with pytest.raises(UserError, match=words):
            model.compute_reward(batch)


def test_rewards_that_read_more_than_pictures_are_refused():
    for reward in (SPARSE, {"kind": "zero"}):
        with pytest.raises(UserError, match="pictures alone"):
            RewardModel.of_job(job_of(reward, goals=False), {})


def test_a_sum_with_a_term_that_reads_successes_is_refused(inputs):
    both = {"kind": "sum", "terms": [CLIP, SPARSE], "weights": [1.0, 1.0]}
    with pytest.raises(UserError, match="pictures alone"):
        RewardModel.of_job(job_of(both), inputs)


def test_damaged_and_foreign_files_are_one_sentence(inputs, tmp_path):
    model = RewardModel.of_job(job_of(CLIP), inputs)
    model.save_pretrained(tmp_path)
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"model\.safetensors"):
        RewardModel.from_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"type": "sarm"}))
    with pytest.raises(UserError, match="kind: lerobot"):
        RewardModel.from_pretrained(tmp_path)
    with pytest.raises(UserError, match=r"config\.json"):
        RewardModel.from_pretrained(Path(tmp_path / "nowhere"))


def test_a_config_cannot_name_a_file_that_is_written_elsewhere(inputs, tmp_path):
    saved, elsewhere = tmp_path / "saved", tmp_path / "elsewhere"
    RewardModel.of_job(job_of(CLIP), inputs).save_pretrained(saved)
    config = json.loads((saved / "config.json").read_text())
    files = json.loads(config["files"]) | {f"{elsewhere}.0": None}
    (saved / "config.json").write_text(json.dumps(config | {"files": json.dumps(files)}))
    with pytest.raises(UserError, match="elsewhere"):
        RewardModel.from_pretrained(saved)
    assert not list(tmp_path.glob("elsewhere*"))
