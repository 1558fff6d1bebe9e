"""HOLD-R through the job of the workflow, and used by a rendered goal and by its reward."""

import json
from pathlib import Path

import numpy as np
import pytest

from showtell.goals.goal import Drawing, Target
from showtell.goals.rendered import RenderedGoal, RenderedSettings
from showtell.jobs import train_encoder
from showtell.nets.encoder import load
from showtell.rendering.scene import View
from showtell.rewards.distance import DistanceReward, DistanceRewardSettings
from showtell.rewards.reward import Episodes
from showtell.studies.study import CachedEncoder, cached
from tests.nets.models import smoke_encoder
from tests.nets.test_hold_r import SETTINGS, network, settings
from tests.training.test_hold_c_job import NAMES, VIDEOS, outputs
from tests.training.test_hold_r import RECIPE


def train(folder: Path, shards: Path) -> Path:
    recipe = RECIPE | {"dataset": VIDEOS, "steps": 4, "batch": 4}
    job = {"encoder": SETTINGS, "training": recipe, "root": 0, "address": ["encoder", "hold-r"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "off")
        train_encoder.run(job | {"tasks": {}}, {"videos": [shards]}, outputs(folder))
    return folder


def test_a_network_is_trained_on_videos_and_measured_on_held_out_ones(tmp_path, shards):
    train(tmp_path, shards)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["videos"] == 2
    assert metrics["squared"] > 0
    assert "neither the robot" in metrics["note"]
    distance = load(settings(), tmp_path / NAMES["weights"], tmp_path / NAMES["network"])
    assert distance.history == 2


class _World:
    """A world with one picture of its solved task."""

    def goal_snapshots(self, seed):
        return np.zeros((1, 3))


def test_a_reward_measures_the_distance_to_a_rendered_goal(monkeypatch):
    draws = np.random.default_rng(0)
    picture = draws.integers(0, 256, (1, 24, 24, 3), dtype=np.uint8)
    goal = RenderedGoal(RenderedSettings(kind="rendered", encoder="hold-r", stages="last", seed=0))
    monkeypatch.setattr("showtell.goals.rendered.ShowsGoals", _World)
    drawing = Drawing(_World(), lambda moments, view: picture, View(24, 24))
    distance = network()
    target: Target = goal.embed(distance, None, drawing=drawing)
    (stage,) = target.stages
    assert stage.embedding is None
    reward = DistanceReward(
        DistanceRewardSettings(
            kind="distance", goal="picture", distance="network", baseline="goal",
            form="cumulative", gamma=0.9, divisor=3, normalise="fixed", threshold=1.0,
            threshold_of="fixed", patience=3, stage_offset=0,
        ),
        target=target, encoder=cached(distance), view=View(24, 24),
    )  # fmt: skip
    assert reward.reads.start  # its history begins at the frame of the reset
    frames = draws.integers(0, 256, (1, 4, 24, 24, 3), dtype=np.uint8)
    none = np.zeros((1, 3), np.float32)
    episodes = Episodes(
        observations=np.zeros((1, 3, 2), np.float32), actions=np.zeros((1, 3, 1), np.float32),
        true_rewards=none, successes=none.astype(bool), frames=frames[:, 1:],
        start_frames=frames[:, 0],
    )  # fmt: skip
    histories = np.stack([frames[0, step : step + 2] for step in range(3)])
    of = distance.between(np.concatenate([histories, picture[None].repeat(2, 1)]), stage)
    np.testing.assert_allclose(
        reward.score(episodes)[0], -np.maximum(0, of[:3] - of[3]) / 3, rtol=1e-4, atol=1e-5
    )


def test_studies_encode_once_but_leave_distances_as_they_are():
    distance = network()
    assert cached(distance) is distance
    assert isinstance(cached(smoke_encoder()), CachedEncoder)
