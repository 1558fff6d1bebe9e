"""Behaviour cloning, and the policies that trainings begin with."""

import numpy as np
import pytest

from showtell.learners.cloning import CloningSettings, cloned
from showtell.learners.policies import Network, Policy
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from tests.learners.classroom import (
    Aim,
    Clock,
    True_,
    assignment,
    learner,
    nowhere,
    pointing,
    ppo,
    sac,
)

SETTINGS = CloningSettings(steps=600, batch=32, learning_rate=1e-2)
LEARNERS = {
    "ppo": (ppo, Aim),
    "sac": (sac, Aim),
    "dqn": (learner, Clock),
}


def untrained(make, world, address=("test",)):
    start = make().untrained(assignment(True_(), make_world=world, address=address))
    return Policy(Network.model_validate(start.network), start.weights)


def examples(offset):
    demo = pointing(offset)
    return demo.observations[:, :-1].reshape(-1, 3), demo.actions.reshape(-1, 2)


@pytest.mark.parametrize("kind", LEARNERS)
def test_the_untrained_policy_is_the_one_that_a_training_begins_with(kind, tmp_path):
    make, world = LEARNERS[kind]
    start = untrained(make, world)
    with Resume(tmp_path / ".resume", "job") as resume:
        # Steps this small leave every weight as it is.
        trained = make(learning_rate=1e-30, decay="none").train(
            assignment(True_(), make_world=world), resume, nowhere
        )
    assert Network.model_validate(trained.network) == start.network
    for name in start.network.arrays:  # a bias of 0 is now one of 1e-29
        np.testing.assert_allclose(start.weights[name], trained.weights[name], rtol=0, atol=1e-25)


@pytest.mark.parametrize("kind", LEARNERS)
def test_another_branch_of_the_seed_tree_is_another_untrained_policy(kind):
    make, world = LEARNERS[kind]
    one, same, other = (untrained(make, world, (at,)) for at in ("a", "a", "b"))
    name = one.network.arrays[0]
    np.testing.assert_array_equal(one.weights[name], same.weights[name])
    assert (one.weights[name] != other.weights[name]).any()


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_a_clone_acts_as_its_demonstration_in_states_that_it_never_saw(kind):
    states, actions = examples(offset=0.1)
    start = untrained(*LEARNERS[kind])
    clone, loss = cloned(start, states, actions, SETTINGS, seed=3)
    fresh = np.random.default_rng(9).uniform(-0.6, 0.6, (50, 3)).astype(np.float32)
    wanted = fresh[:, :2] + 0.1
    before, after = (np.abs(p.act(fresh) - wanted).mean() for p in (start, clone))
    assert after < 0.05 < before
    assert loss == pytest.approx(np.square(clone.act(states) - actions).mean(), abs=1e-3)
    again, _ = cloned(start, states, actions, SETTINGS, seed=3)
    np.testing.assert_array_equal(again.act(fresh), clone.act(fresh))


def test_a_clone_keeps_the_spread_of_its_policy():
    states, actions = examples(offset=0.1)
    start = untrained(*LEARNERS["ppo"])
    clone, _ = cloned(start, states, actions, SETTINGS, seed=3)
    np.testing.assert_array_equal(clone.weights["log_std"], start.weights["log_std"])


def test_discrete_actions_are_not_cloned():
    with pytest.raises(UserError, match="argmax"):
        cloned(untrained(*LEARNERS["dqn"]), *examples(0.0), SETTINGS, seed=0)
