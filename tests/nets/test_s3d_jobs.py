"""The jobs around an S3D, chained as the workflow chains them: film and train, show or tell."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from showtell.demos.demo import Demo
from showtell.goals.goal import Target
from showtell.jobs import embed_goal, fetch_encoder, train_encoder
from showtell.project.errors import UserError
from tests.data.test_world_clips import METAWORLD
from tests.nets.s3d_models import RECIPE, SMALL, noise

DATASET = {
    "kind": "world_clips", "tasks": {"drawer-close": 8}, "other_views": 0.2, "held_out": 0.25,
    "nouns": False,
    "hands": 4,
}  # fmt: skip
TRAINING = RECIPE | {"dataset": DATASET, "steps": 3, "batch": 4}
CAMERA = {"name": "corner2-crop", "quality": "fast", "mirrored": False}
NAMES = {
    "weights": "model.safetensors",
    "network": "model.json",
    "training": "training.csv",
    "metrics": "metrics.json",
}


def train(folder: Path) -> Path:
    job = {"encoder": SMALL, "training": TRAINING, "root": 0, "address": ["encoder", "s3d"]}
    job["tasks"] = {"drawer-close": {"world": METAWORLD, "camera": CAMERA}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "off")
        train_encoder.run(job, {}, {output: folder / name for output, name in NAMES.items()})
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return train(tmp_path_factory.mktemp("s3d"))


TEXT = {"kind": "text", "encoder": "s3d", "sentence": "goal"}
PROMPT = "robot closing green drawer"


def embed(
    folder: Path, goal: dict[str, Any], sentence: str = PROMPT, **inputs: list[Path]
) -> Target:
    at = ["goal", "my-goal", "drawer-close"]
    job = {"goal": goal, "encoder": SMALL, "task": None, "root": 0, "address": at}
    job["prompts"] = {"goal": sentence} if goal["kind"] == "text" else None
    files = {"encoder": [folder / NAMES["weights"]], "network": [folder / NAMES["network"]]}
    embed_goal.run(job, files | inputs, {"target": folder / "target"})
    return Target.load(folder / "target")


def test_training_films_the_tasks_and_leaves_its_story(folder):
    rows = list(csv.DictReader((folder / "training.csv").open()))
    assert [int(row["step"]) for row in rows] == [1, 2, 3]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["clips"] == 7  # a quarter of 8 films and 5 x 4 cartoons
    assert 0 <= metrics["video_to_text"] <= 1
    assert "which the public S3D has not" in metrics["note"]


def test_training_again_writes_the_same_bytes(folder, tmp_path):
    train(tmp_path)
    for name in NAMES.values():
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_goal_is_told_or_shown_or_both(folder, tmp_path):
    Demo(frames=noise(2), about={"made_by": "noise"}).save(tmp_path / "demo.npz")
    demo = [tmp_path / "demo.npz"]
    told = embed(folder, TEXT)
    video = {"kind": "video", "encoder": "s3d", "demo": "noise", "demos": 1, "combine": "sum"}
    shown = embed(folder, video, demo=demo)
    edited = {"kind": "edited", "encoder": "s3d", "demo": "noise", "minus": "robot",
              "plus": "robot"}  # fmt: skip
    both = embed(folder, edited, demo=demo)
    assert not np.allclose(told.goal, shown.goal)
    np.testing.assert_allclose(both.goal, shown.goal, atol=1e-6)


def test_a_sentence_in_unknown_words_is_refused_with_its_place_and_the_words(folder):
    """Of its words, none is a content word that the network knows."""
    with pytest.raises(UserError) as refused:
        embed(folder, TEXT, "please tidy up the kitchen")
    message = str(refused.value)
    assert message.startswith("tasks.drawer-close.prompts.goal: 'please tidy up the kitchen'")
    for word in ("tidy", "kitchen", "encoders.s3d"):
        assert word in message
    assert "'please'" not in message.split("At least")[0].split(":", 2)[2]


def test_words_of_an_edited_goal_must_be_known_too(folder, tmp_path):
    Demo(frames=noise(2), about={"made_by": "noise"}).save(tmp_path / "demo.npz")
    edited = {"kind": "edited", "encoder": "s3d", "demo": "noise", "minus": "robot",
              "plus": "purple sofa"}  # fmt: skip
    with pytest.raises(UserError, match=r"^goals\.my-goal\.plus: 'purple sofa'.*purple"):
        embed(folder, edited, demo=[tmp_path / "demo.npz"])


def test_a_sentence_with_few_unknown_words_is_embedded_and_they_are_named(folder, caplog):
    target = embed(folder, TEXT, "the robot closing a green drawer gently")
    assert target.source["unknown_words"] == ["a", "gently", "the"]
    assert target.source["known_words"] == pytest.approx(4 / 5)
    assert any("gently" in record.getMessage() for record in caplog.records)


def test_a_fetched_network_that_stays_random_needs_no_simulator(tmp_path, monkeypatch):
    """The ablation: the published words, random weights, the same for the same seed."""
    monkeypatch.setenv("SHOWTELL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    words = np.array([*"abcdefgh", *(f"word{n}" for n in range(66_241))], dtype="<U22")
    np.save(tmp_path / "s3d_dict.npy", words)
    assert (tmp_path / "s3d_dict.npy").stat().st_size == 5_830_040  # the published size
    encoder = SMALL | {"pretrained": "random", "source": str(tmp_path)}
    encoder["architecture"] = {"width": 1, "dimensions": 512, "word_dimensions": 300,
                               "text_hidden": 2048}  # fmt: skip
    tensors = []
    for seed in (0, 0, 1):
        job = {"encoder": encoder, "root": seed, "address": ["encoder", "s3d-random"]}
        outputs = {"weights": tmp_path / "model", "network": tmp_path / "model.json"}
        fetch_encoder.run(job, {}, outputs)
        tensors.append((tmp_path / "model").read_bytes())
    assert tensors[0] == tensors[1] != tensors[2]
