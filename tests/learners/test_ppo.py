from dataclasses import replace

import numpy as np
import pytest
import stable_baselines3
import torch
from pydantic import ValidationError
from stable_baselines3.common.vec_env import DummyVecEnv

from showtell.learners import policies
from showtell.learners.policies import Network, Policy
from showtell.learners.ppo import PpoSettings
from showtell.learners.progress import csv_of
from showtell.learners.sb3.ppo import CRITIC, TunedPpo
from showtell.learners.sb3.rollouts import weights_of
from showtell.nets.modules.adam import FusedAdam
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.project.seeds import seed
from showtell.rewards.reward import Reads
from showtell.worlds.world import SeededEpisodes
from tests.learners.classroom import (
    CLONING,
    PPO,
    Aim,
    Clock,
    KilledError,
    Mortal,
    True_,
    assignment,
    nowhere,
    pointing,
    ppo,
)

OBSERVATIONS = np.random.default_rng(1).uniform(-1, 1, (200, 3)).astype(np.float32)


class Fading:
    """A reward that learns: it remembers the mean of all it was shown, and pays against it."""

    reads = Reads()

    def __init__(self):
        self.mean, self.count, self.shown = np.zeros(1, dtype=np.float32), 0, []
        self.likely = []

    def learn(self, episodes):
        before = episodes.states[:, :-1].reshape(-1, 3)
        done = episodes.actions.reshape(-1, 2)
        self.likely.append([episodes.log_prob_of(before, done + by) for by in (0, 0.5)])
        self.count += 1
        self.mean += (episodes.true_rewards.mean() - self.mean) / self.count
        self.shown.append(episodes)
        return {"mean": float(self.mean[0])}

    def score(self, episodes):
        return episodes.true_rewards - self.mean + np.float32(1e-2 * self.count)

    def state(self):
        return {"mean": self.mean, "count": self.count}

    def restore(self, state):
        self.mean, self.count = state["mean"].copy(), state["count"]


class MortalFading(Mortal):
    """It learns, and dies."""

    def learn(self, episodes):
        return self.reward.learn(episodes)

    def state(self):
        return self.reward.state()

    def restore(self, state):
        self.reward.restore(state)


def files(trained) -> tuple[bytes, str, dict]:
    arrays = policies.together(trained.weights, trained.best.weights)
    weights = b"".join(array.tobytes() for array in arrays.values())
    return weights, csv_of(trained.progress), trained.metrics


def train(folder, reward=None, sink=nowhere, make_world=Aim, work=None, **changes):
    work = {"address": ("a", 1)} | (work or {})
    with Resume(folder / ".resume", "job") as resume:
        return ppo(**changes).train(assignment(reward or True_(), make_world, **work), resume, sink)


def acts(trained, weights=None) -> Policy:
    return Policy(Network.model_validate(trained.network), weights or trained.weights)


def actor_and_critic(weights):
    critic = {name for name in weights if name.startswith(CRITIC)}
    return {n: weights[n] for n in weights if n not in critic}, {n: weights[n] for n in critic}


def same(left, right) -> bool:
    return all(np.array_equal(left[name], right[name]) for name in left)


# --- labels ---


@pytest.fixture
def buffers(monkeypatch):
    """Every rollout as it was learned from."""
    seen = []
    original = TunedPpo.train

    def watched(self):
        buffer = self.rollout_buffer
        kept = {n: getattr(buffer, n).copy() for n in ("observations", "rewards", "returns")}
        last = torch.tensor(np.array([[*aim, 1.0] for aim in kept["observations"][3, :, :2]]))
        kept["beyond"] = self.policy.predict_values(last.float()).detach().numpy()[:, 0]
        seen.append(kept)
        original(self)

    monkeypatch.setattr(TunedPpo, "train", watched)
    return seen


class Late:
    """Pays where the aim was, at the last step alone."""

    reads = Reads()

    def score(self, episodes):
        labels = np.zeros(episodes.true_rewards.shape, dtype=np.float32)
        labels[:, -1] = 10 * episodes.observations[:, -1, 0]
        return labels


