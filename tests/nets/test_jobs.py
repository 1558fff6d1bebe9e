"""The jobs around a network, chained as the workflow chains them: train, embed, measure."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from showtell.jobs import embed_goal, fetch_encoder, measure, train_encoder
from showtell.project.errors import UserError
from tests.nets.models import SMOKE
from tests.training.test_clip import RECIPE

DATASET = RECIPE["dataset"] | {"cartpole": 200, "mountain_car": 40}
TRAINING = RECIPE | {"dataset": DATASET, "steps": 25, "batch": 16}
GOAL = {"kind": "text", "encoder": "clip", "sentence": "goal"}
PROMPTS = {"goal": "pole vertically upright on top of the cart", "baseline": "pole and cart"}
TASK: dict[str, Any] = {
    "world": {
        "kind": "cartpole",
        "horizon": 200,
        "wrap_state": True,
        "ends_when_fallen": False,
        "end": "terminal",
        "observe_time": False,
        "fallen_reward": 0.0,
        "falling_reward": 1.0,
    },
    "camera": {
        "native": {"width": 600, "height": 400},
        "name": "default",
        "quality": "faithful",
        "mirrored": False,
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A trained network and a goal embedded with it."""
    folder = tmp_path_factory.mktemp("project") / "results" / "smoke" / "models" / "clip"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "off")
        train(folder)
    embed(folder)
    return folder


def train(
    folder: Path, encoder: dict[str, Any] = SMOKE, training: dict[str, Any] = TRAINING
) -> None:
    names = {
        "weights": "model.safetensors",
        "network": "model.json",
        "training": "training.csv",
        "metrics": "metrics.json",
    }
    train_encoder.run(
        {
            "encoder": encoder,
            "training": training,
            "tasks": {},
            "root": 0,
            "address": ["encoder", "clip"],
        },
        {},
        {output: folder / name for output, name in names.items()},
    )


def embed(folder: Path, encoder: dict[str, Any] = SMOKE, target: str = "target") -> None:
    job = {"goal": GOAL, "encoder": encoder, "prompts": PROMPTS, "task": None, "picture": None}
    embed_goal.run(
        job | {"root": 0, "address": ["goal"]},
        {"encoder": [folder / "model.safetensors"], "network": [folder / "model.json"]},
        {"target": folder / f"{target}.safetensors"},
    )


def table_of(
    folder: Path,
    study: dict[str, Any],
    rewards: dict[str, Any],
    encoder: dict[str, Any] | None,
) -> list[Any]:
    """The study on one task; without an encoder there is no goal either."""
    inputs, context = {}, {"goals": {}, "targets": [], "encoders": {}, "demos": []}
    if encoder is not None:
        context |= {
            "goals": {"sentence": {"encoder": "clip", "picture": encoder["picture"]}},
            "targets": [{"goal": "sentence", "task": "cartpole"}],
            "encoders": {"clip": encoder},
        }
        inputs = {
            "encoders": [folder / "model.safetensors"],
            "networks": [folder / "model.json"],
            "targets": [folder / "target.safetensors"],
        }
    measure.run(
        {
            "study": study | {"methods": list(rewards)},
            "task": TASK | {"name": "cartpole"},
            "rewards": rewards,
            "variants": {},
            "order": list(rewards),
            "controls": [],
            "picture": {"width": 600, "height": 400},
            "root": 0,
            "address": ["vlm_rm", "cartpole", "cartpole", "study"],
            **context,
        },
        inputs,
        {"table": folder / "study.csv", "strips": folder / "study.npz"},
    )
    return list(csv.DictReader((folder / "study.csv").open()))


def test_training_leaves_its_story_and_is_honest_about_itself(folder):
    rows = list(csv.DictReader((folder / "training.csv").open()))
    assert [int(row["step"]) for row in rows] == list(range(1, 26))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    metrics = json.loads((folder / "metrics.json").read_text())
    network = json.loads((folder / "model.json").read_text())
    assert 0 <= metrics["image_to_text"] <= 1
    assert "simulator" in metrics["note"]
    assert network["note"] == metrics["note"]
    assert network["recipe"]["steps"] == 25


def test_training_again_writes_the_same_bytes(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "off")
    train(tmp_path)
    for name in ("model.safetensors", "model.json", "training.csv", "metrics.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def landscape(folder: Path, encoder: dict[str, Any]) -> dict[str, np.ndarray]:
    """Method -> rewards at angles from -3 to 3 rad."""
    study = {"kind": "landscape", "variable": "pole_angle", "low": -3, "high": 3, "points": 121}
    rewards = {
        f"text-alpha{alpha}": {"kind": "clip", "goal": "sentence", "alpha": alpha}
        for alpha in (0.0, 0.5, 1.0)
    }
    rows = table_of(folder, study, rewards, encoder)
    return {
        method: np.array([float(row["reward"]) for row in rows if row["method"] == method])
        for method in rewards
    }


def test_a_trained_network_and_a_goal_give_a_landscape_for_each_strength(folder):
    found = landscape(folder, SMOKE)
    assert [len(rewards) for rewards in found.values()] == [121] * 3
    assert not np.allclose(found["text-alpha0.0"], found["text-alpha1.0"])


@pytest.mark.slow
def test_the_mini_stand_in_pays_an_upright_pole_most_and_less_the_further_it_falls(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "off")
    mini = {"architecture": "showtell-mini", "picture": {"width": 64, "height": 64}}
    encoder = SMOKE | mini
    dataset = DATASET | {"cartpole": 5000, "mountain_car": 1000}
    dataset |= {"looseness": 1.4, "held_out": 0.1}
    train(tmp_path, encoder, RECIPE | {"dataset": dataset, "steps": 400, "batch": 64})
    embed(tmp_path, encoder)
    angles = np.linspace(-3, 3, 121)
    for rewards in landscape(tmp_path, encoder).values():
        assert abs(angles[rewards.argmax()]) <= 0.1
        for side in (angles >= 0, angles <= 0):
            assert spearmanr(np.abs(angles[side]), rewards[side]).statistic < -0.85
            near = side & (np.abs(angles) <= 0.3)
            assert spearmanr(np.abs(angles[near]), rewards[near]).statistic < -0.8


def test_rewards_without_a_goal_are_measured_without_a_network(folder):
    rewards = {"ground-truth": {"kind": "true_reward"}, "zero": {"kind": "zero"}}
    rows = table_of(folder, {"kind": "epic", "states": 200, "against": "criteria"}, rewards, None)
    alone = [row for row in rows if row["against"] == "success" and not row["versus"]]
    by_method = {row["method"]: row for row in alone}
    assert float(by_method["ground-truth"]["epic"]) == pytest.approx(0, abs=1e-6)
    assert by_method["zero"]["epic"] == ""


def test_another_preprocessing_than_the_trained_one_is_refused(folder):
    with pytest.raises(UserError, match="preprocessing"):
        embed(folder, SMOKE | {"fit": "crop"}, "other")


def test_fetching_what_has_no_name_to_fetch_is_refused(tmp_path):
    with pytest.raises(UserError, match="neither pretrained weights nor a recipe"):
        fetch_encoder.run(
            {"encoder": SMOKE, "root": 0, "address": ["encoder", "clip"]},
            {},
            {"weights": tmp_path / "w", "network": tmp_path / "n"},
        )
