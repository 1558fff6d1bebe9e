"""Clips of worlds: what is said of them is true of them, and they show it to the end."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from showtell.data.captions import Outcome, caption, nouns, outcome, prompt
from showtell.data.samples import Request
from showtell.data.world_clips import HAND_WORDS, WorldClips, WorldClipsSettings, record
from showtell.nets.known_words import FUNCTION_WORDS
from showtell.nets.s3d_text import LENGTH, split
from showtell.study.loading import load
from showtell.study.registry import build, part
from showtell.worlds.exploration import behaviour
from showtell.worlds.kitchen import words as kitchen
from showtell.worlds.metaworld.words import WORDS as ROBOTS
from showtell.worlds.script import script_of
from showtell.worlds.world import Progress

WORDS = [*ROBOTS.values(), *kitchen.WORDS.values(), *HAND_WORDS.values()]
SETTINGS: dict[str, Any] = {
    "kind": "world_clips",
    "tasks": {"drawer-close": 6},
    "other_views": 0.5,
    "held_out": 0.34,
    "hands": 0,
    "nouns": False,
}
METAWORLD: dict[str, Any] = {
    "kind": "metaworld", "task": "drawer-close", "horizon": 128, "end": "terminal",
    "observe_time": True, "layouts": "frozen", "spread": "published", "hide_goal": True,
    "reward": "v2",
}  # fmt: skip
KITCHEN: dict[str, Any] = {
    "kind": "kitchen", "task": "slide", "horizon": 128, "end": "terminal", "observe_time": True,
    "observe_velocities": False, "actions": "end_effector", "success": "published",
}  # fmt: skip
TASKS = {
    "drawer-close": {
        "world": METAWORLD,
        "camera": {"name": "corner2-crop", "quality": "faithful", "mirrored": False},
    }
}
REQUEST = Request(16, 16, 4, TASKS)
PROMPTS = {  # RoboCLIP, section 4.2
    "drawer-close": "robot closing green drawer",
    "door-close": "robot closing black box",
    "button-press": "robot pushing red button",
}


UNSEEN = load(Path(__file__).resolve().parents[2], "desk").training["s3d-unseen"].dataset.tasks


def world_of(settings: dict[str, Any] = METAWORLD, **changes: Any):
    values = settings | changes
    return build("worlds", part("worlds", values["kind"]).settings.model_validate(values))


SUCCESS = "robot closing green drawer"


@pytest.fixture(scope="module")
def made():
    dataset = WorldClips(WorldClipsSettings.model_validate(SETTINGS))
    return dataset.make(np.random.default_rng(3), REQUEST)


def test_clips_are_split_into_training_and_held_out(made):
    data, held_out = made
    assert data.clips.shape == (4, 4, 16, 16, 3)
    assert held_out.clips.shape == (2, 4, 16, 16, 3)
    assert (len(data.captions), len(held_out.captions)) == (4, 2)
    every = np.concatenate([data.clips, held_out.clips])
    assert len(np.unique(every.reshape(6, -1), axis=0)) == 6
    assert every.reshape(6, -1).std(axis=1).min() > 5  # something is seen in each


def test_the_same_seed_makes_the_same_clips(made):
    dataset = WorldClips(WorldClipsSettings.model_validate(SETTINGS))
    again = dataset.make(np.random.default_rng(3), REQUEST)
    for one, other in zip(made, again, strict=True):
        assert np.array_equal(one.clips, other.clips)
        assert one.captions == other.captions


def test_a_share_of_the_clips_succeeds_where_it_is_asked_for(made):
    few = [SUCCESS in bag for data in made for bag in data.captions]
    dataset = WorldClips(WorldClipsSettings.model_validate(SETTINGS | {"successes": 0.9}))
    parts = dataset.make(np.random.default_rng(3), REQUEST)
    many = [SUCCESS in bag for data in parts for bag in data.captions]
    assert len(many) == len(few) == 6
    assert sum(few) < 5 <= sum(many)


def test_every_clip_knows_what_would_be_said_of_a_success(made):
    for data in made:
        assert data.asked == [SUCCESS] * len(data.clips)


def test_hands_do_the_same_as_robots_in_part_or_whole():
    dataset = WorldClips(WorldClipsSettings.model_validate(SETTINGS | {"tasks": {}, "hands": 8}))
    data, held_out = dataset.make(np.random.default_rng(0), Request(16, 16, 4))
    captions = data.captions + held_out.captions
    assert len(captions) == 40  # of five tasks
    assert set(data.asked) | set(held_out.asked) == {
        "hand pushing red button", "hand opening green drawer", "hand opening door",
        "hand pushing white cup", "hand turning red faucet",
    }  # fmt: skip
    robots = {words.thing for words in ROBOTS.values()}
    assert set(data.things) <= robots  # so that a robot's clip of the same thing is in its batch
    assert ("hand pushing red button",) in captions
    done = [bag for bag in captions if "nudging" not in bag[0] and "approaching" not in bag[0]]
    assert 0 < len(done) < 40


def test_the_name_of_the_thing_is_true_of_every_outcome():
    settings = SETTINGS | {"tasks": {}, "hands": 4, "nouns": True}
    data, _ = WorldClips(WorldClipsSettings.model_validate(settings)).make(
        np.random.default_rng(0), Request(16, 16, 4)
    )
    for sentence, *names in data.captions:
        assert names[0] in sentence
    assert "door" in nouns(ROBOTS["door-open"])  # of wood or of a safe: what hand and robot share


def test_the_note_says_what_the_stand_in_has_seen():
    note = WorldClips(WorldClipsSettings.model_validate(SETTINGS)).note
    assert "has seen the simulator, which the public S3D has not" in note
    assert "drawer-close" in note


@pytest.mark.parametrize("task", PROMPTS)
def test_the_papers_prompts_are_said_of_a_task_that_is_done_and_only_then(task):
    for came in Outcome:
        assert (PROMPTS[task] == caption(ROBOTS[task], came)) == (came is Outcome.DONE)
    assert prompt(ROBOTS[task]) == PROMPTS[task]


@pytest.mark.parametrize("actor", ["robot", "hand"])
def test_every_caption_can_be_read_whole(actor):
    for words in WORDS:
        for came in Outcome:
            said = split(caption(words, came, actor))
            assert len(said) <= LENGTH
            assert said[0] == actor


def test_no_caption_is_said_of_two_outcomes_of_a_task():
    for words in WORDS:
        assert len({caption(words, came) for came in Outcome}) == len(Outcome)


@pytest.mark.parametrize("actor", ["robot", "hand"])
def test_only_verbs_differ_between_captions_of_success_and_of_failure(actor):
    """Each other word occurs exactly as often in the captions of every outcome."""
    for words in WORDS:
        for came in Outcome:
            first, verb, *rest = split(caption(words, came, actor))
            assert verb not in FUNCTION_WORDS
            assert (first, rest) == (actor, split(words.thing))


@pytest.mark.parametrize(
    ("success", "last", "came"),
    [
        (True, Progress(0.5, 1.0), Outcome.DONE),  # the world's own rule has the last word
        (False, Progress(0.01, 0.5), Outcome.BEGUN),
        (False, Progress(0.05, 1.0), Outcome.NEAR),
        (False, Progress(0.9, 1.0), Outcome.AWAY),
        (False, Progress(0.5, 1.0), Outcome.ELSEWHERE),
        (False, Progress(0.5, 0.85), Outcome.ELSEWHERE),  # doors settle by themselves
    ],
)
def test_an_outcome_is_judged_by_where_things_ended(success, last, came):
    assert outcome(success, Progress(0.5, 1.0), last) is came


@pytest.mark.parametrize(
    "settings",
    [METAWORLD | {"task": task} for task in PROMPTS] + [KITCHEN],
    ids=lambda settings: settings["task"],
)
def test_a_script_brings_the_thing_to_its_goal_and_rest_does_not(settings):
    world = world_of(settings)
    assert world.action_space.shape is not None
    rest = np.zeros(world.action_space.shape, np.float32)
    came = {}
    for name in ("script", "rest"):
        world.reset(seed=1)
        first, success, act = world.progress(), False, script_of(world)
        for _ in range(world.horizon):
            *_, info = world.step(act() if name == "script" else rest)
            success = success or info["success"]
        came[name] = outcome(success, first, world.progress())
        assert (world.progress().left < 0.5 * first.left) == (name == "script")
    assert came["script"] is Outcome.DONE
    assert came["rest"] not in (Outcome.DONE, Outcome.BEGUN)


@pytest.mark.parametrize("task", sorted(UNSEEN))
def test_a_script_succeeds_in_the_tasks_from_which_the_network_of_unseen_ones_learns(task):
    world = world_of(task=task, layouts="resampled")
    for act, wanted in ((script_of, True), (lambda _: lambda: np.zeros(4, np.float32), False)):
        world.reset(seed=1)
        first, success, action = world.progress(), False, act(world)
        for _ in range(world.horizon):
            *_, info = world.step(action())
            success = success or info["success"]
        came = outcome(success, first, world.progress())
        assert (came is Outcome.DONE) == wanted
        assert wanted or came is not Outcome.BEGUN


def test_the_network_of_unseen_tasks_knows_their_words_but_no_caption_of_their_success():
    dataset = load(Path(__file__).resolve().parents[2], "desk").training["s3d-unseen"].dataset
    seen = [ROBOTS[task] for task in dataset.tasks]
    assert len(seen) >= 12
    assert dataset.hands == 0
    assert len({prompt(words) for words in seen}) == len(seen)
    for task, sentence in PROMPTS.items():
        thing, doing = ROBOTS[task]
        assert sentence not in {prompt(words) for words in seen}
        assert thing in {words.thing for words in seen}
        assert doing in {words.doing for words in seen}


def test_the_network_of_unseen_tasks_is_asked_about_all_tasks_that_it_has_seen():
    parameters = load(Path(__file__).resolve().parents[2], "desk")
    study = parameters.papers["roboclip"].experiments["language"].studies["own-tasks"]
    assert set(study.tasks) == set(parameters.training["s3d-unseen"].dataset.tasks)
    for task in study.tasks:
        assert parameters.tasks[task].prompts.goal == prompt(ROBOTS[task])


def test_behaviour_is_of_every_kind_and_within_the_box():
    world = world_of(layouts="resampled")
    draws = np.random.default_rng(0)
    captions = Counter(record(world, draws, 2).captions for _ in range(40))
    assert len(captions) >= 3
    assert 5 <= captions[(caption(ROBOTS["drawer-close"], Outcome.DONE),)] <= 30
    world.reset(seed=0)
    actions = []
    for action in islice(behaviour(world, draws), 200):
        actions.append(action)
        world.step(action)
    assert np.abs(actions).max() <= 1
    assert actions[0].dtype == np.float32


def test_a_clip_ends_with_the_last_moment_of_its_episode():
    world = world_of(layouts="resampled")
    shown = record(world, np.random.default_rng(5), 4).snapshots
    assert len(shown) == 4
    assert np.array_equal(shown[-1], world.snapshot())


def test_the_robots_layout_differs_from_episode_to_episode():
    from showtell.data.world_clips import _world

    world = _world(TASKS["drawer-close"])
    draws = np.random.default_rng(0)
    starts = []
    for _ in range(3):
        record(world, draws, 2)
        starts.append(world.full_observation()[36:39])
    assert len(np.unique(np.round(starts, 4), axis=0)) == 3