@pytest.mark.parametrize("end", ["terminal", "truncated"])
def test_what_is_paid_at_the_end_reaches_every_step_and_nothing_follows_it(tmp_path, buffers, end):
    train(tmp_path, Late(), make_world=lambda: Aim(end=end), gae_lambda=1.0)
    assert len(buffers) == 10
    for buffer in buffers:
        aims = 10 * buffer["observations"][..., 0]
        left = np.array([3, 2, 1, 0, 3, 2, 1, 0])[:, None]  # steps to the end of the episode
        np.testing.assert_array_equal(buffer["rewards"], np.where(left == 0, aims, 0))
        np.testing.assert_allclose(buffer["returns"], 0.9**left * aims, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("end", ["terminal", "truncated"])
def test_as_published_the_critics_opinion_of_the_last_state_is_paid_too(tmp_path, buffers, end):
    train(
        tmp_path, Late(), make_world=lambda: Aim(end=end), gae_lambda=1.0,
        bootstrap_at_horizon=True,
    )  # fmt: skip
    for buffer in buffers:
        ends = 10 * buffer["observations"][3, :, 0] + 0.9 * buffer["beyond"]
        np.testing.assert_allclose(buffer["rewards"][3], ends, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(buffer["returns"][0], 0.9**3 * ends, rtol=1e-4, atol=1e-5)


def test_as_published_it_is_stable_baselines_own_ppo(tmp_path):
    """On a time-limited world that pays by itself, theirs and ours do the same."""
    trained = train(tmp_path, make_world=lambda: Aim(end="truncated"), bootstrap_at_horizon=True)
    worlds = [SeededEpisodes(Aim(end="truncated"), 1, "a", 1, "environment", n) for n in (0, 1)]
    theirs = stable_baselines3.PPO(
        "MlpPolicy",
        DummyVecEnv([lambda world=world: world for world in worlds]),
        learning_rate=1e-3, n_steps=8, batch_size=8, n_epochs=2, gamma=0.9, gae_lambda=0.8,
        ent_coef=0.01, seed=seed(1, "a", 1, "learner"), device="cpu",
        policy_kwargs={  # torch's own Adam takes seconds to import
            "net_arch": [8], "log_std_init": -0.5, "optimizer_class": FusedAdam,
            "optimizer_kwargs": {"eps": 1e-5},
        },
    )  # fmt: skip
    theirs.learn(160)
    for name, tensor in theirs.policy.state_dict().items():
        np.testing.assert_allclose(trained.weights[name], tensor.numpy(), rtol=1e-3, atol=1e-5)


def test_a_reward_that_learns_is_taught_before_it_scores(tmp_path):
    reward, seen = Fading(), {}
    train(tmp_path, reward, sink=seen.__setitem__)
    assert reward.count == 10
    assert "reward/mean" in seen[160]
    episodes = reward.shown[0]
    assert episodes.states.shape == (4, 5, 3)
    np.testing.assert_array_equal(episodes.starts[:, 2], 0)  # the time, right after a reset
    np.testing.assert_array_equal(episodes.observations[:, -1, 2], 1)
    assert np.abs(episodes.actions).max() <= np.float32(0.8)  # as the world was given them


def test_a_reward_can_ask_how_likely_the_policy_does_something(tmp_path):
    reward = Fading()
    train(tmp_path, reward, log_std_init=-4.0)  # nothing is clipped
    for episodes, (as_done, otherwise) in zip(reward.shown, reward.likely, strict=True):
        np.testing.assert_allclose(as_done, episodes.log_probs.ravel(), rtol=1e-3, atol=1e-3)
        assert (otherwise < as_done - 100).all()


# --- interruptions ---

EVERYTHING = {"reward_scale": "running", "decay": "linear", "cloning": CLONING, "refit_critic": 3}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return train(tmp_path_factory.mktemp("first")).weights


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, first):
    work = {"start": first, "demo": pointing()}
    folder = tmp_path_factory.mktemp("undisturbed")
    return files(train(folder, MortalFading(Fading()), work=work, **EVERYTHING))


@pytest.mark.parametrize("deaths", [[1], [5], [7, 2], [2, 2, 2, 2]])
@pytest.mark.parametrize("every", [16, 48])
def test_killed_and_resumed_training_ends_with_the_same_bits(
    tmp_path, first, undisturbed, deaths, every
):
    work = {"start": first, "demo": pointing()}
    changes = EVERYTHING | {"checkpoint_every": every}
    for dies_at in deaths:
        with pytest.raises(KilledError):
            train(tmp_path, MortalFading(Fading(), dies_at), work=work, **changes)
    resumed = train(tmp_path, MortalFading(Fading()), work=work, **changes)
    assert files(resumed) == undisturbed


def test_other_seeds_give_other_policies(tmp_path, first):
    assert not same(train(tmp_path, work={"address": ("a", 2)}).weights, first)


# --- policies ---


def test_a_saved_policy_acts_as_the_trained_one(tmp_path, monkeypatch):
    models = []
    original = TunedPpo.learn
    monkeypatch.setattr(
        TunedPpo, "learn", lambda self, *a, **k: models.append(original(self, *a, **k))
    )
    trained = train(tmp_path, steps=800, learning_rate=1e-2)
    expected, _ = models[0].predict(OBSERVATIONS, deterministic=True)
    np.testing.assert_allclose(acts(trained).act(OBSERVATIONS), expected, atol=1e-6)
    assert expected.std(axis=0).min() > 0.02


def test_it_learns(tmp_path):
    trained = train(
        tmp_path, steps=10_240, environments=16, rollout=16, batch=128, epochs=5, hidden=[16],
        learning_rate=1e-2, log_every=1024, entropy=0.0,
    )  # fmt: skip
    missed = np.abs(acts(trained).act(0.7 * OBSERVATIONS) - 0.7 * OBSERVATIONS[:, :2])
    assert missed.mean() < 0.12
    *_, last = trained.progress
    assert last.success > 0.4
    assert trained.updates == 40 * 5


def test_the_best_policies_are_those_of_their_best_windows(tmp_path):
    """By the learned return it is the last window, by the true return the first."""

    class Lures:
        reads = Reads()

        def score(self, episodes):
            return np.float32(episodes.actions[..., 0] * 100)

    class Downhill(Aim):
        def step(self, action):
            *step, info = super().step(action)
            step[1] = -float(action[0])
            return *step, info | {"true_reward": step[1]}

    trained = train(
        tmp_path, Lures(), make_world=Downhill, steps=2560, learning_rate=1e-2, log_every=512,
        environments=8, rollout=16, batch=64,
    )  # fmt: skip
    assert trained.metrics["best-learned_step"] > trained.metrics["best-true_step"] == 512
    best = trained.best.weights
    assert best["best-true"].keys() == best["best-learned"].keys() == trained.weights.keys()
    true, learned = (
        acts(trained, best[choice]).act(OBSERVATIONS)[:, 0].mean()
        for choice in ("best-true", "best-learned")
    )
    assert true < learned - 0.2


def test_a_training_shorter_than_a_window_still_has_its_best(tmp_path):
    trained = train(tmp_path, log_every=1000)
    assert same(trained.best.weights["best-true"], trained.weights)


# --- fine-tuning ---


def test_fine_tuning_starts_from_the_given_policy_and_its_critic(tmp_path, first):
    still = train(tmp_path, work={"start": first}, learning_rate=1e-9)
    assert all(np.allclose(still.weights[name], first[name], atol=1e-6) for name in first)


def test_a_refitted_critic_is_new_and_the_actor_waits_for_it(tmp_path, first, monkeypatch):
    actor, critic = actor_and_critic(first)
    waiting = train(
        tmp_path / "a", work={"start": first}, refit_critic=10, learning_rate=1e-9
    ).weights
    new = actor_and_critic(waiting)[1]
    assert not any(np.allclose(new[n], critic[n], atol=0.01) for n in new if "weight" in n)
    np.testing.assert_allclose(  # orthogonal, as Stable-Baselines3 initialises
        new["mlp_extractor.value_net.0.weight"].T @ new["mlp_extractor.value_net.0.weight"],
        2 * np.eye(3), atol=1e-5,
    )  # fmt: skip
    policies_at = []
    original = TunedPpo.train

    def train_once(self):
        original(self)
        policies_at.append({name: array.copy() for name, array in weights_of(self).items()})

    monkeypatch.setattr(TunedPpo, "train", train_once)
    train(tmp_path / "b", work={"start": first}, refit_critic=3)
    assert len(policies_at) == 3 + 10  # the refit takes nothing of the ten rollouts
    assert all(same(actor, waiting) for waiting in policies_at[:3])
    assert not any(np.allclose(policies_at[2][n], new[n], atol=1e-3) for n in new if "weight" in n)
    moved = policies_at[3]
    assert not any(np.allclose(moved[n], actor[n], atol=1e-5) for n in actor if "weight" in n)


def test_the_log_and_the_decay_begin_when_the_actor_learns(tmp_path, first, monkeypatch):
    rates = []
    original = TunedPpo.train

    def train_once(self):
        original(self)
        rates.append(self.policy.optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(TunedPpo, "train", train_once)
    changes = {"decay": "linear", "learning_rate": 1e-3, "log_every": 16}
    plain = train(tmp_path / "a", work={"start": first}, **changes)
    decayed, rates[:] = list(rates), []
    refitted = train(tmp_path / "b", work={"start": first}, refit_critic=3, **changes)
    assert [row.step for row in refitted.progress] == [row.step for row in plain.progress]
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 1e-3, *decayed])


