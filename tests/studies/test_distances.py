"""Distances along rollouts of known kinds, on the real tables of HOLD."""

import numpy as np
import pytest
import torch

from showtell.goals.goal import Drawing
from showtell.goals.rendered import RenderedGoal, RenderedSettings
from showtell.nets.hold_c import HoldCEncoder, HoldCSettings, describe
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.results.distances import curve, fits
from showtell.results.table import Table
from showtell.rewards.building import GoalInputs, build_reward
from showtell.rewards.reward import Distances, Reads
from showtell.studies.known_rollouts import Known, play, shares
from showtell.studies.seen import Light
from showtell.studies.study import CachedEncoder, StudyInputs, read_strips, write_strips
from showtell.study.needs import Offers
from showtell.study.registry import build, part

DVD = {"variant": "original", "mug_mass": 1.5, "reward": "sparse", "horizon": 60}
WORLDS = {
    "dvd_close_drawer": DVD,
    "rlv_pushing": {"horizon": 100, "action_repeat": 1},
    "rlv_drawer": {"horizon": 200, "action_repeat": 1, "lock_x": True},
}
VIEW = View(32, 24, quality="fast", mirrored=True)
KNOWN = {
    "script": 3, "noisy": 2, "stalled": 3, "drifting": 2, "random": 2,
    "little_noise": 0.1, "much_noise": 1.0,
}  # fmt: skip
STUDY = {
    "kind": "distances", "methods": ["any"], "rollouts": KNOWN, "moments": 8, "scenes": ["same"],
    "light_gains": [0.7, 0.8, 1.0], "light_shift": [2, -1],
}  # fmt: skip
DISTANCE = {
    "kind": "distance", "goal": "g", "distance": "pixels", "baseline": "goal",
    "form": "cumulative", "gamma": 1.0, "divisor": 3, "normalise": "fixed", "threshold": 0.3,
    "threshold_of": "fixed", "patience": 3, "stage_offset": 1.0,
}  # fmt: skip
ADDRESS = ("paper", "experiment", "task", "study")


def made(kind, values, **context):
    return build(kind, part(kind, values["kind"]).settings.model_validate(values), **context)


def world(kind):
    return made("worlds", {"kind": kind, "end": "truncated", "observe_time": False} | WORLDS[kind])


def study(**changes):
    return made("studies", STUDY | changes)


def table(measured):
    return Table.of(measured.columns, measured.rows)


def as_bytes(snapshots, view):
    """Pictures that hold the snapshots themselves."""
    flat = np.ascontiguousarray(snapshots, dtype=np.float64).view(np.uint8)
    return np.pad(flat, ((0, 0), (0, -flat.shape[1] % 3))).reshape(len(flat), 1, -1, 3)


class OfJoints:
    """The distance of some joints to those of a goal."""

    history = 1

    def __init__(self, joints, goal):
        self.reads = Reads(VIEW)
        self._joints, self._goal = joints, goal

    def distances(self, histories, stride):
        flat = np.ascontiguousarray(histories).reshape(*histories.shape[:2], -1)
        snapshots = flat[..., : 8 * len(self._goal)].copy().view(np.float64)
        gaps = np.abs(snapshots - self._goal)[..., self._joints].sum(axis=-1)
        return Distances(gaps, gaps, np.zeros(gaps.shape, dtype=np.intp))


@pytest.mark.parametrize("kind", WORLDS)
def test_in_a_miss_the_arm_moves_as_in_its_success_and_no_thing_does(kind):
    table_top = world(kind)
    rollouts = play(table_top, Known(**KNOWN), 0, ADDRESS)
    named = dict(zip(zip(rollouts.kinds, rollouts.numbers, strict=True), range(99), strict=False))
    misses = [(number, at) for (kind_, number), at in named.items() if kind_ == "miss"]
    assert misses
    for number, at in misses:
        miss, success = rollouts.snapshots[at], rollouts.snapshots[named["script", number]]
        np.testing.assert_array_equal(miss[:, table_top.arm], success[:, table_top.arm])
        assert (miss[:, table_top.things] == miss[0, table_top.things]).all()
        assert np.abs(np.diff(miss[:, table_top.arm], axis=0)).max() > 1e-3
        assert rollouts.successes[named["script", number]] and not rollouts.successes[at]
    start, goal, unmoved, at_start = shares(rollouts, table_top)
    assert table_top.succeeded(goal) and table_top.succeeded(at_start)
    assert not table_top.succeeded(start) and not table_top.succeeded(unmoved)


