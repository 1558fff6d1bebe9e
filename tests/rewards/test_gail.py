"""GAIL against known answers: two Gaussians have a known density ratio."""

import subprocess
import sys

import numpy as np
import pytest

from showtell.project.errors import UserError
from showtell.study.registry import build, part
from tests.rewards.demonstrations import demo_of, episodes_of, film

QUICK = {
    "kind": "gail",
    "demo": "one",
    "demos": 1,
    "sees": "state",
    "hidden": [32, 32],
    "learning_rate": 3e-3,
    "updates": 300,
    "batch": 256,
    "gradient_penalty": 0.0,
    "pays": "logit",
}


@pytest.fixture(autouse=True)
def one_thread():
    """As every training: threads cost small networks more than they gain them."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def gail(demo, seed=0, **changes):
    settings = part("rewards", "gail").settings.model_validate(QUICK | changes)
    return build("rewards", settings, demo=demo, seed=seed)


def gaussian(mean, shape, seed):
    return np.random.default_rng(seed).normal(mean, 1, size=(*shape, 1))


def walk(seed, drift=0.0, count=1, steps=40, size=3):
    random = np.random.default_rng(seed)
    return np.cumsum(random.normal(drift, 1, size=(count, steps + 1, size)), axis=1)


def test_the_logit_becomes_the_log_density_ratio():
    reward = gail(demo_of(gaussian(1, (1, 4001), 0)))
    losses = reward.learn(episodes_of(gaussian(-1, (4, 1001), 1)))
    asked = np.linspace(-2, 2, 41)
    found = reward.score(episodes_of(np.append(0, asked)[None, :, None]))[0]
    # log N(x; 1, 1) − log N(x; −1, 1) = 2 x
    np.testing.assert_allclose(found, 2 * asked, atol=0.6)
    # The best any discriminator can do: the overlap of the two.
    assert losses["discriminator_loss"] == pytest.approx(0.33, abs=0.05)


def test_the_positive_form_is_minus_log_of_one_minus_d():
    demo, episodes = demo_of(walk(0, drift=0.5)), episodes_of(walk(1, count=3))
    logits, positive = gail(demo), gail(demo, pays="positive")
    for reward in (logits, positive):
        reward.learn(episodes)
    d = 1 / (1 + np.exp(-logits.score(episodes).astype(np.float64)))
    np.testing.assert_allclose(positive.score(episodes), -np.log(1 - d), rtol=1e-4, atol=1e-6)
    assert positive.score(episodes).min() >= 0


def test_transitions_tell_apart_what_states_cannot():
    # Both visit −1 and 1 equally often; the demonstration changes at every step, the agent never.
    demo = demo_of(np.resize([-1, 1], (1, 101))[..., None])
    agent = episodes_of(np.repeat([[-1], [1]], 101, axis=1)[..., None])
    states, transitions = gail(demo, updates=200), gail(demo, updates=200, sees="transition")
    assert states.learn(agent)["discriminator_loss"] > 0.6  # chance is log 2
    assert transitions.learn(agent)["discriminator_loss"] < 0.2


def test_the_gradient_penalty_keeps_a_discriminator_of_one_demonstration_gentle():
    demo, agent = demo_of(walk(0, drift=1.0)), episodes_of(walk(1, count=3))
    free, held = gail(demo), gail(demo, gradient_penalty=10.0)
    for reward in (free, held):
        reward.learn(agent)
    assert np.ptp(held.score(agent)) < 0.5 * np.ptp(free.score(agent))


def test_a_number_that_the_demonstration_never_moves_does_not_blow_up():
    still = np.zeros((1, 41, 1))
    demo = demo_of(np.concatenate([walk(0), still], axis=2)[..., :4])
    agent = walk(1, count=2, size=4)
    reward = gail(demo, updates=20)
    reward.learn(episodes_of(agent))
    assert np.abs(reward.score(episodes_of(100 * agent))).max() < 100


def test_learning_is_seeded_and_touches_no_global_randomness():
    import torch

    demo, agent = demo_of(walk(0)), episodes_of(walk(1, count=2))
    before = torch.get_rng_state(), np.random.get_state(legacy=False)["state"]["key"].copy()
    scores = []
    for seed in (0, 0, 1):
        reward = gail(demo, seed, updates=5)
        reward.learn(agent)
        scores.append(reward.score(agent))
    assert np.array_equal(scores[0], scores[1])
    assert not np.allclose(scores[0], scores[2])
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state(legacy=False)["state"]["key"])


def test_only_as_many_demonstrations_are_seen_as_are_asked_for():
    both, first = (np.concatenate([walk(0), walk(1)])[:count] for count in (2, 1))
    agent = episodes_of(walk(2))
    scores = []
    for states in (both, first):
        reward = gail(demo_of(states), updates=3)
        reward.learn(agent)
        scores.append(reward.score(agent))
    assert np.array_equal(*scores)
    with pytest.raises(UserError, match="asks for 2 demonstrations and the demo 'one' has 1"):
        gail(demo_of(first), demos=2)


def test_the_wrong_demonstration_is_refused_with_what_to_do():
    with pytest.raises(UserError, match="film"):
        gail(film())
    reward = gail(demo_of(walk(0, size=2)))
    for meet in (reward.learn, reward.score):
        with pytest.raises(UserError, match="3 numbers and one of the demo 'one' is 2"):
            meet(episodes_of(walk(1, size=3)))


def test_it_learns_without_torchs_compiler_and_is_described_without_torch():
    script = (
        "import sys; from tests.rewards.test_gail import *\n"
        "assert 'torch' not in sys.modules\n"
        "reward = gail(demo_of(walk(0)), updates=2, gradient_penalty=1.0)\n"
        "reward.learn(episodes_of(walk(1)))\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
