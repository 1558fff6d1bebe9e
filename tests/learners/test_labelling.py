from threading import Event

import numpy as np
import pytest
from stable_baselines3 import DQN

from showtell.learners.labelling import Rollout, label
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.rendering.pool import RenderError, RenderPool
from showtell.rewards.reward import Episodes, Reads
from tests.learners.classroom import (
    VIEW,
    Clock,
    Seen,
    after,
    assignment,
    draw,
    learner,
    nowhere,
    paid,
)


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """Train, and hand out the buffer that was learned from last."""

    def train(**changes):
        learned_from = []
        original = DQN.train

        def watched(self, *args, **kwargs):
            learned_from.append(self.replay_buffer)
            original(self, *args, **kwargs)

        monkeypatch.setattr(DQN, "train", watched)
        with Resume(tmp_path / ".resume", "") as resume:
            learner(**changes).train(assignment(), resume, nowhere)
        return learned_from[-1]

    return train


def test_every_stored_reward_belongs_to_the_state_after_its_action(trained):
    buffer = trained(buffer=1000)
    stored = buffer.size()
    assert stored == 60
    assert buffer.dones[:stored].sum() == 24  # last steps are among them, both environments
    np.testing.assert_array_equal(buffer.rewards[:stored], paid(after(buffer)))


def test_rewards_wrap_around_with_the_buffer(trained):
    buffer = trained(buffer=50)  # 25 rows, rollouts of 10: the third is cut by the end
    assert buffer.full and buffer.pos == 60 % 25
    np.testing.assert_array_equal(buffer.rewards, paid(after(buffer)))


def test_the_last_row_of_an_episode_is_where_it_ended():
    rollout, world = Rollout(steps=2, environments=1, horizon=2), Clock(horizon=2)
    first, _ = world.reset(seed=0)
    rollout.begin(first[None], world.snapshot()[None])
    last = np.array([world.episode, 2.0], dtype=np.float32)
    for time in (1, 2):
        observation, _, done, _, info = world.step(1)
        info["snapshot"] = world.snapshot()
        if time == 2:
            info["terminal_observation"] = observation
            observation = np.array([-1.0, 0.0], dtype=np.float32)  # of the next episode
        rollout.add(np.array([1]), observation[None], np.array([1.0]), np.array([done]), [info])
    episodes, snapshots, starts = rollout.episodes()
    np.testing.assert_array_equal(episodes.observations[0, -1], last)
    np.testing.assert_array_equal(snapshots[0, -1], last)
    np.testing.assert_array_equal(starts, [[world.episode, 0.0]])


def test_labels_return_to_their_step_and_environment():
    rollout = Rollout(steps=4, environments=3, horizon=2)
    rollout.begin(np.zeros((3, 1)), np.zeros((3, 1)))
    for step in range(4):
        values = 10.0 * step + np.arange(3)
        info = {"success": False, "snapshot": np.zeros(1)}
        dones = np.full(3, step % 2 == 1)
        rollout.add(np.zeros(3), values[:, None], values, dones, [info] * 3, starts=np.ones((3, 1)))
    episodes, *_ = rollout.episodes()
    assert episodes.true_rewards.tolist() == [
        [0, 10], [1, 11], [2, 12], [20, 30], [21, 31], [22, 32],
    ]  # fmt: skip
    expected = 10.0 * np.arange(4)[:, None] + np.arange(3)
    np.testing.assert_array_equal(rollout.by_step(episodes.true_rewards), expected)


def test_episodes_begin_with_what_was_seen_after_their_reset():
    rollout = Rollout(steps=4, environments=2, horizon=2)
    for _ in range(2):  # the second rollout does not remember the first
        rollout.begin(np.array([[0.0], [1.0]]), np.array([[0.0], [1.0]]))
        for step in range(4):
            seen = np.array([[10.0 * step], [10.0 * step + 1]])  # after a reset at 1 and 3
            last = {"terminal_observation": seen[0] - 0.5} if step % 2 else {}
            info = {"success": False, "snapshot": np.zeros(1)} | last
            log_probs = -np.array([step, step + 0.5])
            over = np.full(2, step % 2)
            rollout.add(np.zeros(2), seen, np.zeros(2), over, [info] * 2, log_probs, seen)
    episodes, _, starts = rollout.episodes()
    assert episodes.states[..., 0].tolist() == [
        [0, 0, 9.5], [1, 1, 9.5], [10, 20, 29.5], [11, 21, 29.5],
    ]  # fmt: skip
    assert starts.tolist() == [[0], [1], [10], [11]]
    assert episodes.log_probs.tolist() == [[0, -1], [-0.5, -1.5], [-2, -3], [-2.5, -3.5]]


