"""RLV's and DVD's tables: the published starts and thresholds, and every oddity where it acts."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from showtell.study.registry import build, part
from showtell.worlds.simulator.models import mujoco
from showtell.worlds.tabletop import physics
from showtell.worlds.tabletop.table import Tabletop
from showtell.worlds.world import SeededEpisodes

COMMON = {"end": "terminal", "observe_time": False}
DVD = COMMON | {"horizon": 60, "variant": "original", "mug_mass": 1.5, "reward": "sparse"}
SETTINGS: dict[str, dict[str, Any]] = {
    "rlv_pushing": COMMON | {"horizon": 100, "action_repeat": 1},
    "rlv_drawer": COMMON | {"horizon": 200, "action_repeat": 1, "lock_x": True},
    "dvd_close_drawer": DVD,
    "dvd_cup_forward": DVD,
    "dvd_faucet_right": DVD,
}
DVD_TASKS = [name for name in SETTINGS if name.startswith("dvd")]
VARIANTS = ["original", "colours", "viewpoint", "arrangement"]
# Where things are in a snapshot.
PUSHED_X, PUSHED_Y, RLV_DRAWER = 8, 9, 9
MUG, DRAWER, BUTTON, FAUCET = slice(9, 12), 16, 17, 18


def tabletop(name: str, **changes: Any) -> Any:
    settings = part("worlds", name).settings
    return build("worlds", settings.model_validate({"kind": name} | SETTINGS[name] | changes))


def play(world: Tabletop, actions: np.ndarray, seed: int = 0) -> np.ndarray:
    """All observations of an episode, one behind the other."""
    seen = [world.reset(seed=seed)[0]]
    seen.extend(world.step(action)[0] for action in actions)
    return np.concatenate(seen)


def random_actions(world: Tabletop, steps: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (steps, world.actions)).astype(np.float32)


def hold(world: Tabletop, **numbers: float) -> np.ndarray:
    """An action of zeros but for what is named a0, a1, ..."""
    action = np.zeros(world.actions, dtype=np.float32)
    for name, number in numbers.items():
        action[int(name[1:])] = number
    return action


@pytest.mark.parametrize("name", SETTINGS)
def test_episodes_depend_on_their_seed_alone(name):
    world, other = tabletop(name), tabletop(name)
    actions = random_actions(world, 30)
    first = play(world, actions)
    play(world, random_actions(world, 45, seed=1), seed=5)  # what came before leaves no trace
    np.testing.assert_array_equal(play(world, actions), first)
    np.testing.assert_array_equal(play(other, actions), first)


def test_worlds_of_one_process_share_their_model_and_nothing_else():
    worlds = [tabletop("dvd_cup_forward"), tabletop("dvd_cup_forward")]
    assert worlds[0]._model is worlds[1]._model
    actions = random_actions(worlds[0], 20), random_actions(worlds[0], 20, seed=1)
    alone = [play(worlds[0], some) for some in actions]
    together = [[world.reset(seed=0)[0]] for world in worlds]
    for step in range(20):
        for world, some, seen in zip(worlds, actions, together, strict=True):
            seen.append(world.step(some[step])[0])
    for expected, seen in zip(alone, together, strict=True):
        np.testing.assert_array_equal(np.concatenate(seen), expected)


def test_numbered_episodes_are_the_same_after_a_resume():
    episodes = SeededEpisodes(tabletop("rlv_pushing"), 0, "here")
    starts = [episodes.reset()[0] for _ in range(4)]
    resumed = SeededEpisodes(tabletop("rlv_pushing"), 0, "here")
    resumed.next_episode = 3
    np.testing.assert_array_equal(resumed.reset()[0], starts[3])
    assert len({float(start[3]) for start in starts}) == 4


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("end", ["terminal", "truncated"])
def test_only_the_clock_ends_an_episode(name, end):
    world = tabletop(name, end=end, observe_time=True)
    observation, _ = world.reset(seed=0)
    assert observation[-1] == 0
    successes = 0
    for step in range(1, world.horizon + 1):
        action = world.script()()
        observation, reward, terminated, truncated, info = world.step(action)
        successes += info["success"]
        assert reward == info["true_reward"] == float(info["success"])
        assert observation[-1] == np.float32(step / world.horizon)
        over = step == world.horizon
        assert (terminated, truncated) == (over and end == "terminal", over and end == "truncated")
    assert successes > 30  # it went on long after the first success


def test_pushing_starts_as_published():
    world = tabletop("rlv_pushing")
    places = []
    for seed in range(200):
        observation, _ = world.reset(seed=seed)
        snapshot = world.snapshot()
        np.testing.assert_array_equal(observation[3:], snapshot[8:10].astype(np.float32))
        assert snapshot[PUSHED_Y] == 0.6
        places.append(snapshot[PUSHED_X])
    assert world.target == (0.0, 0.2, 0.07)
    np.testing.assert_allclose(world.hand, world.target, atol=0.01)
    assert min(places) >= -0.1
    assert max(places) <= 0.1
    assert min(places) < -0.08 < 0.08 < max(places)
    assert world.to_goal([0.0] * 8 + [0.02, 0.7]) == pytest.approx(0.07)  # L1, not L2


def test_the_box_drawer_starts_20_cm_from_its_goal():
    world = tabletop("rlv_drawer")
    observation, _ = world.reset(seed=0)
    assert world.to_goal(world.snapshot()) == pytest.approx(0.2, abs=1e-12)
    np.testing.assert_allclose(observation[:3], (0, 0.5, 0.25), atol=1e-3)
    assert observation[4] == 0


def test_dvds_table_starts_as_published():
    world = tabletop("dvd_close_drawer")
    observation, _ = world.reset(seed=0)
    snapshot = world.snapshot()
    assert len(snapshot) == 19
    np.testing.assert_array_equal(snapshot[9:], [0, 0.6, 0, 1, 0, 0, 0, -0.07, 0, 0])
    assert world.target == (0, 0.5, 0.02)
    np.testing.assert_allclose(world.hand, world.target, atol=0.02)  # the palm lies on the table
    assert abs(observation[3]) < 1e-3  # fingers open
    assert tabletop("dvd_cup_forward").to_goal(snapshot) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("name", "column", "boundary", "inside", "outside"),
    [
        ("rlv_drawer", RLV_DRAWER, -0.12, -0.2, 0.0),
        ("dvd_close_drawer", DRAWER, -0.05, 0.0, -0.16),
        ("dvd_faucet_right", FAUCET, -0.01, -1.57, 1.57),
        ("dvd_cup_forward", 10, 0.625, 0.7, 0.6),
        ("rlv_pushing", PUSHED_Y, 0.72, 0.75, 0.6),
        ("rlv_pushing", PUSHED_X, 0.03, 0.0, 0.1),
    ],
)
def test_success_begins_exactly_at_the_threshold(name, column, boundary, inside, outside):
    world = tabletop(name)
    world.reset(seed=0)
    moment = world.snapshot()
    if name == "rlv_pushing":
        moment[[PUSHED_X, PUSHED_Y]] = 0, 0.75
    side = math.copysign(1e-9, inside - boundary)
    for value, success in [(inside, True), (boundary + side, True), (boundary - side, False)]:
        moment[column] = value
        assert world.succeeded(moment) is success
    moment[column] = outside
    assert not world.succeeded(moment)


@pytest.mark.parametrize(
    ("name", "column", "boundary"),
    [("dvd_close_drawer", DRAWER, -0.05), ("dvd_faucet_right", FAUCET, -0.01)],
)
def test_the_threshold_itself_is_no_success_in_dvd(name, column, boundary):
    world = tabletop(name)
    world.reset(seed=0)
    moment = world.snapshot()
    moment[column] = boundary
    assert not world.succeeded(moment)


def test_the_mug_is_pushed_in_three_dimensions():
    world = tabletop("dvd_cup_forward")
    world.reset(seed=0)
    moment = world.snapshot()
    moment[MUG] = 0, 0.7, 0.074
    assert world.succeeded(moment)
    moment[MUG] = 0, 0.7, 0.076
    assert not world.succeeded(moment)


@pytest.mark.parametrize("seed", range(12))
def test_the_scripted_policy_pushes_from_every_start(seed):
    assert successes(tabletop("rlv_pushing"), seed).sum() > 40


@pytest.mark.parametrize("name", SETTINGS)
def test_scripted_policies_succeed_and_stay_there(name):
    steps = successes(tabletop(name), seed=0)
    assert steps.sum() > {"rlv_pushing": 70, "rlv_drawer": 135}.get(name, 40)
    assert steps[-20:].all()


@pytest.mark.parametrize("name", DVD_TASKS)
@pytest.mark.parametrize("variant", VARIANTS[1:])
def test_scripted_policies_succeed_on_every_variant(name, variant):
    steps = successes(tabletop(name, variant=variant), seed=0)
    assert not steps[:3].any()
    assert steps[-20:].all()


def successes(world: Tabletop, seed: int) -> np.ndarray:
    world.reset(seed=seed)
    return np.array([world.step(world.script()())[4]["success"] for _ in range(world.horizon)])


def test_random_policies_succeed_about_as_often_as_in_the_published_tasks():
    """Measured on another rebuild: 23, 30 and 12 %; here over 1,000 episodes 23, 34 and 13 %."""
    worlds = [tabletop(name) for name in DVD_TASKS]
    counts = np.zeros(3)
    for seed in range(100):
        worlds[0].reset(seed=seed)
        met = np.zeros(3, dtype=bool)
        for action in random_actions(worlds[0], 60, seed):
            worlds[0].step(action)
            met |= [world.succeeded(worlds[0].snapshot()) for world in worlds]
        counts += met
    assert 10 <= counts[0] <= 38
    assert 18 <= counts[1] <= 50
    assert 4 <= counts[2] <= 26


@pytest.mark.parametrize("name", ["rlv_pushing", "rlv_drawer"])
def test_random_policies_do_not_succeed_in_rlv(name):
    world = tabletop(name)
    world.reset(seed=3)
    for action in random_actions(world, world.horizon):
        assert not world.step(action)[4]["success"]


@pytest.mark.parametrize("name", SETTINGS)
def test_the_hand_follows_its_point_and_keeps_its_turn(name):
    """The weld's offset, left as compiled, would hold the hand decimetres away."""
    world = tabletop(name)
    world.reset(seed=0)
    for _ in range(60):
        world.step(hold(world, a2=0.05) if world.table == "dvd" else hold(world, a1=0.1))
    np.testing.assert_allclose(world.hand, world.target, atol=0.01)
    turn = world._data.body("hand").xquat
    wanted = np.array(world.hand_turn) / np.linalg.norm(world.hand_turn)
    assert abs(turn @ wanted) > 0.98


