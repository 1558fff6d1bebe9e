"""Controls, played in the real drawer world and in CartPole."""

from functools import partial

import numpy as np
import pytest
from gymnasium import spaces

from showtell.demos.demo import Demo
from showtell.learners.policies import Network, Policy
from showtell.project.seeds import generator
from showtell.studies.controls import still, uniform
from showtell.studies.rollouts import EpisodeRunner
from showtell.studies.study import StudyInputs
from showtell.study.registry import build, part
from showtell.worlds.script import script_of
from showtell.worlds.world import LAYOUTS, SeededEpisodes
from tests.learners.classroom import assignment, learner, ppo
from tests.studies.subjects import WORLD as CARTPOLE
from tests.studies.subjects import draw

DRAWER = {
    "kind": "metaworld", "task": "drawer-close", "horizon": 128, "end": "terminal",
    "observe_time": True, "layouts": "frozen", "spread": "published", "hide_goal": True,
    "reward": "v2",
}  # fmt: skip
CONTROLS = {
    "kind": "controls", "methods": [], "tasks": None, "episodes": 2, "demo": "scripted",
    "cloning": {"steps": 40, "batch": 32, "learning_rate": 1e-3},
}  # fmt: skip
ADDRESS = ("paper", "experiment", "task", "controls")


def made(kind, values):
    return build(kind, part(kind, values["kind"]).settings.model_validate(values))


def policy_of(a_learner, make_world):
    start = a_learner.untrained(assignment(make_world=make_world, address=ADDRESS))
    return Policy(Network.model_validate(start.network), start.weights)


@pytest.fixture(scope="module")
def demo():
    """One rollout of the script in the demonstrations' first layout."""
    world = made("worlds", DRAWER)
    observation, _ = world.reset(seed=0, options={"layout": LAYOUTS.demonstration})
    seen, actions, successes = [observation], [], []
    act = script_of(world)
    for _ in range(world.horizon):
        actions.append(act())
        observation, *_, info = world.step(actions[-1])
        seen.append(observation)
        successes.append(info["success"])
    steps = len(actions)
    return Demo(
        frames=np.zeros((1, 1, 2, 2, 3), dtype=np.uint8),
        about={},
        observations=np.stack(seen)[None].astype(np.float32),
        actions=np.stack(actions)[None],
        true_rewards=np.zeros((1, steps), dtype=np.float32),
        successes=np.array(successes, dtype=np.bool_)[None],
        snapshots=np.zeros((1, steps + 1, 1)),
    )


def measured(world, demos, a_learner, **changes):
    make = partial(made, "worlds", world)
    subject = StudyInputs(make(), {}, {}, draw, {}, demos, make, lambda: policy_of(a_learner, make))
    return made("studies", CONTROLS | changes).measure(subject, 0, ADDRESS)


@pytest.fixture(scope="module")
def table(demo):
    return measured(DRAWER, {"scripted": demo}, ppo(rollout=128, batch=64))


def column(table, name, control):
    at, of = table.columns.index(name), table.columns.index("control")
    return [row[at] for row in table.rows if row[of] == control]


def test_every_control_plays_every_layout_of_the_evaluation(table):
    controls = list(dict.fromkeys(row[0] for row in table.rows))
    assert controls == [
        "script", "replay", "still", "noise", "untrained", "untrained-stochastic", "cloning",
    ]  # fmt: skip
    for control in controls:
        assert column(table, "episode", control) == [0, 1]
        assert column(table, "layout", control) == [LAYOUTS.evaluation, LAYOUTS.evaluation + 1]
    assert column(table, "success_any", "script") == [1, 1]
    assert column(table, "success_any", "still") == [0, 0]


def test_a_replay_succeeds_in_the_layout_of_its_demonstration(demo):
    number = LAYOUTS.demonstration - LAYOUTS.evaluation
    seeded = SeededEpisodes(made("worlds", DRAWER), 0, *ADDRESS, "evaluate")
    player = EpisodeRunner(seeded, number, generator(0))
    for action in demo.actions[0]:
        player.step(action)
    again = player.played()
    assert player.over
    np.testing.assert_array_equal(again.successes, demo.successes[0])
    assert again.successes.any()


def test_a_still_control_moves_no_hand():
    action, _ = still(made("worlds", DRAWER).action_space)
    np.testing.assert_array_equal(action, np.zeros(4))
    paths = {}
    for name, taken in (("still", action), ("right", np.array([1, 0, 0, 0], dtype=np.float32))):
        world = made("worlds", DRAWER)
        world.reset(options={"layout": LAYOUTS.evaluation})
        paths[name] = np.array([world.step(taken)[0][:3] for _ in range(world.horizon)])
    # The hand still settles where it was brought to: millimetres.
    assert np.ptp(paths["still"], axis=0).max() < 0.01 < 0.3 < np.ptp(paths["right"], axis=0).max()


@pytest.mark.parametrize(
    ("space", "action"),
    [
        (spaces.Discrete(2), 1),
        (spaces.Discrete(3), 1),
        (spaces.Box(1, 3, (2,), np.float32), [2, 2]),
    ],
)
def test_where_no_action_is_zero_the_middle_one_is_still(space, action):
    found, _ = still(space)
    np.testing.assert_array_equal(found, action)
    assert space.contains(found)


@pytest.mark.parametrize("space", [spaces.Discrete(3), spaces.Box(-0.8, 2, (2,), np.float32)])
def test_noise_takes_every_action_of_the_space(space):
    act = uniform(space, np.random.default_rng(0))
    actions = np.array([act() for _ in range(400)])
    assert all(space.contains(action) for action in (act() for _ in range(20)))
    if isinstance(space, spaces.Discrete):
        assert set(actions) == {0, 1, 2}
    else:
        assert actions.min() < -0.7 and actions.max() > 1.9


def test_the_same_bytes_come_again(table, demo):
    again = measured(DRAWER, {"scripted": demo}, ppo(rollout=128, batch=64))
    assert again.csv == table.csv


def test_without_a_demonstration_nothing_is_replayed_and_nothing_cloned():
    a_learner = learner(train_freq=200, buffer=400)
    table = measured(CARTPOLE, {}, a_learner, demo=None, cloning=None, episodes=3)
    controls = list(dict.fromkeys(row[0] for row in table.rows))
    assert controls == ["still", "noise", "untrained", "untrained-stochastic"]
    assert column(table, "definition", "still") == ["action 1 of 0 to 1"] * 3


def test_cloning_without_a_demo_is_refused():
    with pytest.raises(ValueError, match="cloning"):
        made("studies", CONTROLS | {"demo": None})
