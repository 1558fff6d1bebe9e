"""SAC in the worlds that VLM-RM and HOLD train it in, from the learners in `params.yaml`."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from showtell.learners import policies
from showtell.learners.learner import TrainingInputs
from showtell.learners.sac import Sac, SacSettings
from showtell.project.checkpoints import Resume
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.studies.rollouts import play, scores
from showtell.study.loading import resolved
from showtell.study.registry import build, part
from showtell.study.yaml_files import read_yaml
from showtell.worlds.world import World
from tests.learners.classroom import KilledError, Mortal, True_, nowhere
from tests.learners.test_dqn import files

PARAMS = read_yaml(Path(__file__).resolve().parents[2] / "params.yaml")
LEARNERS = resolved(PARAMS, "params.yaml")["learners"]
DESK = read_yaml(Path(__file__).resolve().parents[2] / "workflow/scales/desk.yaml")
SMALL = DESK["learners"]["sac-mountain-car"]


def world(task: str) -> World:
    values = PARAMS["tasks"][task]["world"]
    return build("worlds", part("worlds", values["kind"]).settings.model_validate(values))


def train(folder, learner, task, reward, *, draw=None, view=None, seed=0, **changes):
    settings = SacSettings.model_validate(LEARNERS[learner] | changes)
    make = partial(world, task)
    work = TrainingInputs(make, reward, draw, root=seed, address=("test",), view=view)
    with Resume(folder / ".resume", "job") as resume:
        return Sac(settings).train(work, resume, nowhere)


def policy_of(trained, folder):
    paths = folder / "policy.safetensors", folder / "policy.json"
    policies.save(*paths, trained.weights, trained.network)
    return policies.load(*paths)


@pytest.mark.slow  # about 20 s of CPU time
@pytest.mark.parametrize("seed", [100])
def test_mountain_car_is_solved_from_the_true_reward(tmp_path, seed):
    task = "mountain-car"
    trained = train(tmp_path, "sac-mountain-car", task, True_(), seed=seed, **SMALL)
    policy = policy_of(trained, tmp_path)
    for how in ("deterministic", "stochastic"):
        played = play(partial(world, task), policy, how, 20, seed, ("test",))
        successes = [scores(episode, world(task))["success"] for episode in played]
        assert np.mean(successes) >= 0.9, how


def test_a_killed_mountain_car_training_ends_with_the_same_bits(tmp_path):
    small = SMALL | {
        "steps": 4800, "train_freq": 200, "gradient_steps": 10, "batch": 16, "buffer": 3200,
        "hidden": [8], "learning_starts": 800, "checkpoint_every": 800, "log_every": 800,
    }  # fmt: skip
    run = partial(train, learner="sac-mountain-car", task="mountain-car", **small)
    undisturbed = files(run(tmp_path / "undisturbed", reward=Mortal(True_())))
    for dies_at in (2, 3):
        with pytest.raises(KilledError):
            run(tmp_path / "killed", reward=Mortal(True_(), dies_at))
    assert files(run(tmp_path / "killed", reward=Mortal(True_()))) == undisturbed


def test_a_dvd_drawer_is_learned_and_played_from_pictures(tmp_path):
    task, table = "dvd-close-drawer", world("dvd-close-drawer")
    view = View(180, 120, "default", "fast", mirrored=True)
    pictures = {
        "width": 48, "height": 32, "encoder": "small", "sharing": "shared",
        "shift": {"pixels": 2, "drawn": "per_sample", "border": "edge"},
    }  # fmt: skip
    small = {
        "steps": 360, "environments": 2, "learning_starts": 120, "gradient_steps": 10, "batch": 16,
        "buffer": 1000, "hidden": [32], "pictures": pictures, "checkpoint_every": 120,
        "log_every": 120,
    }  # fmt: skip
    with RenderPool(table.scene, table.scene_settings(), workers=1) as pool:
        run = partial(train, learner="sac-hold", task=task, draw=pool.draw, view=view, **small)
        undisturbed = run(tmp_path / "undisturbed", reward=Mortal(True_()))
        with pytest.raises(KilledError):
            run(tmp_path / "killed", reward=Mortal(True_(), 2))
        assert files(run(tmp_path / "killed", reward=Mortal(True_()))) == files(undisturbed)
        policy = policy_of(undisturbed, tmp_path)
        (played,) = play(partial(world, task), policy, "deterministic", 1, 0, ("test",), pool.draw)
    assert undisturbed.updates == 20
    assert len(played.true_rewards) == 60
    assert policy.network.pictures.view == view._replace(width=48, height=32)


@pytest.mark.parametrize("learner", [name for name in LEARNERS if name.startswith("sac-")])
def test_the_published_settings_are_settings(learner):
    SacSettings.model_validate(LEARNERS[learner])
