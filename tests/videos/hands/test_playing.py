"""Videos of a hand: what moves, what does not, and what is said of it."""

import copy
import re
from itertools import pairwise

import mujoco
import numpy as np
import pytest

from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.videos.hands.actions import ACTIONS
from showtell.videos.hands.model import LAYOUT, THINGS, compiled
from showtell.videos.hands.playing import play

SCENE = "showtell.videos.hands.scene:HandScene"


def test_nothing_of_a_robot_is_in_the_model():
    model = compiled()
    assert model.nmesh == 0
    names = {model.body(number).name for number in range(model.nbody)}
    assert names >= {*THINGS, "hand", "forearm", "thumb", "eye"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.template)
def test_a_video_shows_what_its_label_says(action):
    """Things move under their labels, and stand still under those that only pretend."""
    moved = []
    for seed in range(3):
        video = play(np.random.default_rng(seed), action)
        assert video.template == action.template
        assert not {"[", "]"} & set(video.label)
        assert 18 <= len(video.snapshots) <= 70
        assert np.isfinite(video.snapshots).all()
        thing = _thing(video)
        moved.append(_travel(video.snapshots, thing))
    still = not action.touches or "without moving" in action.template
    barely = "doesn't move" in action.template
    for distance in moved:
        assert distance == 0 if still else distance > (0 if barely else 0.05)
        assert not barely or distance < 0.01


MOVING = [
    action
    for action in ACTIONS
    if action.touches and not re.search("doesn't|without moving", action.template)
]


@pytest.mark.parametrize("action", MOVING, ids=lambda action: action.template)
def test_a_hand_is_at_the_thing_while_it_moves(action):
    """In the middle of the motion a fingertip is no further away than the thing is large."""
    for seed in range(3):
        video = play(np.random.default_rng(seed), action)
        thing = _thing(video)
        steps = [
            _travel(pair, thing)
            for pair in np.stack([video.snapshots[:-1], video.snapshots[1:]], 1)
        ]
        middle = video.snapshots[int(np.argmax(steps))]
        assert _gap(middle, thing) < 0.09, (seed, thing)


def test_a_video_is_its_seed():
    first, again, other = (play(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.snapshots, again.snapshots)
    assert first.label == again.label
    assert (
        first.snapshots.shape != other.snapshots.shape or (first.snapshots != other.snapshots).any()
    )


def test_videos_are_drawn_with_different_looks():
    videos = [play(np.random.default_rng(seed)) for seed in range(4)]
    with RenderPool(SCENE, {}, workers=1) as pool:
        pictures = [
            pool.draw(video.snapshots[-1:], View(85, 48, quality="fast"))[0] for video in videos
        ]
    assert all(picture.std() > 5 for picture in pictures)  # none is of one colour
    for one, other in pairwise(pictures):
        assert np.abs(one.astype(int) - other).mean() > 10


def _thing(video) -> str:
    """What the hand handles: named first, or after its part."""
    noun = video.placeholders["[part]" in video.template]
    return next(name for name, thing in THINGS.items() if thing.noun == noun)


def _travel(snapshots: np.ndarray, thing: str) -> float:
    """How far a thing, or its moving part, goes in all: metres, or radians of a turn."""
    moments = [_moment(snapshot) for snapshot in (snapshots[0], snapshots[-1])]
    body = compiled().body(thing).mocapid[0]
    places = [data.mocap_pos[body].copy() for data in moments]
    turns = [data.mocap_quat[body].copy() for data in moments]
    found = np.linalg.norm(places[0] - places[1]) + np.abs(turns[0] - turns[1]).sum()
    if THINGS[thing].kind:
        joint = compiled().joint(thing).qposadr[0]
        found += abs(moments[0].qpos[joint] - moments[1].qpos[joint])
    return float(found)


def _gap(snapshot: np.ndarray, thing: str) -> float:
    """From the nearest of the fingers to the nearest part of the thing, in metres."""
    data = _moment(snapshot)
    model = data.model
    mujoco.mj_kinematics(model, data)
    body = model.body(thing).id
    parts = [
        g
        for g in range(model.ngeom)
        if body in (model.geom_bodyid[g], model.body_parentid[model.geom_bodyid[g]])
    ]
    tips = [
        g
        for g in range(model.ngeom)
        if model.geom(g).name.startswith(("skin_index", "skin_middle", "skin_thumb"))
    ]
    gaps = [
        mujoco.mj_geomDistance(model, data, tip, part, 1.0, None) for tip in tips for part in parts
    ]
    return float(min(gaps))


def _moment(snapshot: np.ndarray):
    model = copy.deepcopy(compiled())
    data = mujoco.MjData(model)
    LAYOUT.put(snapshot, model, data)
    return data
