import numpy as np
import pytest
from gymnasium import spaces

from showtell.learners.sac import Shift
from showtell.learners.sb3.picture_replay import PictureReplay, shifted
from showtell.learners.sb3.replay import ReplaySegments
from showtell.project.checkpoints import Resume

HORIZON, SIDE = 3, 8
GOALS = np.full((2, SIDE, SIDE, 3), [[[[200]]], [[[201]]]], dtype=np.uint8)


def empty(rows: int, goals=GOALS) -> PictureReplay:
    seen = spaces.Box(0, 255, (6, SIDE, SIDE), np.uint8)
    box = spaces.Box(-1, 1, (2,), np.float32)
    return PictureReplay(2 * rows, seen, box, "cpu", 2, False, goals=goals, shift=None, seed=0)


def picture(row: int, step: int) -> np.ndarray:
    """Of the state `step` steps after the start of the episode in which `row` lies."""
    return np.full((2, 6, SIDE, SIDE), 4 * (row // HORIZON) + step, dtype=np.uint8)


def fill(buffer: PictureReplay, first: int, end: int) -> None:
    for row in range(first, end):
        step = row % HORIZON
        over = np.full(2, step == HORIZON - 1)
        info = {"stage": int(step > 1), "next_stage": int(step > 0)}
        now, then = picture(row, step), picture(row, step + 1)
        buffer.add(now, then, np.zeros((2, 2)), np.full(2, row), over, [info, info])


@pytest.mark.parametrize("rows", [6, 10, 11])
def test_every_sample_is_a_transition_of_one_episode_also_after_the_buffer_wraps(rows):
    buffer = empty(rows)
    fill(buffer, 0, 24)
    samples = buffer.sample(300)
    number = samples.rewards[:, 0].numpy().astype(int)
    assert set(number) == set(range(24 - rows, 24))
    now, step = samples.observations[:, 0, 0, 0].numpy(), number % HORIZON
    np.testing.assert_array_equal(now, 4 * (number // HORIZON) + step)
    np.testing.assert_array_equal(samples.next_observations[:, 0, 0, 0].numpy(), now + 1)
    np.testing.assert_array_equal(samples.observations[:, 3, 0, 0], 200 + (step > 1))
    np.testing.assert_array_equal(samples.next_observations[:, 5, 7, 7], 200 + (step > 0))
    assert samples.observations.numpy().dtype == np.uint8


def test_a_frame_is_held_once(rows=30):
    buffer = empty(rows)
    fill(buffer, 0, rows)
    frames = buffer.observations.nbytes + sum(end.nbytes for end in buffer.ends.values())
    frame = 3 * SIDE * SIDE
    assert frames == 2 * frame * (rows + rows // HORIZON)


@pytest.mark.parametrize("checkpoints", [[3], [6, 9, 24], [3, 21, 24]])
def test_a_picture_buffer_comes_back_with_every_row_and_the_same_shifts(tmp_path, checkpoints):
    buffer, again = empty(10), empty(10)
    replay, before = ReplaySegments(buffer), 0
    with Resume(tmp_path, "job") as resume:
        for end in checkpoints:
            fill(buffer, before, end)
            buffer.generator.random()
            resume.save(end, replay.state(end))
            before = end
    with Resume(tmp_path, "job") as resume:
        ReplaySegments(again).restore(resume.load())
    assert (again.pos, again.full) == (buffer.pos, buffer.full)
    assert again.generator.random() == buffer.generator.random()
    assert again.ends.keys() == buffer.ends.keys()
    for name in PictureReplay.columns:
        np.testing.assert_array_equal(getattr(again, name), getattr(buffer, name), name)


@pytest.mark.parametrize(("drawn", "several"), [("per_sample", True), ("per_batch", False)])
@pytest.mark.parametrize("border", ["zeros", "edge"])
def test_a_shift_moves_frame_and_goal_together(drawn, several, border):
    column = np.arange(1, SIDE + 1, dtype=np.uint8)
    pictures = np.broadcast_to(column, (40, 6, SIDE, SIDE))
    shift = Shift(pixels=2, drawn=drawn, border=border)
    moved = shifted(pictures, shift, np.random.default_rng(0))
    assert moved.shape == pictures.shape
    np.testing.assert_array_equal(moved[:, :3], moved[:, 3:])
    middles = moved[:, 0, 4, 4].astype(int) - int(column[4])
    assert set(middles) <= {-2, -1, 0, 1, 2}
    assert (len(set(middles)) > 1) == several
    assert (moved == 0).any() == (border == "zeros" and bool((middles != 0).any()))
