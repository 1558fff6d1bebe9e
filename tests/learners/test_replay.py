import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.buffers import ReplayBuffer

from showtell.learners.sb3.replay import ReplaySegments
from showtell.learners.sb3.state_replay import StateReplay
from showtell.project.checkpoints import Resume
from tests.learners.classroom import after

COLUMNS = ("observations", "actions", "rewards", "dones", "timeouts")
HORIZON = 3


def empty(size: int = 10) -> StateReplay:
    box = spaces.Box(-1, 1, (2,), np.float32)
    return StateReplay(2 * size, box, spaces.Discrete(3), "cpu", n_envs=2)


def fill(buffer: StateReplay | ReplayBuffer, first: int, end: int) -> None:
    """Rows with numbers of their own; every third ends an episode, with an observation more."""
    for row in range(first, end):
        over = row % HORIZON == HORIZON - 1
        now, then = np.full((2, 2), row), np.full((2, 2), -row if over else row + 1)
        action, reward = np.array([row % 3] * 2), np.array([row, -row])
        info = [{"TimeLimit.truncated": over}, {}]
        buffer.add(now, then, action, reward, np.array([over, over]), info)


@pytest.mark.parametrize("checkpoints", [[3], [3, 9], [6, 9, 12], [3, 18, 21, 30], [9, 27, 27, 30]])
def test_a_buffer_comes_back_with_every_row(tmp_path, checkpoints):
    buffer = empty()
    replay = ReplaySegments(buffer)
    with Resume(tmp_path, "job") as resume:
        for before, end in zip([0, *checkpoints], checkpoints, strict=False):
            fill(buffer, before, end)
            resume.save(end, replay.state(end))
    again = empty()
    with Resume(tmp_path, "job") as resume:
        ReplaySegments(again).restore(resume.load())
    assert (again.pos, again.full) == (buffer.pos, buffer.full)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(again, name), getattr(buffer, name), name)
    np.testing.assert_array_equal(after(again), after(buffer))


def theirs(size: int = 10) -> ReplayBuffer:
    box = spaces.Box(-1, 1, (2,), np.float32)
    return ReplayBuffer(2 * size, box, spaces.Discrete(3), "cpu", n_envs=2)


@pytest.mark.parametrize("rows", [3, 9, 12, 30])
def test_batches_are_those_of_stable_baselines3_bit_for_bit(rows):
    batches = []
    for buffer in (empty(), theirs()):
        fill(buffer, 0, rows)
        np.random.seed(0)
        batches.append([buffer.sample(64) for _ in range(3)])
    for ours, published in zip(*batches, strict=True):
        for name in ours._fields:
            found, wanted = getattr(ours, name), getattr(published, name)
            if wanted is not None:
                assert found.dtype == wanted.dtype
                assert found.numpy().tobytes() == wanted.numpy().tobytes(), name


def test_every_observation_is_stored_once():
    buffer = empty(300)
    fill(buffer, 0, 300)
    ends = sum(end.nbytes for end in buffer.ends.values())
    assert buffer.observations.nbytes + ends == theirs(300).observations.nbytes * (1 + 1 / HORIZON)
    assert not hasattr(buffer, "next_observations")


def test_a_checkpoint_writes_only_rows_that_are_new(tmp_path):
    buffer = empty()
    replay = ReplaySegments(buffer)
    with Resume(tmp_path, "job") as resume:
        for end in range(3, 31, 3):
            fill(buffer, end - 3, end)
            before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("segment-*")}
            resume.save(end, replay.state(end))
            new = [p for p in tmp_path.glob("segment-*") if before.get(p) != p.stat().st_mtime_ns]
            assert [path.stem for path in new] == [f"segment-replay-{end - 3:012d}-{end:012d}"]
    # Ten rows of the buffer, and those that only the checkpoint before the last one needs.
    assert len(list(tmp_path.glob("segment-*"))) == 5


def test_many_rows_do_not_wait_for_a_checkpoint(tmp_path, monkeypatch):
    buffer = empty()
    row = buffer.observations[0].nbytes
    monkeypatch.setattr("showtell.learners.sb3.replay._SEGMENT_BYTES", 6 * row)
    replay = ReplaySegments(buffer)
    fill(buffer, 0, 3)
    assert replay.waiting(3) is None
    fill(buffer, 3, 6)
    with Resume(tmp_path, "job") as resume:
        segment = replay.waiting(6)
        assert segment is not None
        resume.write(segment)
        fill(buffer, 6, 9)
        resume.save(9, replay.state(9))
        again = empty()
        ReplaySegments(again).restore(resume.load())
    np.testing.assert_array_equal(after(again), after(buffer))
    assert len(list(tmp_path.glob("segment-*"))) == 2
