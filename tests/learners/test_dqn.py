import numpy as np
import pytest
import torch
from pydantic import ValidationError
from stable_baselines3 import DQN

from showtell.learners import policies
from showtell.learners.dqn import Dqn, DqnSettings
from showtell.learners.learner import TrainingInputs
from showtell.learners.progress import csv_of
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.worlds.classic_control.world import CartPole, CartPoleSettings
from tests.learners.classroom import (
    SETTINGS,
    KilledError,
    Mortal,
    True_,
    assignment,
    draw,
    learner,
    nowhere,
    settings,
)

CARTPOLE = CartPoleSettings(
    kind="cartpole", horizon=50, end="terminal", observe_time=False, wrap_state=True,
    ends_when_fallen=False, fallen_reward=0.0, falling_reward=1.0,
)  # fmt: skip


def files(trained) -> tuple[bytes, str, dict]:
    arrays = policies.together(trained.weights, trained.best.weights)
    weights = b"".join(array.tobytes() for array in arrays.values())
    return weights, csv_of(trained.progress), trained.metrics


def train(folder, reward, **changes):
    changed = {"steps": 2000, "train_freq": 50, "learning_starts": 300, "gradient_steps": 10,
               "buffer": 1100, "batch": 16, "target_update_interval": 7, "tau": 0.3}  # fmt: skip
    work = TrainingInputs(lambda: CartPole(CARTPOLE), reward, draw, root=3, address=("a", 1))
    with Resume(folder / ".resume", "job") as resume:
        return Dqn(settings(**(changed | changes))).train(work, resume, nowhere)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return files(train(tmp_path_factory.mktemp("undisturbed"), Mortal(True_())))


@pytest.mark.parametrize("deaths", [[1], [5], [12, 4], [19], [3, 3, 3, 3]])
@pytest.mark.parametrize("every", [100, 350])
def test_killed_and_resumed_training_ends_with_the_same_bits(tmp_path, undisturbed, deaths, every):
    for dies_at in deaths:
        with pytest.raises(KilledError):
            train(tmp_path, Mortal(True_(), dies_at), checkpoint_every=every)
    resumed = train(tmp_path, Mortal(True_()), checkpoint_every=every)
    assert files(resumed) == undisturbed


def test_a_resumed_training_does_not_begin_again(tmp_path):
    with pytest.raises(KilledError):
        train(tmp_path, Mortal(True_(), 15), checkpoint_every=100)
    steps = []
    work = assignment(Mortal(True_()), lambda: CartPole(CARTPOLE))
    with Resume(tmp_path / ".resume", "job") as resume:
        Dqn(settings(steps=2000, train_freq=50, log_every=100, buffer=1100)).train(
            work, resume, lambda step, values: steps.append(step)
        )
    assert steps[0] == 1600  # checkpointed at 1500, killed in the sixteenth rollout


def test_other_seeds_give_other_policies(tmp_path, undisturbed):
    work = TrainingInputs(lambda: CartPole(CARTPOLE), True_(), draw, root=3, address=("a", 2))
    with Resume(tmp_path / ".resume", "job") as resume:
        other = Dqn(settings(train_freq=50, buffer=1100)).train(work, resume, nowhere)
    assert files(other)[0] != undisturbed[0]


def test_a_saved_policy_acts_as_the_trained_one(tmp_path, monkeypatch):
    models = []
    original = DQN.learn
    monkeypatch.setattr(DQN, "learn", lambda self, *a, **k: models.append(original(self, *a, **k)))
    trained = train(tmp_path, True_())
    weights, network = tmp_path / "policy.safetensors", tmp_path / "policy.json"
    policies.save(weights, network, trained.weights, trained.network)
    observations = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32)
    expected, _ = models[0].predict(observations, deterministic=True)
    np.testing.assert_array_equal(policies.load(weights, network).act(observations), expected)
    assert 50 < expected.sum() < 450  # both actions occur


