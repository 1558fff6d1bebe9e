"""AIRL against known answers: one decision, whose best policy says what its reward was."""

import numpy as np
import pytest

from showtell.project.errors import UserError
from showtell.study.registry import build, part
from tests.rewards.demonstrations import demo_of, episodes_of
from tests.rewards.test_gail import one_thread, walk  # noqa: F401

QUICK = {
    "kind": "airl",
    "demo": "one",
    "demos": 1,
    "demo_actions": "withheld",
    "gamma": 0.9,
    "hidden_reward": [16],
    "hidden_shaping": [16],
    "learning_rate": 1e-2,
    "updates": 300,
    "batch": 512,
    "gradient_penalty": 0.0,
    "pays": "shaped",
}
TRUE = np.log([0.6, 0.3, 0.1])  # of three outcomes; a soft-optimal agent picks them in proportion
UNIFORM = np.log(1 / 3)


def airl(demo, seed=0, **changes):
    changes.setdefault("demos", len(demo.frames))
    settings = part("rewards", "airl").settings.model_validate(QUICK | changes)
    return build("rewards", settings, demo=demo, seed=seed)


def decisions(probabilities, count, seed=0):
    """Episodes of one step: from one state to one of three outcomes, (count, 2, 3)."""
    picks = np.random.default_rng(seed).choice(3, size=count, p=probabilities)
    return np.stack([np.zeros((count, 3)), np.eye(3)[picks]], axis=1)


def outcomes(log_probs=UNIFORM):
    return episodes_of(np.stack([np.zeros((3, 3)), np.eye(3)], axis=1), log_probs)


def uniform(observations, actions):
    return np.full(len(observations), UNIFORM, dtype=np.float32)


@pytest.mark.parametrize("demo_actions", ["given", "withheld"])
def test_one_decision_gives_the_reward_back_up_to_a_constant(demo_actions):
    demo = demo_of(decisions(np.exp(TRUE), 3000))
    reward = airl(demo, demo_actions=demo_actions)
    agent = decisions([1 / 3] * 3, 3000, seed=1)
    for _ in range(2):
        reward.learn(episodes_of(agent, UNIFORM, uniform))
    found = reward.score(outcomes())[:, 0]
    np.testing.assert_allclose(found - found.mean(), TRUE - TRUE.mean(), atol=0.2)
    # Here the constant is known too: f is the expert's log π(a|s).
    np.testing.assert_allclose(found, TRUE, atol=0.2)


def test_an_agent_that_acts_otherwise_is_corrected_for():
    """What is recovered is the expert's reward, not how much rarer an outcome is by the agent."""
    own = np.array([0.1, 0.3, 0.6])
    agent = decisions(own, 3000, seed=1)
    chosen = np.log(own)[agent[:, 1].argmax(axis=1)][:, None]
    expert = decisions(np.exp(TRUE), 3000)
    actions = expert[:, 1:]

    def policy(observations, actions):
        return np.log(own)[actions.argmax(axis=1)].astype(np.float32)

    reward = airl(demo_of(expert, actions), demo_actions="given")
    for _ in range(2):
        reward.learn(episodes_of(agent, chosen, policy))
    np.testing.assert_allclose(reward.score(outcomes())[:, 0], TRUE, atol=0.25)


def test_the_discriminators_form_takes_the_log_probability_off():
    demo, states = demo_of(walk(0)), walk(1, count=2)
    shaped, whole = airl(demo), airl(demo, pays="discriminator")
    scores = [reward.score(episodes_of(states, -1.5)) for reward in (shaped, whole)]
    np.testing.assert_allclose(scores[1], scores[0] + 1.5, rtol=1e-5)


def test_shaping_adds_nothing_between_the_same_ends():
    gamma, demo = 0.9, demo_of(walk(0))
    states = walk(1, count=2)
    states[1, [0, -1]] = states[0, [0, -1]]  # other ways from the same start to the same end
    episodes = episodes_of(states)
    shaped, unshaped = (
        airl(demo, gamma=gamma, pays=pays).score(episodes).astype(np.float64)
        for pays in ("shaped", "unshaped")
    )
    added = ((shaped - unshaped) * gamma ** np.arange(shaped.shape[1])).sum(axis=1)
    assert np.abs(shaped - unshaped).max() > 0.01
    assert added[0] == pytest.approx(added[1], abs=1e-4)


def test_a_learner_that_knows_no_probabilities_is_refused():
    demo, blind = demo_of(walk(0)), episodes_of(walk(1))
    with pytest.raises(UserError, match="ppo"):
        airl(demo).learn(blind)
    with pytest.raises(UserError, match="demo_actions: withheld"):
        airl(demo, demo_actions="given").learn(episodes_of(walk(1), -1.0))