def test_kinds_are_what_they_say_and_the_same_seed_plays_the_same():
    table_top = world("rlv_pushing")
    rollouts, again = (play(table_top, Known(**KNOWN), 0, ADDRESS) for _ in range(2))
    np.testing.assert_array_equal(rollouts.snapshots, again.snapshots)
    other = play(table_top, Known(**KNOWN), 1, ADDRESS)
    assert not np.array_equal(rollouts.snapshots, other.snapshots)
    of = {
        kind: rollouts.snapshots[[k == kind for k in rollouts.kinds]]
        for kind in ("script", "noisy", "stalled", "drifting", "random")
    }
    assert [len(found) for found in of.values()] == [3, 2, 3, 2, 2]
    for found in of.values():  # rollout i of each kind begins from the same start
        np.testing.assert_array_equal(found[0, 0], rollouts.snapshots[0, 0])
    rests = rollouts.rests()
    stalled = rests[[kind == "stalled" for kind in rollouts.kinds]]
    assert (np.diff(stalled) > 0).all() and stalled[-1] < 100
    assert (rests[[kind == "random" for kind in rollouts.kinds]] > 95).all()


def test_things_alone_separate_misses_and_the_arm_alone_does_not():
    table_top = world("dvd_close_drawer")
    goal = table_top.goal_snapshots(0)[-1]
    rewards = {
        "things": OfJoints(slice(16, 17), goal),
        "arm": OfJoints(table_top.arm, goal),
    }
    measured = study().measure(StudyInputs(table_top, rewards, {}, as_bytes), 0, ADDRESS)
    things, arm = fits(table(measured))
    assert things.auc == things.auc_miss == 1
    assert arm.auc_miss <= 0.5
    assert (things.thing_share, things.arm_share) == pytest.approx((1, 0))
    assert (arm.thing_share, arm.arm_share) == pytest.approx((0, 1))
    assert things.spearman > 0.8  # it rests until the hand is there
    found = curve(table(measured).where(method="things", kind="script", rollout=0), "distances")
    assert found.shape == (1, 8)
    assert found[0, 0] == pytest.approx(0.07, abs=0.01) and found[0, -1] == pytest.approx(0)


def encoder():
    settings = HoldCSettings.model_validate({
        "kind": "hold_c", "pretrained": "random", "picture": {"width": 32, "height": 24},
        "fit": "squash", "batch": 64,
        "architecture": {
            "kind": "resnet",
            "layers": [1, 1, 1, 1], "block": "basic", "width": 8, "norm": "group",
            "branch_scale": 0, "dimensions": 8,
        },
    })  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = settings.architecture.build()
    return HoldCEncoder(settings, model, describe(settings), device="cpu")


@pytest.fixture(scope="module")
def drawer():
    """Three methods in the scenes of DVD's drawer, and how often each view was drawn."""
    table_top, network = world("dvd_close_drawer"), CachedEncoder(encoder())
    with RenderPool(table_top.scene, table_top.scene_settings(), workers=1) as pool:
        drawing = Drawing(table_top, pool.draw, VIEW)

        def reward(**changes):
            settings = DISTANCE | changes
            used = network if settings["distance"] == "l2" else None
            goal = {"kind": "rendered", "encoder": used and "e", "stages": "all", "seed": 0}
            target = RenderedGoal(RenderedSettings(**goal)).embed(used, None, drawing=drawing)
            goals = {"g": GoalInputs(target, used, VIEW)}
            whole = settings
            if changes.pop("sparse", None):
                del settings["sparse"]
                terms = [settings, {"kind": "true_reward"}]
                whole = {"kind": "sum", "terms": terms, "weights": [1.0, 1.0]}
            made_settings = part("rewards", whole["kind"]).settings.model_validate(whole)
            return build_reward(made_settings, goals, {}, view=VIEW, seed=0)

        rewards = {
            "pixels": reward(),
            "random": reward(distance="l2"),
            "random-sparse": reward(distance="l2", sparse=True),
        }
        count = []

        def draw(snapshots, view):
            count.append(view)
            return pool.draw(snapshots, view)

        scenes = ["same", "light", "repainted", "turned", "colours"]
        subject = StudyInputs(table_top, rewards, {}, draw)
        return table(study(scenes=scenes).measure(subject, 0, ADDRESS)), count


def test_each_scene_is_seen_otherwise_while_the_goal_stays(drawer):
    measured, _ = drawer
    ends = {
        scene: measured.where(method="pixels", scene=scene, kind="goal").numbers("end")[0]
        for scene in measured.distinct("scene")
    }
    assert list(ends) == ["same", "light", "repainted", "turned", "colours"]
    assert ends["same"] == 0  # the end of the script is the goal
    assert min(ends[scene] for scene in ends if scene != "same") > 1
    starts = [
        measured.where(method="pixels", scene=scene, kind="start").column("end") for scene in ends
    ]
    assert len({cell for (cell,) in starts}) == 5


