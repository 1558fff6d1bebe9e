"""What every registered reward keeps. Refresh the golden scores with `python -m <this module>`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from showtell.goals.goal import Target
from showtell.nets.encoder import Encoder
from showtell.project.checkpoints import Resume
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes, Learns, Reward
from showtell.study.registry import build, part, parts
from tests.nets.models import noise, smoke_encoder
from tests.nets.s3d_models import small_encoder
from tests.rewards.demonstrations import demo_of

GOLDEN = Path(__file__).with_name("golden_scores.json")
VIEW = View(24, 16)
EPISODES, HORIZON = 3, 5
_ADVERSARY = {"learning_rate": 1e-3, "updates": 3, "batch": 8, "gradient_penalty": 1.0}
_GAIL = {"demo": "one", "demos": 2, "hidden": [8]} | _ADVERSARY
_SHAPED = {"gamma": 0.9, "hidden_reward": [8], "hidden_shaping": [8]}
_AIRL = {"demo": "one", "demos": 2, "demo_actions": "withheld"} | _SHAPED | _ADVERSARY
_TRANSPORT = {"demo": "one", "demos": 2, "scale": 10.0, "regularisation": 0.05, "iterations": 50}
# One set of settings a registered reward, or several; a new reward adds its own here.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "airl": [_AIRL | {"pays": pays} for pays in ("discriminator", "shaped", "unshaped")],
    "clip": [{"goal": "sentence", "alpha": alpha} for alpha in (0.0, 0.5, 1.0)],
    "demo_transport": [_TRANSPORT | {"cost": cost} for cost in ("cosine", "euclidean")],
    "gail": [
        _GAIL | {"sees": "state", "pays": "positive"},
        _GAIL | {"sees": "transition", "pays": "logit"},
    ],
    "last_frame": [{"goal": "sentence"}],
    "roboclip": [
        {"goal": "sentence", "frames": 4, "sampling": "evenly", "compare": "product"},
        {"goal": "sentence", "frames": 4, "sampling": "evenly", "compare": "cosine"},
        {"goal": "sentence", "frames": 2, "sampling": "every-fourth", "compare": "product"},
    ],
    "sparse": [{"rule": rule} for rule in ("any", "final")],
    "true_reward": [{}],
    "zero": [{}],
}
CASES = [(name, settings) for name, several in SETTINGS.items() for settings in several]


def rewarded(name: str, settings: dict[str, Any]) -> Reward:
    encoder: Encoder = small_encoder() if name == "roboclip" else smoke_encoder()
    told = ["robot", "a"] if name == "roboclip" else ["pole upright on a cart", "pole and cart"]
    goal, baseline = encoder.text(told).numpy()
    reward: Reward = build(
        "rewards",
        part("rewards", name).settings.model_validate({"kind": name} | settings),
        encoder=encoder,
        target=Target(goal=goal, baseline=baseline, shown={}),
        view=VIEW,
        demo=demo_of(np.random.default_rng(1).normal(size=(2, HORIZON + 3, 4))),
        seed=0,
    )
    return reward


def episodes(reward: Reward) -> Episodes:
    """Three episodes, with the frames that the reward asks for."""
    rng = np.random.default_rng(0)
    frames = None
    if reward.reads.view is not None:
        kept = len(reward.reads.steps(HORIZON))
        flat = noise(EPISODES * kept, reward.reads.view.height, reward.reads.view.width)
        frames = flat.reshape(EPISODES, kept, *flat.shape[1:])
    return Episodes(
        observations=rng.normal(size=(EPISODES, HORIZON, 4)).astype(np.float32),
        actions=rng.integers(0, 2, size=(EPISODES, HORIZON)),
        true_rewards=rng.normal(size=(EPISODES, HORIZON)).astype(np.float32),
        successes=rng.random((EPISODES, HORIZON)) < 0.5,
        frames=frames,
        starts=rng.normal(size=(EPISODES, 4)).astype(np.float32),
        log_probs=rng.normal(size=(EPISODES, HORIZON)).astype(np.float32),
        log_prob_of=lambda observations, actions: observations.sum(axis=1),
    )


def only(whole: Episodes, which: list[int]) -> Episodes:
    return Episodes(
        observations=whole.observations[which],
        actions=whole.actions[which],
        true_rewards=whole.true_rewards[which],
        successes=whole.successes[which],
        frames=None if whole.frames is None else whole.frames[which],
        starts=None if whole.starts is None else whole.starts[which],
        log_probs=None if whole.log_probs is None else whole.log_probs[which],
        log_prob_of=whole.log_prob_of,
    )


def key(name: str, settings: dict[str, Any]) -> str:
    return json.dumps({"kind": name} | settings)


def test_every_registered_reward_is_held_to_the_contract():
    assert set(SETTINGS) == set(parts("rewards"))


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_scores_are_one_finite_float32_a_step(name, settings):
    reward = rewarded(name, settings)
    scores = reward.score(episodes(reward))
    assert scores.shape == (EPISODES, HORIZON)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_a_score_does_not_depend_on_the_other_episodes(name, settings):
    reward = rewarded(name, settings)
    whole = episodes(reward)
    scores = reward.score(whole)
    for which in ([0], [2, 1], [1, 1, 0]):
        np.testing.assert_allclose(reward.score(only(whole, which)), scores[which], atol=1e-5)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_a_score_leaves_the_episodes_alone_and_is_the_same_twice(name, settings):
    reward = rewarded(name, settings)
    whole = episodes(reward)
    first = reward.score(whole)
    first_again = first.copy()
    assert np.array_equal(reward.score(whole), first_again)
    first += 1  # a caller may change what it was given
    fresh = episodes(reward)
    assert np.array_equal(whole.true_rewards, fresh.true_rewards)
    assert np.array_equal(reward.score(whole), first_again)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_scores_are_the_golden_ones(name, settings):
    reward = rewarded(name, settings)
    golden = json.loads(GOLDEN.read_text())[key(name, settings)]
    np.testing.assert_allclose(reward.score(episodes(reward)), golden, atol=2e-4)


LEARN = [case for case in CASES if isinstance(rewarded(*case), Learns)]


@pytest.mark.parametrize(("name", "settings"), LEARN)
def test_a_reward_that_learns_goes_on_from_its_state_to_the_same_bytes(name, settings, tmp_path):
    whole, resumed = rewarded(name, settings), rewarded(name, settings)
    rollout = episodes(whole)
    before = whole.score(rollout)
    for _ in range(2):
        assert all(np.isfinite(loss) for loss in whole.learn(rollout).values())
    with Resume(tmp_path, "") as resume:
        resume.save(1, whole.state())
        resumed.restore(resume.load())
    assert not np.array_equal(whole.score(rollout), before)
    for reward in (whole, resumed):
        reward.learn(rollout)
    assert np.array_equal(whole.score(rollout), resumed.score(rollout))


@pytest.mark.parametrize(("name", "settings"), LEARN)
def test_a_saved_state_does_not_change_when_learning_goes_on(name, settings):
    reward = rewarded(name, settings)
    rollout = episodes(reward)
    reward.learn(rollout)
    saved, scores = reward.state(), reward.score(rollout)
    reward.learn(rollout)
    reward.restore(saved)
    assert np.array_equal(reward.score(rollout), scores)


def refresh() -> None:
    """Write the golden scores anew and show what changed."""
    old = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    new = {}
    for name, settings in CASES:
        reward = rewarded(name, settings)
        scores = reward.score(episodes(reward)).astype(float).round(6)
        new[key(name, settings)] = scores.tolist()
        before = np.array(old.get(key(name, settings), np.full(scores.shape, np.nan)))
        print(key(name, settings), "largest change:", np.abs(scores - before).max())
    GOLDEN.write_text(json.dumps(new, indent=1) + "\n")


if __name__ == "__main__":
    refresh()