def test_single_states_have_no_beginning():
    with pytest.raises(ValueError, match="no starts"):
        _ = whole(1)[0].states


def whole(count: int, horizon: int = 6):
    rows = np.zeros((count, horizon), dtype=np.float32)
    episodes = Episodes(rows[..., None], rows, rows, rows.astype(bool))
    times = np.broadcast_to(np.arange(1.0, horizon + 1), (count, horizon))
    names = np.broadcast_to(np.arange(float(count))[:, None], (count, horizon))
    return episodes, np.stack([names, times], axis=-1)


class Counted(Seen):
    """Remembers what it was shown."""

    def __init__(self, reads):
        self.reads, self.shown = reads, []

    def score(self, episodes):
        self.shown.append(episodes.frames.shape)
        return episodes.true_rewards


@pytest.mark.parametrize(
    ("reads", "times"),
    [
        (Reads(VIEW, stride=4), [1, 5]),
        (Reads(VIEW, count=3), [1, 3, 6]),
        (Reads(VIEW, count=1), [6]),
    ],
)
def test_only_the_frames_that_are_read_are_drawn(reads, times):
    drawn = []

    def watched(snapshots, view):
        drawn.extend(snapshots[:, 1].tolist())
        return draw(snapshots, view)

    label(Counted(reads), *whole(2), watched)
    assert drawn == times * 2


def test_a_long_batch_is_drawn_in_parts_with_the_same_labels(monkeypatch):
    episodes, snapshots = whole(5)
    at_once = label(Seen(), episodes, snapshots, draw)
    monkeypatch.setattr("showtell.rewards.reading.FRAME_BYTES", 2 * 6 * 4 * 2 * 3)
    reward = Counted(Reads(VIEW))
    label(reward, episodes, snapshots, draw)
    assert [shape[0] for shape in reward.shown] == [2, 2, 1]
    np.testing.assert_array_equal(label(Seen(), episodes, snapshots, draw), at_once)
    np.testing.assert_array_equal(at_once, paid(snapshots))


def test_the_next_part_is_drawn_while_one_is_scored(monkeypatch):
    monkeypatch.setattr("showtell.rewards.reading.FRAME_BYTES", 2 * 6 * 4 * 2 * 3)
    parts, begun = [], [Event() for _ in range(3)]

    def watched(snapshots, view):
        begun[len(parts)].set()
        parts.append(len(snapshots))
        return draw(snapshots, view)

    class Waits(Counted):
        def score(self, episodes):
            scores = super().score(episodes)
            if len(self.shown) < 3:
                assert begun[len(self.shown)].wait(20)
            return scores

    label(Waits(Reads(VIEW)), *whole(5), watched)
    assert parts == [12, 12, 6]


def test_a_part_that_cannot_be_drawn_is_an_error_of_the_rollout(monkeypatch):
    monkeypatch.setattr("showtell.rewards.reading.FRAME_BYTES", 2 * 6 * 4 * 2 * 3)

    def breaks(snapshots, view):
        if len(snapshots) == 6:
            raise RenderError("the third part")
        return draw(snapshots, view)

    with pytest.raises(RenderError, match="the third part"):
        label(Seen(), *whole(5), breaks)


def test_frames_of_a_render_process_belong_to_their_steps():
    episodes, snapshots = whole(3)
    with RenderPool(Clock.scene, {}, workers=1) as pool:
        np.testing.assert_array_equal(
            label(Seen(), episodes, snapshots, pool.draw), paid(snapshots)
        )


@pytest.mark.parametrize(
    ("scores", "complaint"),
    [(np.zeros((2, 1)), "one reward a step"), (np.full((2, 6), np.nan), "finite")],
)
def test_a_reward_that_breaks_its_promise_is_named(scores, complaint):
    class Broken:
        reads = Reads()

        def score(self, episodes):
            return scores

    with pytest.raises(ValueError, match=f"Broken.*{complaint}"):
        label(Broken(), *whole(2), None)


def test_a_world_that_ends_early_is_refused_with_the_switch_to_turn(tmp_path):
    class Hasty(Clock):
        def step(self, action):
            observation, reward, _, _, info = super().step(action)
            return observation, reward, self.time == 3, False, info

    refused = pytest.raises(UserError, match=r"ended before its horizon of 5.*ends_when_fallen")
    with Resume(tmp_path / ".resume", "") as resume, refused:
        learner().train(assignment(make_world=Hasty), resume, nowhere)