def test_without_a_start_there_is_nothing_to_refit(tmp_path):
    assert files(train(tmp_path / "a", refit_critic=5)) == files(train(tmp_path / "b"))


def test_a_policy_that_is_paid_nothing_does_as_the_demonstration(tmp_path):
    class Nothing:
        reads = Reads()

        def score(self, episodes):
            return np.zeros_like(episodes.true_rewards)

    trained = train(
        tmp_path, Nothing(), work={"demo": pointing(offset=0.1)}, steps=160, entropy=0.0,
        hidden=[16],
        cloning=CLONING | {"near": False, "steps": 100, "batch": 32},
    )  # fmt: skip
    inside = OBSERVATIONS * 0.6
    np.testing.assert_allclose(acts(trained).act(inside), inside[:, :2] + 0.1, atol=0.05)
    np.testing.assert_allclose(trained.weights["log_std"], -0.5, atol=0.05)  # left to the reward


FIRST = CLONING | {"first": 600, "batch": 32}


def test_a_policy_is_a_clone_before_its_first_rollout(tmp_path):
    changes = {"log_std_init": -4.0, "log_every": 16, "learning_rate": 1e-9}
    success = {}
    for name, cloning in (("clone", FIRST), ("untrained", None)):
        work = {"demo": pointing()}
        trained = train(tmp_path / name, work=work, cloning=cloning, hidden=[16], **changes)
        success[name] = next(iter(trained.progress)).success
    assert success["clone"] > 0.9 > success["untrained"] + 0.4