@pytest.mark.parametrize("name", SETTINGS)
def test_the_point_moves_by_the_reach_and_stays_in_its_box(name):
    world = tabletop(name, **({"lock_x": False} if name == "rlv_drawer" else {}))
    world.reset(seed=0)
    world.step(hold(world, a0=1, a1=1))
    before = world.target
    world.step(hold(world, a0=0.5, a1=7.0))  # beyond 1 is as 1
    assert world.target[0] - before[0] == pytest.approx(0.5 * world.reach)
    assert world.target[1] - before[1] == pytest.approx(world.reach)
    for corner in (np.ones(world.actions), -np.ones(world.actions)):
        for _ in range(150):
            world._command(corner.tolist())
        edge = world.hand_high if corner[0] > 0 else world.hand_low
        assert world.target[:2] == edge[:2]


def test_the_pushing_hand_creeps_to_its_height():
    world = tabletop("rlv_pushing")
    world.reset(seed=0)
    for _ in range(100):
        world.step(hold(world))
    assert world.target[2] == pytest.approx(0.05 + 0.02 * 0.98**100)


@pytest.mark.parametrize("name", ["rlv_pushing", "rlv_drawer"])
def test_a_repeated_action_is_as_many_steps_and_their_rewards_are_added(name):
    single = tabletop(name)
    repeated = tabletop(name, action_repeat=5, horizon=single.horizon // 5)
    repeated.reset(seed=0)
    single.reset(seed=0)
    act, rewards, ends = repeated.script(), [], []
    for _ in range(repeated.horizon):
        action = act()
        steps = [single.step(action) for _ in range(5)]
        seen, reward, *over, info = repeated.step(action)
        np.testing.assert_array_equal(seen, steps[-1][0])
        assert info["success"] == any(step[4]["success"] for step in steps)
        rewards.append((reward, sum(step[1] for step in steps)))
        ends.append(over == list(steps[-1][2:4]))
    assert all(ends)
    assert all(reward == total for reward, total in rewards)
    assert max(reward for reward, _ in rewards) == 5


@pytest.mark.parametrize("name", ["rlv_pushing", "rlv_drawer"])
def test_goals_and_script_stand_repeated_actions(name):
    single = tabletop(name)
    repeated = tabletop(name, action_repeat=4, horizon=single.horizon // 4)
    np.testing.assert_array_equal(repeated.goal_snapshots(), single.goal_snapshots())
    assert successes(repeated, seed=0)[-5:].all()


@pytest.mark.parametrize("name", ["rlv_pushing", "rlv_drawer"])
def test_what_rlvs_tables_show_lies_in_their_space(name):
    world = tabletop(name, lock_x=False) if name == "rlv_drawer" else tabletop(name)
    assert world.observation_space.is_bounded()
    for seed in range(3):
        act = world.script() if seed == 2 else None
        actions = np.sign(random_actions(world, world.horizon, seed))
        world.reset(seed=seed)
        for action in actions:
            assert world.observation_space.contains(world.step(act() if act else action)[0])
    assert tabletop(name, observe_time=True).observation_space.high[-1] == 1


@pytest.mark.parametrize(("lock_x", "moves"), [(True, False), (False, True)])
def test_the_drawers_hand_moves_sideways_only_where_asked(lock_x, moves):
    world = tabletop("rlv_drawer", lock_x=lock_x)
    world.reset(seed=0)
    for _ in range(20):
        world.step(hold(world, a0=1))
    assert (world.target[0] > 0.1) is moves
    assert (world.hand[0] > 0.05) is moves


def test_dvds_fourth_action_does_nothing():
    world = tabletop("dvd_cup_forward")
    actions = random_actions(world, 20)
    still = actions.copy()
    still[:, 3] = 0
    np.testing.assert_array_equal(play(world, actions), play(world, still))


def test_dvds_mug_stays_upright_and_weighs_what_is_asked():
    world, light = tabletop("dvd_cup_forward"), tabletop("dvd_cup_forward", mug_mass=0.1)
    assert world._model.body("mug").mass == 1.5
    assert light._model.body("mug").mass == 0.1
    for some in (world, light):
        some.reset(seed=0)
        for _ in range(30):
            some.step(hold(some, a1=1))
        np.testing.assert_array_equal(some.snapshot()[12:16], [1, 0, 0, 0])
    assert np.abs(light.snapshot()[MUG] - world.snapshot()[MUG]).max() > 0.01


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("dvd_close_drawer", (0.25, 0.62, 0.06)),
        ("dvd_cup_forward", (0, 0.7, 0)),
        ("dvd_faucet_right", (-0.27, 0.53, 0.11)),
    ],
)
def test_the_dense_reward_is_the_oracles(name, point):
    world, sparse = tabletop(name, reward="dense"), tabletop(name)
    world.reset(seed=0)
    sparse.reset(seed=0)
    totals = set()
    for _ in range(60):
        action = world.script()()
        _, reward, *_, info = world.step(action)
        _, success, *_, sparse_info = sparse.step(action)
        moment, away = world.snapshot(), math.dist(world.hand, point)
        to_goal = math.dist(moment[MUG], (0, 0.7, 0))
        task = {"drawer": moment[DRAWER], "forward": -to_goal, "right": -moment[FAUCET]}
        assert reward == info["true_reward"]
        assert reward == pytest.approx(success + task[name.split("_")[-1]] - away)
        assert info["success"] == sparse_info["success"]
        totals.add(success)
    assert totals == {0.0, 1.0}


