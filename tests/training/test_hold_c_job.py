"""HOLD-C through the job of the workflow: videos drawn, archived, read, packed, learned from."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from showtell.jobs import fetch_encoder, train_encoder
from showtell.nets.encoder import load
from showtell.nets.hold_c import HoldCSettings
from tests.training.test_hold_c import RECIPE, SETTINGS

NAMES = {
    "weights": "model.safetensors",
    "network": "model.json",
    "training": "training.csv",
    "metrics": "metrics.json",
}
VIDEOS = {"kind": "videos", "videos": "people"}


def outputs(folder: Path) -> dict[str, Path]:
    return {output: folder / name for output, name in NAMES.items()}


def train(folder: Path, shards: Path) -> Path:
    recipe = RECIPE | {"dataset": VIDEOS, "steps": 4, "batch": 4}
    job = {"encoder": SETTINGS, "training": recipe, "root": 0, "address": ["encoder", "hold-c"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "off")
        train_encoder.run(job | {"tasks": {}}, {"videos": [shards]}, outputs(folder))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shards) -> Path:
    return train(tmp_path_factory.mktemp("hold-c"), shards)


def test_a_network_is_trained_on_videos_and_measured_on_held_out_ones(folder):
    rows = list(csv.DictReader((folder / "training.csv").open()))
    assert [int(row["step"]) for row in rows] == [1, 2, 3, 4]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["videos"] == 2  # of 20 every tenth is held out
    assert -1 <= metrics["spearman"] <= 1
    assert "spearman_pixels" in metrics
    assert "neither the robot" in metrics["note"]
    encoder = load(
        HoldCSettings.model_validate(SETTINGS), folder / NAMES["weights"], folder / NAMES["network"]
    )
    assert encoder.image(np.zeros((2, 30, 40, 3), np.uint8)).shape == (2, 8)


def test_training_again_writes_the_same_bytes(folder, shards, tmp_path):
    train(tmp_path, shards)
    for name in NAMES.values():
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_an_untrained_network_is_the_baseline_of_its_seed(tmp_path):
    job = {
        "encoder": SETTINGS | {"pretrained": "random"}, "root": 0, "address": ["encoder", "random"],
    }  # fmt: skip
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        files = {key: folder / NAMES[key] for key in ("weights", "network")}
        fetch_encoder.run(job, {}, files)
    for key in ("weights", "network"):
        one, two = ((tmp_path / name / NAMES[key]).read_bytes() for name in ("one", "two"))
        assert one == two