def test_fine_tuning_starts_from_the_given_policy(tmp_path):
    first = train(tmp_path / "first", True_())
    work = TrainingInputs(
        lambda: CartPole(CARTPOLE), True_(), draw, root=3, address=("b",), start=first.weights
    )
    still = settings(train_freq=50, buffer=1100, learning_starts=110)  # never updates but once
    with Resume(tmp_path / "second", "job") as resume:
        second = Dqn(still).train(work, resume, nowhere)
    distances = {
        name: np.abs(second.weights[name] - first.weights[name]).max() for name in first.weights
    }
    assert max(distances.values()) < 0.1


def test_it_learns_from_rewards_on_the_scale_of_the_first_rollout(tmp_path, monkeypatch):
    models = []
    original = DQN.learn
    monkeypatch.setattr(DQN, "learn", lambda self, *a, **k: models.append(original(self, *a, **k)))
    train(tmp_path, True_(), buffer=2000, reward_scale="first_rollout")
    first, later = np.split(models[0].replay_buffer.rewards, [50])
    assert first.max() == 0  # the true reward is 0 or 1
    assert first.std() == pytest.approx(1, rel=1e-4)
    assert set(np.unique(later)) == set(np.unique(first))


def test_it_learns(tmp_path):
    """The action that pays is 1: after training the greedy policy takes it."""
    with Resume(tmp_path / ".resume", "job") as resume:
        trained = learner(steps=400, gradient_steps=20).train(assignment(True_()), resume, nowhere)
    policies.save(tmp_path / "w.safetensors", tmp_path / "n.json", trained.weights, trained.network)
    policy = policies.load(tmp_path / "w.safetensors", tmp_path / "n.json")
    observations = np.array([[e, t] for e in (0, 500, 999) for t in range(5)], dtype=np.float32)
    assert policy.act(observations).all()
    assert trained.updates == 20 * 19


def test_progress_goes_to_the_sink_as_it_is_made(tmp_path):
    seen = {}
    with Resume(tmp_path / ".resume", "job") as resume:
        trained = learner().train(assignment(), resume, seen.__setitem__)
    rows = {row.step: row for row in trained.progress}
    assert list(seen) == [20, 40, 60, 80, 100, 120]  # every rollout says how far it is
    shown = {step: values for step, values in seen.items() if values}
    assert list(shown) == [40, 80, 120]
    for step, values in shown.items():
        assert values | {"step": step} == values | rows[step]._asdict() | {"step": step}
        assert values.keys() >= {"episodes", "true_return", "learned_return", "success"}
    assert "train/loss" in seen[120]


def test_an_update_in_mid_episode_is_refused_with_the_nearest_multiple(tmp_path):
    complaint = "every 12 steps.*has 5.*train_freq.*e.g. 15"
    with Resume(tmp_path / ".resume", "x") as resume, pytest.raises(UserError, match=complaint):
        learner(train_freq=12).train(assignment(), resume, nowhere)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"buffer": 19}, "buffer holds 19.*at least 20"),
        ({"learning_starts": 120}, "nothing is learned"),
        ({"batch": 0}, "greater than 0"),
        ({"gamma": 1.1}, "less than or equal to 1"),
        ({"hidden": []}, "at least 1"),
        ({"epsilon": 0.1}, "not permitted"),
    ],
)
def test_impossible_settings_are_refused(change, complaint):
    with pytest.raises(ValidationError, match=complaint):
        settings(**change)


def test_no_setting_has_a_default():
    assert all(field.is_required() for field in DqnSettings.model_fields.values())
    assert set(DqnSettings.model_fields) == set(SETTINGS)


def test_training_uses_one_thread(tmp_path):
    torch.set_num_threads(2)
    with Resume(tmp_path / ".resume", "job") as resume:
        learner().train(assignment(), resume, nowhere)
    assert torch.get_num_threads() == 1
