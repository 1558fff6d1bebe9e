"""A goal that was told: prompts become one target, kept in a file."""

import json

import numpy as np
import pytest
from safetensors import safe_open

from showtell.goals.goal import Target
from showtell.goals.text import TextGoal, TextSettings
from showtell.project.errors import UserError
from showtell.study.registry import build
from tests.nets.models import smoke_encoder

SETTINGS = TextSettings(kind="text", encoder="clip", sentence="goal")
PROMPTS = {"goal": "pole vertically upright on top of the cart", "baseline": "pole and cart"}


@pytest.fixture(scope="module")
def encoder():
    return smoke_encoder()


def test_a_prompt_is_its_own_embedding(encoder):
    target = build("goals", SETTINGS).embed(encoder, PROMPTS)
    words = encoder.text([PROMPTS["goal"], PROMPTS["baseline"]]).numpy()
    np.testing.assert_allclose(np.stack([target.goal, target.baseline]), words, atol=1e-6)
    assert target.goal.dtype == np.float32


def test_several_prompts_are_averaged_and_have_length_one(encoder):
    told = ["a pole", "a cart", "a car"]
    target = TextGoal(SETTINGS).embed(encoder, {"goal": told, "baseline": None})
    mean = encoder.text(told).numpy().mean(0)
    np.testing.assert_allclose(target.goal, mean / np.linalg.norm(mean), atol=1e-6)
    assert np.linalg.norm(target.goal) == pytest.approx(1, abs=1e-6)
    assert target.baseline is None


def test_the_mean_of_several_prompts_may_stay_shorter_than_one_as_vlm_rms_code_leaves_it(encoder):
    several, one = ["a pole", "a cart", "a car"], ["a pole"]
    published = TextGoal(SETTINGS.model_copy(update={"combine": "mean"}))
    mean = encoder.text(several).numpy().mean(0)
    np.testing.assert_allclose(published.embed(encoder, {"goal": several}).goal, mean, atol=1e-6)
    assert np.linalg.norm(mean) < 0.999
    alone = (
        published.embed(encoder, {"goal": one}).goal,
        TextGoal(SETTINGS).embed(encoder, {"goal": one}).goal,
    )
    np.testing.assert_allclose(*alone, atol=1e-6)


@pytest.mark.parametrize("prompts", [PROMPTS, {"goal": ["a", "b"], "baseline": None}])
def test_a_target_is_the_same_after_a_file(tmp_path, encoder, prompts):
    target = TextGoal(SETTINGS).embed(encoder, prompts)
    target.save(tmp_path / "t.safetensors")
    read = Target.load(tmp_path / "t.safetensors")
    assert np.array_equal(read.goal, target.goal)
    assert (read.baseline is None) == (prompts["baseline"] is None)
    assert read.baseline is None or np.array_equal(read.baseline, target.baseline)
    assert read.source["prompts"] == prompts
    assert read.source["known_words"] == 1
    assert read.source["unknown_words"] == []


def test_the_file_is_the_same_bytes_each_time_and_says_what_was_told(tmp_path, encoder):
    for name in ("a", "b"):
        TextGoal(SETTINGS).embed(encoder, PROMPTS).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with safe_open(tmp_path / "a", framework="numpy") as file:
        assert set(file.keys()) == {"stage0.embedding", "baseline"}
        assert json.loads(file.metadata()["target"])["source"]["prompts"] == PROMPTS


def test_the_wrong_sentence_and_the_shuffled_goal_are_embedded_instead_of_the_goal(encoder):
    def read(sentence, prompts):
        goal = TextGoal(SETTINGS.model_copy(update={"sentence": sentence}))
        return goal.embed(encoder, prompts)

    wrong = read("wrong", {"wrong": "pole lying flat on top of the cart", "baseline": None})
    shuffled = read("shuffled", PROMPTS)
    order = "cart the of top on upright vertically pole"
    words = encoder.text(["pole lying flat on top of the cart", order]).numpy()
    np.testing.assert_allclose(np.stack([wrong.goal, shuffled.goal]), words, atol=1e-6)
    assert not np.allclose(shuffled.goal, read("goal", PROMPTS).goal)
    assert shuffled.source["read"] == [order]
    with pytest.raises(UserError, match=r"add prompts\.wrong"):
        read("wrong", PROMPTS)
    with pytest.raises(UserError, match="other order"):
        read("shuffled", {"goal": "pole"})


@pytest.mark.parametrize("prompts", [None, {}, {"goal": "", "baseline": "x"}])
def test_a_task_without_prompts_is_refused(encoder, prompts):
    with pytest.raises(UserError, match=r"add prompts\.goal"):
        TextGoal(SETTINGS).embed(encoder, prompts)


@pytest.mark.parametrize("keep", [0, 10, -1])
def test_a_truncated_target_is_refused_by_name(tmp_path, encoder, keep):
    file = tmp_path / "t.safetensors"
    TextGoal(SETTINGS).embed(encoder, PROMPTS).save(file)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"t\.safetensors is not a target with stages"):
        Target.load(file)


def test_another_safetensors_file_is_refused_by_name(tmp_path):
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros(3, dtype=np.float32)}, tmp_path / "t.safetensors")
    with pytest.raises(UserError, match=r"t\.safetensors is not a target with stages"):
        Target.load(tmp_path / "t.safetensors")
