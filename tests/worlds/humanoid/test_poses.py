"""The eight poses: an example of each is recognised, and what nearly is one is not."""

from typing import get_args

import numpy as np
import pytest

from showtell.worlds.humanoid.poses import POSES, Body, PoseName
from showtell.worlds.humanoid.world import MODEL
from showtell.worlds.simulator.models import bare_model, mujoco

STANDING = {"arms_raised", "hands_on_hips", "one_leg", "arms_crossed"}
# Angles that differ from the pose's example; `lift` and `turn` (degrees) move the whole body.
NEAR_MISSES = {
    "kneeling": {
        "on one knee": {"left_hip_y": -90, "left_knee": -90},
        "on hands and knees": {"pitch": 80, "hip_y": -85, "shoulder1": 0, "shoulder2": 0},
        "in the air": {"lift": 0.15},
        "squatting": {"hip_y": -100, "knee": -130},
        "falling over backwards": {"pitch": -40},
    },
    "lotus": {
        "knees up": {"pitch": 0, "abdomen_y": 0, "hip_y": -110},
        "legs stretched": {"knee": -2, "hip_y": -70},
        "knees together": {"hip_z": 0, "hip_x": 0, "hip_y": -60},
        "lying on the back": {"pitch": -85, "abdomen_y": 0},
        "in the air": {"lift": 0.2},
    },
    "standing_up": {
        "lying": {"pitch": 90},
        "falling forward": {"pitch": 35},
        "crouching": {"hip_y": -100, "knee": -130},
        "jumping": {"lift": 0.1},
        "on the knees": {"knee": -95},
        "arched over the toes": {"abdomen_y": 30, "pitch": 25},
    },
    "arms_raised": {
        "one arm": {"left_shoulder1": -38, "left_shoulder2": 46, "left_elbow": -63},
        "arms forward": {"shoulder1": 0, "shoulder2": 30},
        "elbows up, hands down": {"elbow": 50, "shoulder2": -20},
        "in the air": {"lift": 0.2},
        "lying": {"pitch": -90},
    },
    "splits": {
        "legs closed": {"hip_z": 0},
        "astride by 80 degrees": {"hip_z": -40},
        "knees bent": {"knee": -70},
        "one leg to the side": {"left_hip_z": 35},
        "standing astride": {"pitch": 0, "hip_y": 0, "hip_z": 0, "hip_x": -25},
        "legs in the air": {"pitch": -40},
    },
    "hands_on_hips": {
        "hanging": {"shoulder1": 38, "shoulder2": -46, "elbow": -63},
        "hands at the chest, elbows out": {"shoulder1": 0, "shoulder2": -70, "elbow": 20},
        "one hand": {"left_shoulder1": -38, "left_shoulder2": 46, "left_elbow": -63},
        "before the belly": {"shoulder1": 36, "shoulder2": -23, "elbow": -53},
        "on the floor": {"pitch": 90},
    },
    "one_leg": {
        "on both": {"right_hip_y": 0, "right_knee": -2, "roll": 0},
        "a foot just off the floor": {"right_hip_y": -8, "right_knee": -16, "roll": 0},
        "hopping": {"lift": 0.1},
        "tipping over": {"roll": 15},
        "on the other knee": {"left_knee": -95},
    },
    "arms_crossed": {
        "arms parallel": {"shoulder1": 20, "right_shoulder1": 20, "left_shoulder1": -20},
        "one across": {"left_shoulder1": 0, "left_shoulder2": 0, "left_elbow": 0},
        "hands touching": {"right_shoulder1": 30, "left_shoulder1": -30},
        "hanging": {
            **{"right_shoulder1": 38, "right_shoulder2": -46, "right_elbow": -63},
            **{"left_shoulder1": -38, "left_shoulder2": 46, "left_elbow": -63},
        },
        "lying": {"pitch": 90},
    },
}
CASES = [(name, miss) for name, misses in NEAR_MISSES.items() for miss in misses]


@pytest.fixture(scope="module")
def body() -> Body:
    return Body(bare_model(str(MODEL)))


def shows(body: Body, qpos: np.ndarray) -> set[str]:
    posture = body.posture(qpos)
    return {name for name, known in POSES.items() if known.shown(posture)}


def near_miss(body: Body, name: str, miss: str) -> np.ndarray:
    angles = {**POSES[name].example, **NEAR_MISSES[name][miss]}
    qpos = body.grounded(body.positions(angles))
    qpos[2] += angles.get("lift", 0)
    return qpos


@pytest.mark.parametrize("name", POSES)
def test_an_example_shows_its_own_pose_and_no_other(body, name):
    standing = {"standing_up"} if name in STANDING else set()
    assert shows(body, body.example(name)) == {name} | standing


@pytest.mark.parametrize(("name", "miss"), CASES, ids=[f"{n}: {m}" for n, m in CASES])
def test_a_near_miss_does_not(body, name, miss):
    assert name not in shows(body, near_miss(body, name, miss))


@pytest.mark.parametrize("name", POSES)
def test_where_the_body_is_and_faces_does_not_matter(body, name):
    qpos = body.example(name)
    expected = shows(body, qpos)
    for yaw in np.linspace(0.3, 6, 7):
        turned = qpos.copy()
        turned[:2] += 3 * np.cos(yaw), -2 * yaw
        turn = np.array([np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)])
        mujoco.mju_mulQuat(turned[3:7], turn, qpos[3:7])
        assert shows(body, turned) == expected


@pytest.mark.parametrize("name", POSES)
def test_examples_stay_within_the_joints_limits(body, name):
    model, qpos = bare_model(str(MODEL)), body.example(name)
    for number in range(1, model.njnt):
        low, high = model.jnt_range[number]
        angle = qpos[model.jnt_qposadr[number]]
        assert low - 1e-9 <= angle <= high + 1e-9, model.joint(number).name


def test_a_mirrored_body_shows_the_same(body):
    pairs = {"right_hip_y": -70, "right_knee": -90}
    mirrored = {name.replace("right", "left"): angle for name, angle in pairs.items()}
    for angles, sign in ((pairs, 1), (mirrored, -1)):
        qpos = body.grounded(body.positions({**angles, "roll": -5 * sign}))
        assert "one_leg" in shows(body, qpos)


@pytest.mark.parametrize("name", POSES)
def test_gaps_are_what_mujoco_measures_to_the_floor(body, name):
    model = bare_model(str(MODEL))
    data = mujoco.MjData(model)
    data.qpos[:] = body.example(name)
    data.qpos[2] += 0.0005  # within the margin at which MuJoCo reports contacts
    mujoco.mj_forward(model, data)
    posture = body.posture(data.qpos)
    floor = model.geom("floor").id
    touching = {contact.geom2: contact.dist for contact in data.contact if contact.geom1 == floor}
    assert touching  # grounded: something is on the floor
    assert min(touching.values()) == pytest.approx(0.0005, abs=1e-6)
    gaps = {"left_foot": posture.left_foot.gap, "right_foot": posture.right_foot.gap}
    gaps |= {"left_hand": posture.left_hand.gap, "head": posture.head.gap}
    for part, gap in gaps.items():
        geom = model.geom(part).id
        assert (geom in touching) == (gap < 0.001), part
        if geom in touching:
            assert touching[geom] == pytest.approx(gap, abs=1e-6)


def test_every_pose_has_a_rule_in_words_and_a_name_that_settings_accept():
    assert set(get_args(PoseName)) == set(POSES)
    for known in POSES.values():
        assert known.definition[0].islower()
        assert not known.definition.endswith(".")