def test_a_policy_stays_near_its_clone_where_the_demonstration_never_was(tmp_path):
    class Lures:
        reads = Reads()

        def score(self, episodes):
            return np.float32(episodes.actions[..., 0] * 100)

    demo = pointing()
    states = 0.1 * demo.observations
    demo = replace(demo, observations=states, actions=states[:, :-1, :2])

    def act(name, near, rate):
        cloning = FIRST | {"steps": 30, "near": near}
        trained = train(
            tmp_path / name, Lures(), work={"demo": demo}, steps=480, environments=4, rollout=16,
            batch=64, learning_rate=rate, epochs=5, hidden=[16], cloning=cloning,
        )  # fmt: skip
        return acts(trained).act(OBSERVATIONS)[:, 0]

    clone = act("clone", False, 1e-12)
    near, free = (np.abs(act(str(near), near, 3e-3) - clone).mean() for near in (True, False))
    assert near < 0.5 * free


def test_cloning_without_a_demonstration_says_what_is_missing(tmp_path):
    with pytest.raises(UserError, match=r"no demonstration with actions.*scripted"):
        train(tmp_path, cloning=CLONING)


def test_a_demonstration_of_another_world_is_refused(tmp_path):
    complaint = "observations have 3 numbers and this world's 2"
    work = {"demo": pointing()}

    class Narrow(Clock):
        def __init__(self):
            super().__init__(horizon=4)
            self.action_space = Aim().action_space

    with pytest.raises(UserError, match=complaint):
        train(tmp_path, make_world=Narrow, work=work, cloning=CLONING)


# --- settings ---


def test_an_update_in_mid_episode_is_refused_with_the_nearest_multiple(tmp_path):
    with pytest.raises(UserError, match=r"every 6 steps.*has 4.*set rollout.*e.g. 8"):
        train(tmp_path, rollout=6, batch=6)


def test_a_world_of_choices_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"ppo learns actions in a box.*dqn"):
        train(tmp_path, make_world=lambda: Clock(horizon=4))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"batch": 12}, "does not divide the 16 steps"),
        ({"gamma": 1.1}, "less than or equal to 1"),
        ({"refit_critic": -1}, "greater than or equal to 0"),
        ({"cloning": CLONING | {"steps": 0}}, "greater than 0"),
        ({"ent_coef": 0.1}, "not permitted"),
    ],
)
def test_impossible_settings_are_refused(change, complaint):
    with pytest.raises(ValidationError, match=complaint):
        ppo(**change)


def test_no_setting_has_a_default():
    assert all(field.is_required() for field in PpoSettings.model_fields.values())
    assert set(PpoSettings.model_fields) == set(PPO)
