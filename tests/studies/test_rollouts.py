import csv
import io

import numpy as np
import pytest

from showtell.learners.networks import perceptron
from showtell.learners.policies import Network, Policy
from showtell.rendering.scene import View
from showtell.studies.rollouts import COLUMNS, film_view, play, scores, summary, table
from showtell.worlds.classic_control.world import CartPole, CartPoleSettings
from tests.learners.classroom import Clock


def cartpole(**changes) -> CartPole:
    values = {"kind": "cartpole", "horizon": 60, "end": "terminal", "observe_time": False,
              "wrap_state": True, "ends_when_fallen": False, "fallen_reward": 0.0,
              "falling_reward": 1.0}  # fmt: skip
    return CartPole(CartPoleSettings.model_validate(values | changes))


def linear(weight, exploration: float = 0.0) -> Policy:
    """Prefers action 1 where the weighted sum of the observation is positive."""
    row = np.asarray(weight, dtype=np.float32)
    network = Network(
        learner="dqn", layers=perceptron(["q"], "relu"), head="argmax", exploration=exploration,
        observations=len(row), actions=2,
    )  # fmt: skip
    return Policy(network, {"q.weight": np.stack([0 * row, row]), "q.bias": np.zeros(2, "f4")})


BALANCED = linear([0.1, 0.2, 3.0, 0.6])  # keeps the pole up
PUSHES_LEFT = linear([0.0, 0.0, 0.0, 0.0])


def test_a_policy_that_balances_succeeds_and_one_that_does_not_fails():
    world = cartpole()
    for policy, success in ((BALANCED, 1.0), (PUSHES_LEFT, 0.0)):
        played = play(cartpole, policy, "deterministic", 5, 0, ["a"])
        metrics = summary({"deterministic": played}, world)["deterministic"]
        assert metrics["success"] == metrics["success_always"] == success
        assert metrics["success_any"] == 1.0
        assert metrics["episodes"] == 5
    assert metrics["return"] < 30


def test_an_episode_holds_its_start_and_where_every_step_led():
    (episode,) = play(cartpole, BALANCED, "deterministic", 1, 0, ["a"])
    assert episode.snapshots.shape == (61, 4)
    assert np.abs(episode.snapshots[0]).max() <= 0.05
    np.testing.assert_array_equal(cartpole().successes(episode.snapshots[1:]), episode.successes)
    assert episode.true_rewards.shape == (60,)


def test_episodes_do_not_depend_on_how_many_are_played_or_how():
    many = play(cartpole, BALANCED, "deterministic", 20, 0, ["a"])
    few = play(cartpole, BALANCED, "deterministic", 17, 0, ["a"])
    wild = play(cartpole, linear([0.1, 0.2, 3.0, 0.6], 0.5), "stochastic", 17, 0, ["a"])
    assert [episode.number for episode in many] == list(range(20))
    for a, b, c in zip(many, few, wild, strict=False):
        np.testing.assert_array_equal(a.snapshots, b.snapshots)
        np.testing.assert_array_equal(a.snapshots[0], c.snapshots[0])
    assert len({episode.snapshots[0].tobytes() for episode in many}) == 20
    assert any((a.snapshots != c.snapshots).any() for a, c in zip(few, wild, strict=True))
    other = play(cartpole, BALANCED, "deterministic", 1, 0, ["b"])
    assert (other[0].snapshots[0] != many[0].snapshots[0]).any()


def test_stochastic_episodes_are_the_same_every_time():
    def actions():
        played = play(cartpole, linear([0, 0, 1, 0], 0.3), "stochastic", 3, 5, ["a", 1])
        return [episode.snapshots.tobytes() for episode in played]

    assert actions() == actions()


def test_worlds_that_end_early_are_played_to_their_own_ends():
    world = cartpole(ends_when_fallen=True)
    played = play(lambda: cartpole(ends_when_fallen=True), PUSHES_LEFT, "deterministic", 9, 0, [])
    lengths = [scores(episode, world)["length"] for episode in played]
    assert len(set(lengths)) > 1
    assert max(lengths) < 20
    for episode, length in zip(played, lengths, strict=True):
        assert len(episode.snapshots) == length + 1
        assert episode.successes.tolist() == [True] * (length - 1) + [False]


def test_every_episode_has_its_own_fixed_layout_and_never_one_of_training():
    begun: list[int] = []

    class LaidOut(Clock):
        def reset(self, *, seed=None, options=None):
            begun.append(options["layout"])
            return super().reset(seed=seed)

    play(LaidOut, linear([0, 1.0]), "deterministic", 18, 0, ["a"])
    assert begun == [10 + number for number in range(18)]


def test_the_table_reads_back_as_the_scores():
    world = Clock()
    played = play(Clock, linear([0, 1.0]), "deterministic", 2, 0, ["a"])
    rows = list(csv.DictReader(io.StringIO(table({"deterministic": played}, world))))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["policy"], row["episode"]) for row in rows] == [
        ("deterministic", "0"), ("deterministic", "1"),
    ]  # fmt: skip
    for row, episode in zip(rows, played, strict=True):
        assert {k: float(row[k]) for k in COLUMNS[2:]} == scores(episode, world)


def test_success_is_told_by_every_rule_and_decided_by_the_worlds():
    """Clock succeeds on action 1 at the last step; this policy takes it from time 2 on."""
    (episode,) = play(Clock, linear([0.0, 1.0]), "deterministic", 1, 0, ["a"])
    assert episode.successes.tolist() == [False, True, True, True, True]
    found = scores(episode, Clock())
    assert (found["success_any"], found["success_final"], found["success_always"]) == (1, 1, 0)
    assert found["success"] == 1
    assert found["return"] == 4
    assert summary({"deterministic": [episode]}, Clock())["success_rule"] == "final"


@pytest.mark.parametrize("view", [View(64, 64), View(600, 400), View(96, 64, "top", "fast", True)])
def test_a_film_is_large_enough_for_people_and_keeps_the_aspect(view):
    film = film_view(view)
    assert film.height == 240
    assert film.width % 2 == 0
    assert film.width / film.height == pytest.approx(view.width / view.height, rel=0.01)
    assert (film.camera, film.quality, film.mirrored) == (view.camera, view.quality, view.mirrored)
