"""What raters are asked about: blind, the same for all raters, in an order that a seed decides."""

import json
from pathlib import Path
from typing import get_args

import pytest

from showtell.commands.label import criteria
from showtell.labels.items import items_of, shuffled, videos_of
from showtell.labels.journal import Clicks
from showtell.labels.kinds import KINDS
from showtell.labels.page import data_of, page
from showtell.labels.study import Key, rater_name
from showtell.project.errors import UserError
from showtell.study.layout import Run
from showtell.study.loading import base
from showtell.worlds.humanoid.poses import PoseName
from tests.labels.conftest import TASK, evaluate, study

ROOT = Path(__file__).resolve().parents[2]


def test_only_finished_evaluations_of_the_task_are_shown(layout):
    evaluate(layout, Run("cartpole", "text", 0, "train"), 9, success=True)
    cut = layout.evaluation("vlm_rm", "humanoid", Run(TASK, "text", 1, "train"))
    (cut / "metrics.json").unlink()
    found = videos_of(layout, TASK)
    assert [video.place.run[:3] for video in found] == [
        (TASK, "text", 0), (TASK, "zero", 0), (TASK, "zero", 1),
    ]  # fmt: skip


def test_an_item_is_the_same_in_every_call_and_new_where_its_video_is(layout):
    before = study(layout)[1]
    assert study(layout)[1] == before
    run = Run(TASK, "text", 0, "train")
    path = layout.evaluation("vlm_rm", "humanoid", run) / "rollout.mp4"
    path.write_bytes(path.read_bytes() + b" ")
    after = study(layout)[1]
    assert len({item.id for item in before} & {item.id for item in after}) == 3
    key = Key.read(layout.labels(TASK, "buckets"))
    assert {item.id for item in before} < set(key.items)  # labels of the old video have a meaning
    assert set(key.trainings) == {video.training for video in videos_of(layout, TASK)}


def test_frames_are_spread_over_each_video_and_never_show_the_start(layout):
    videos = videos_of(layout, TASK)
    items = items_of("frames", videos, 7, TASK, 200, 5)
    for video in videos:
        frames = sorted(item.frame for item in items if item.video == video.id)
        assert [(frame - 1) // 2 for frame in frames] == [0, 1, 2, 3, 4]
    assert len({item.id for item in items_of("frames", videos, 7, TASK, 200, 99)}) == 4 * 10
    for root in range(20):  # 3 does not divide 10
        few = items_of("frames", videos, root, TASK, 200, 3)
        assert len({item.id for item in few}) == 4 * 3
    assert len(items_of("frames", videos, 7, TASK, 6, 5)) == 6


def test_pairs_are_of_two_methods_and_have_one_side_whatever_the_order_of_raters(layout):
    videos = {video.id: video for video in videos_of(layout, TASK)}
    items = items_of("pairs", list(videos.values()), 7, TASK, 200, 3)
    assert len(items) == 4
    assert all(videos[item.video].method != videos[item.other].method for item in items)
    others = items_of("pairs", list(videos.values())[::-1], 8, TASK, 200, 3)
    assert {(i.id, i.video, i.other) for i in items} == {(i.id, i.video, i.other) for i in others}
    with pytest.raises(UserError, match="two videos"):
        items_of("pairs", list(videos.values())[:1], 7, TASK, 200, 3)


def test_each_rater_has_an_order_of_their_own(layout):
    items = study(layout, "frames")[1]
    ada, bob = (shuffled(items, 7, TASK, "frames", rater) for rater in ("ada", "bob"))
    assert ada == shuffled(items, 7, TASK, "frames", "ada") != bob
    assert {item.id for item in ada} == {item.id for item in bob}


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_says_nothing_of_methods_and_seeds(layout, kind):
    key, items, _ = study(layout, kind)
    data = data_of(key, items, "ada", Clicks(), {})
    shown = json.dumps({name: value for name, value in data.items() if name != "choices"})
    for secret in ("text", "zero", "seed", "vlm_rm", *key.trainings):
        assert secret not in shown
    text = page(data)
    assert "It kneels." in text


def test_a_criterion_cannot_end_the_script():
    key = Key(replicate="mini", task="t", kind="buckets", criterion="</script><b>",
              items={}, videos={}, trainings={})  # fmt: skip
    assert "</script><b>" not in page(data_of(key, [], "ada", Clicks(), {}))


def test_table_2_has_a_criterion_for_each_pose_and_no_other_task():
    tasks = base(ROOT)["tasks"]
    poses = {f"humanoid-{pose.replace('_', '-')}" for pose in get_args(PoseName)}
    assert poses <= set(criteria()) <= set(tasks)
    assert {task for task in tasks if task.startswith("humanoid-")} == set(criteria())


@pytest.mark.parametrize("name", ["José", "../x", "", "a b", "A", "-a", "a" * 33])
def test_an_odd_rater_is_refused_with_a_name_that_works(name):
    with pytest.raises(UserError, match="small letters") as error:
        rater_name(name)
    better = str(error.value).rpartition("RATER=")[2].rstrip(".")
    assert rater_name(better) == better