def test_variants_move_things_and_their_goals():
    layouts = [tabletop("dvd_cup_forward", variant=variant).layout for variant in VARIANTS]
    assert [layout.mug_goal[:2] for layout in layouts] == [
        *((0, 0.7), (0, 0.7), (-0.05, 0.7), (0.17, 0.65))
    ]
    assert layouts[1].camera == layouts[0].camera != layouts[2].camera
    assert layouts[3].drawer[:2] == (0.1, 0.9)


@pytest.mark.parametrize("name", ["rlv_pushing", "rlv_drawer", "dvd_cup_forward"])
def test_stepping_the_bare_model_is_stepping_the_drawn_one(name):
    world = tabletop(name)
    whole = physics.spec(world.table, **world.scene_settings()).compile()
    assert world._model.ngeom < whole.ngeom
    data = mujoco.MjData(whole)
    world.reset(seed=0)
    state = int(mujoco.mjtState.mjSTATE_INTEGRATION)
    start = np.empty(mujoco.mj_stateSize(whole, state))
    mujoco.mj_getState(world._model, world._data, start, state)
    mujoco.mj_setState(whole, data, start, state)
    for _ in range(world.horizon // 2):
        world.step(world.script()())
        data.mocap_pos[0], data.ctrl[:] = world.target, world._data.ctrl
        mujoco.mj_step(whole, data, world.substeps)
        if world.table == "dvd":
            data.qpos[12:16] = 1, 0, 0, 0
        np.testing.assert_array_equal(data.qpos, world.snapshot())


def test_goals_show_what_is_to_be_reached():
    for name in SETTINGS:
        world = tabletop(name)
        goals = world.goal_snapshots()
        assert len(goals) == (2 if name == "rlv_drawer" else 1)
        assert world.succeeded(goals[-1])
        np.testing.assert_array_equal(goals, tabletop(name).goal_snapshots())
    shut, opened = tabletop("rlv_drawer").goal_snapshots()
    assert abs(shut[RLV_DRAWER]) < 1e-3
    assert opened[RLV_DRAWER] < -0.19
    pushed = tabletop("rlv_pushing").goal_snapshots()[0]
    assert np.abs(pushed[[PUSHED_X, PUSHED_Y]] - (0, 0.75)).max() < 0.01


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("dvd_cup_forward", {"variant": "env5"}), ("rlv_drawer", {"lock_x": None})],
)
def test_settings_are_checked(name, wrong):
    with pytest.raises(ValidationError):
        tabletop(name, **wrong)


def test_the_two_finger_pads_of_rlvs_drawer_weigh_the_same():
    model = physics.spec("drawer").compile()
    right, left = (model.body(name).mass.item() for name in ("rightpad", "leftpad"))
    assert right == left == pytest.approx(0.016, rel=0.02)  # kg, as RLV's


def test_dvds_table_shows_no_dots_that_its_own_model_lacks():
    model = physics.spec("dvd", variant="original", mug_mass=1.5).compile()
    for name in ("coffee_goal", "handleStartClose"):
        assert model.site(name).rgba[3] == 0