def test_rollouts_are_the_same_in_scenes_that_change_pictures_alone(drawer):
    measured, _ = drawer
    success = {
        scene: measured.where(method="pixels", scene=scene).pick(("kind", "rollout", "success"))
        for scene in measured.distinct("scene")
    }
    assert success["same"] == success["light"] == success["repainted"] == success["turned"]
    assert {kind for kind, *_ in success["colours"]} == {kind for kind, *_ in success["same"]}


def test_frames_are_drawn_once_for_all_methods(drawer):
    _, count = drawer
    # Rollouts and moments of the own scene and the turned one; pools of their own draw the rest.
    assert [view.camera for view in count] == ["default", "default", "turned", "turned"]


def test_a_sum_is_measured_by_its_distance(drawer):
    measured, _ = drawer
    alone, summed = (
        measured.where(method=name).pick(("scene", "kind", "rollout", "end", "distances"))
        for name in ("random", "random-sparse")
    )
    assert alone == summed


def test_other_light_dims_and_shifts():
    frames = np.zeros((1, 4, 5, 3), np.uint8)
    frames[0, 2, 1] = (100, 200, 50)
    lit = Light((0.5, 2.0, 1.0), (2, -1)).on(frames)
    assert lit[0, 1, 3].tolist() == [50, 255, 50]
    assert lit.sum() == 355


def test_stages_are_measured_to_the_active_goal_and_to_the_last():
    table_top = world("rlv_drawer")
    view = VIEW._replace(width=32, height=32)
    with RenderPool(table_top.scene, table_top.scene_settings(), workers=1) as pool:
        drawing = Drawing(table_top, pool.draw, view)
        settings = RenderedSettings(kind="rendered", encoder=None, stages="all", seed=0)
        target = RenderedGoal(settings).embed(None, None, drawing=drawing)
        near = part("rewards", "distance").settings.model_validate(DISTANCE | {"threshold": 4.0})
        goals = {"g": GoalInputs(target, None, view)}
        reward = build_reward(near, goals, {}, view=view, seed=0)
        settings = study(moments=21, rollouts=KNOWN | {"script": 1, "noisy": 0})
        measured = settings.measure(StudyInputs(table_top, {"l2": reward}, {}, pool.draw), 0, ())
    script = table(measured).where(kind="script")
    last, staged = curve(script, "distances")[0], curve(script, "staged")[0]
    assert script.column("stage") == ["1"]
    assert staged[0] > last.min() + 1 and staged[-1] == pytest.approx(last[-1], abs=1e-4)
    assert last.argmax() not in (0, 20)  # the way to the handle leads away from the last goal
    drifting = table(measured).where(kind="drifting")
    assert "0" in drifting.column("stage")


def test_what_cannot_be_measured_is_refused():
    settings = part("studies", "distances").settings.model_validate(STUDY)
    offers = world_offers("dvd_close_drawer")
    assert settings.problem(offers) is None
    elsewhere = settings.model_copy(update={"scenes": ["same", "arrangement", "moonlight"]})
    assert "moonlight" in elsewhere.problem(offers)
    assert "arrangement" in elsewhere.problem(world_offers("rlv_drawer"))
    bare = Offers(actions="box", script=True, uniform_states=False, true_rewards_of_states=False)
    assert "joints" in settings.problem(bare)
    truth, distance = ({"kind": "true_reward"}, DISTANCE)
    total = {"kind": "sum", "terms": [truth, distance], "weights": [1.0, 1.0]}
    reasons = [
        settings.problem_with(part("rewards", of["kind"]).settings.model_validate(of))
        for of in (truth, distance, total)
    ]
    assert "'true_reward'" in reasons[0] and reasons[1:] == [None, None]


def world_offers(kind):
    values = {"kind": kind, "end": "truncated", "observe_time": False} | WORLDS[kind]
    return part("worlds", kind).settings.model_validate(values).offers()


def test_frames_of_a_success_and_of_a_miss_are_kept_for_figures(tmp_path):
    table_top = world("dvd_close_drawer")
    reward = OfJoints(table_top.things, table_top.goal_snapshots()[-1])
    subject = StudyInputs(table_top, {"things": reward}, {}, as_bytes)
    found = study().measure(subject, 0, ADDRESS).strips
    assert set(found) == {"script", "miss"}
    success, miss = found["script"], found["miss"]
    assert success.shape == miss.shape and len(success) > 3
    assert (success[0] == miss[0]).all()  # both begin alike
    assert (success[-1] != miss[-1]).any()  # only in one the thing has moved
    write_strips(tmp_path / "study.npz", found)
    again = read_strips(tmp_path / "study.npz")
    assert all((again[kind] == found[kind]).all() for kind in found)
