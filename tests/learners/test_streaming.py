"""Frames are drawn and scored while the environments of a rollout step; nothing else changes."""

import threading
from threading import Event

import numpy as np
import pytest

from showtell.goals.goal import Target
from showtell.learners.sb3 import streaming
from showtell.learners.sb3.streaming import FrameStream
from showtell.project.checkpoints import Resume
from showtell.rendering.pool import RenderError
from showtell.rewards.clip_sampled import ClipSampled, ClipSampledSettings
from showtell.rewards.reward import FrameByFrame, Reads
from tests.learners.classroom import (
    VIEW,
    Aim,
    KilledError,
    Seen,
    assignment,
    draw,
    learner,
    nowhere,
    paid,
    ppo,
    sac,
)
from tests.learners.test_dqn import files
from tests.nets.models import noise, smoke_encoder

LEARNERS = {"dqn": learner, "ppo": ppo, "sac": sac}


class Streamed(Seen):
    """Scores frame by frame; dies over the n-th micro-batch."""

    def __init__(self, reads=Seen.reads, dies_at=None):
        self.reads, self.left, self.sizes = reads, dies_at, []

    def of_frames(self, frames):
        self.sizes.append(len(frames))
        if self.left is not None and len(self.sizes) > self.left:
            raise KilledError
        shown = frames.reshape(len(frames), -1)[:, :16].copy()
        return paid(shown.view(np.float64))

    def of_steps(self, scores, horizon):
        return np.repeat(scores, self.reads.stride, axis=1)[:, :horizon]

    def score(self, episodes):
        return self.of_steps(super().score(episodes), episodes.true_rewards.shape[1])


class WholeRollouts:
    """The same reward, which scores when a rollout has ended."""

    def __init__(self, reward):
        self.reads, self.score = reward.reads, reward.score


@pytest.fixture(autouse=True)
def three_frames(monkeypatch):
    """Micro-batches that neither a step's nor a rollout's frames fill."""
    monkeypatch.setattr(streaming, "_FRAMES", 3)


def train(folder, name, reward, **more):
    more |= {} if name == "dqn" else {"make_world": Aim}
    with Resume(folder / ".resume", "job") as resume:
        return files(LEARNERS[name]().train(assignment(reward, **more), resume, nowhere))


@pytest.mark.parametrize(("name", "stride"), [("dqn", 2), ("ppo", 1), ("sac", 2)])
def test_a_training_ends_with_the_bits_of_the_sequential_schedule(tmp_path, name, stride):
    reward = Streamed(Reads(VIEW, stride=stride))
    assert isinstance(reward, FrameByFrame) and not isinstance(WholeRollouts(reward), FrameByFrame)
    streamed = train(tmp_path / "a", name, reward)
    assert streamed == train(tmp_path / "b", name, WholeRollouts(reward))
    assert set(reward.sizes) >= {3}


@pytest.mark.parametrize("name", ["dqn", "sac"])
def test_killed_amid_a_rollout_and_resumed_it_ends_with_the_same_bits(tmp_path, name):
    undisturbed = train(tmp_path / "undisturbed", name, Streamed())
    for dies_at in (17, 9):
        with pytest.raises(KilledError):
            train(tmp_path / "killed", name, Streamed(dies_at=dies_at))
    assert train(tmp_path / "killed", name, Streamed()) == undisturbed


def test_frames_are_scored_while_the_environments_step(tmp_path):
    scored = Event()

    class Tells(Streamed):
        def of_frames(self, frames):
            scored.set()
            return super().of_frames(frames)

    class Waits(Aim):
        def step(self, action):
            if self.time == 3:
                assert scored.wait(20), "no frame was scored before the episode's last step"
            return super().step(action)

    train(tmp_path, "sac", Tells(), make_world=Waits)


def test_frames_of_two_micro_batches_at_most_are_held():
    held, most, lock = [0], [0], threading.Lock()

    class Counts(Streamed):
        def of_frames(self, frames):
            with lock:
                held[0] -= len(frames)
            return super().of_frames(frames)

    def drawn(snapshots, view):
        with lock:
            # Those that are scored just now are held as well, until the next ones are asked for.
            held[0] += len(snapshots)
            most[0] = max(most[0], held[0])
        return draw(snapshots, view)

    stream = FrameStream(Counts(), drawn)
    moments = np.random.default_rng(0).uniform(0, 9, (50, 2, 2))
    for moment in moments:
        stream.add(moment)
    np.testing.assert_array_equal(stream.rewards(), paid(moments.reshape(-1, 2)))
    stream.close()
    assert most[0] <= 6


def test_a_frame_that_cannot_be_drawn_is_an_error_of_the_training_and_leaves_no_thread(tmp_path):
    before = threading.active_count()

    def breaks(snapshots, view):
        raise RenderError("no picture")

    with pytest.raises(RenderError, match="no picture"):
        train(tmp_path, "sac", Streamed(), draw=breaks)
    assert threading.active_count() == before


@pytest.mark.parametrize("stride", [1, 3])
def test_clip_scores_micro_batches_as_it_scores_episodes(stride):
    encoder, view = smoke_encoder(), VIEW._replace(width=24, height=16)
    settings = ClipSampledSettings(kind="clip_sampled", goal="x", alpha=0, stride=stride)
    target = Target.of(encoder.text(["pole upright on a cart"]).numpy()[0])
    reward = ClipSampled(settings, encoder=encoder, target=target, view=view)
    pictures = noise(10, view.height, view.width)
    frames = pictures.reshape(2, 5, *pictures.shape[1:])[:, ::stride]

    class Given:
        true_rewards = np.zeros((2, 5), np.float32)

    Given.frames = frames
    stream = FrameStream(reward, lambda rows, view: pictures[rows[:, 0].astype(int)])
    for step in range(0, 5, stride):
        stream.add(np.array([[step], [5.0 + step]]))
    scores = stream.rewards().reshape(-1, 2).T
    stream.close()
    np.testing.assert_allclose(reward.of_steps(scores, 5), reward.score(Given), atol=1e-6)
