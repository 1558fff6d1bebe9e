"""Trained agents play, and rewards score what they did."""

import numpy as np
import pytest

from showtell.learners.networks import perceptron
from showtell.learners.policies import Network, Policy
from showtell.project.errors import UserError
from showtell.rendering.pool import RenderPool
from showtell.results.agents_fit import agents_fit
from showtell.results.table import Table
from showtell.studies.agents import AgentsSettings, _episodes
from showtell.studies.rollouts import Episode
from showtell.studies.study import StudyInputs, TrainedAgent
from tests.nets.s3d_models import small_encoder
from tests.results.trainings import results_of
from tests.studies.test_alignment import WORLD, Counting, column, made, roboclip

AT = ("paper", "experiment", "button-press", "agents")


def always(world, action):
    """A policy that does the same whatever it observes."""
    numbers, size = world.observation_space.shape[0], world.action_space.shape[0]
    network = Network.model_validate(
        {
            "learner": "ppo", "layers": perceptron(["mean"], "tanh"), "head": "gaussian",
            "exploration": 0.0, "observations": numbers, "actions": size,
            "low": [-1.0] * size, "high": [1.0] * size,
        }
    )  # fmt: skip
    weights = {
        "mean.weight": np.zeros((size, numbers), dtype=np.float32),
        "mean.bias": np.array(action, dtype=np.float32),
        "log_std": np.zeros(size, dtype=np.float32),
    }
    return Policy(network, weights)


@pytest.fixture(scope="module")
def measured():
    world, encoder = made("worlds", WORLD), Counting()
    rewards = {
        "text": roboclip(encoder, "robot pushing red button"),
        "wrong": roboclip(encoder, "robot approaching red button"),
    }
    study = made(
        "studies",
        {
            "kind": "agents", "methods": ["text", "wrong"], "agents": ["text", "zero"],
            "episodes": 2, "actions": "deterministic",
        },
    )  # fmt: skip
    trained = [
        TrainedAgent("text", 0, always(world, [0, 1, 0, 0])),
        TrainedAgent("zero", 1, always(world, [0, 0, 1, 0])),
    ]
    with RenderPool(world.scene, world.scene_settings(), workers=1) as pool:
        subject = StudyInputs(
            world, rewards, {}, pool.draw, make_world=lambda: made("worlds", WORLD), trained=trained
        )
        return study.measure(subject, 0, AT)


def test_every_reward_scores_every_episode_of_every_agent(measured):
    assert len(measured.rows) == 2 * 2 * 2
    assert column(measured, "agent", method="wrong") == ["text", "text", "zero", "zero"]
    assert column(measured, "seed", method="text") == [0, 0, 1, 1]
    assert column(measured, "episode", method="text") == [0, 1, 0, 1]


def test_each_agent_is_scored_by_its_own_pictures(measured):
    one = column(measured, "score", method="text", agent="text")
    other = column(measured, "score", method="text", agent="zero")
    assert one != other
    assert one != column(measured, "score", method="wrong", agent="text")


def test_a_score_is_that_of_a_training_with_the_same_frames(measured):
    """The reward scores the episode's steps, not the frame after the reset."""
    world, encoder = made("worlds", WORLD), small_encoder()
    reward = roboclip(encoder, "robot pushing red button")
    from showtell.rewards.reading import frames_for
    from showtell.studies.rollouts import play

    played = play(
        lambda: made("worlds", WORLD), always(world, [0, 1, 0, 0]), "deterministic", 2, 0,
        (*AT, "text", 0),
    )  # fmt: skip
    snapshots = np.stack([episode.snapshots[1:] for episode in played])
    with RenderPool(world.scene, world.scene_settings(), workers=1) as pool:
        frames = frames_for(reward.reads, snapshots, pool.draw).frames
    episodes = _episodes(played).part(slice(None), frames=frames)
    expected = reward.score(episodes).sum(axis=1)
    found = column(measured, "score", method="text", agent="text")
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_reward_of_states_is_refused():
    settings = AgentsSettings(
        kind="agents", methods=["gail"], agents=["gail"], episodes=1, actions="deterministic"
    )
    from showtell.study.registry import part

    gail = part("rewards", "true_reward").settings.model_validate({"kind": "true_reward"})
    assert "reads states" in (settings.problem_with(gail) or "")


def test_episodes_of_several_lengths_are_refused():
    def lasting(steps):
        return Episode(0, np.zeros(steps), np.zeros(steps, dtype=bool), np.zeros((steps + 1, 3)))

    with pytest.raises(UserError, match="have 2 to 5 steps"):
        _episodes([lasting(2), lasting(5)])


def test_a_reward_is_judged_on_agents_of_others_and_on_its_own_apart():
    columns = ("method", "agent", "seed", "episode", "success", "true_return", "score")
    rows = [
        # Of others, successes score higher; of its own, failures do.
        *(("text", "zero", 0, n, n % 2, 0.0, float(n % 2)) for n in range(4)),
        *(("text", "text", s, n, n % 2, 0.0, float(-(n % 2))) for s in (0, 1) for n in range(4)),
        *(("text", "same", 0, n, 1, 0.0, -1.0) for n in range(2)),
    ]
    table = Table.of((*columns, "similarity"), [(*row, float("nan")) for row in rows])
    rewards = {
        "text": {"kind": "roboclip", "goal": "told"},
        "same": {"kind": "roboclip", "goal": "told"},  # by another learner
        "zero": {"kind": "zero"},
    }
    scores = {name: {"train": {"drawer": [0.5]}} for name in rewards}
    fit = agents_fit(table, results_of(scores, rewards=rewards).comparison, "text")
    assert (fit.agents, fit.success, fit.auc) == (1, 0.5, 1.0)
    assert (fit.own_agents, fit.own_success, fit.own_auc) == (3, 0.6, 0.0)
    assert np.isnan(fit.cosine_auc)
