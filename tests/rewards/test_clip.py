"""VLM-RM's reward: Definition 1, its special cases, and the frame that each step is paid for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from showtell.goals.goal import Target
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.clip import ClipReward, ClipRewardSettings, regularised
from showtell.rewards.reward import Episodes
from tests.nets.models import noise, smoke_encoder

DIMENSIONS = 8
alphas = st.floats(0, 1)
streams = st.integers(0, 2**32 - 1)


def units(stream: int, count: int) -> np.ndarray:
    vectors = np.random.default_rng(stream).normal(size=(count, DIMENSIONS))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def definition(seen: np.ndarray, goal: np.ndarray, baseline: np.ndarray, alpha: float) -> float:
    """Definition 1 word for word, the projection on the line found by least squares."""
    s, g, b = (vector.astype(np.float64) for vector in (seen, goal, baseline))
    along = np.linalg.lstsq((g - b)[:, None], s - b, rcond=None)[0]
    projected = b + along[0] * (g - b)
    return 1 - 0.5 * float(np.sum((alpha * projected + (1 - alpha) * s - g) ** 2))


def published(seen: np.ndarray, goal: np.ndarray, baseline: np.ndarray, alpha: float) -> float:
    """The algebra of the authors' code: 1 - |(alpha P + (1 - alpha) I)(s - g)|^2 / 2."""
    s, g, b = (vector.astype(np.float64) for vector in (seen, goal, baseline))
    projection = np.outer(g - b, g - b) / np.dot(g - b, g - b)
    mixed = alpha * projection + (1 - alpha) * np.eye(DIMENSIONS)
    return 1 - float(np.sum(((s - g) @ mixed) ** 2)) / 2


@given(streams, alphas)
def test_it_is_definition_1_and_the_authors_algebra(stream, alpha):
    seen, goal, baseline = units(stream, 3)
    reward = regularised(seen[None], goal, baseline, alpha)[0]
    assert reward == pytest.approx(definition(seen, goal, baseline, alpha), abs=1e-6)
    assert reward == pytest.approx(published(seen, goal, baseline, alpha), abs=1e-6)


@given(streams)
def test_without_regularisation_it_is_the_cosine(stream):
    seen, goal = units(stream, 2)
    assert regularised(seen[None], goal, None, 0.0)[0] == pytest.approx(
        float(seen @ goal), abs=1e-6
    )


@given(streams, st.floats(-3, 3))
def test_fully_regularised_it_ignores_what_is_orthogonal_to_goal_minus_baseline(stream, size):
    seen, goal, baseline, other = units(stream, 4)
    along = (goal - baseline) / np.linalg.norm(goal - baseline)
    orthogonal = other - (other @ along) * along
    moved = seen + size * orthogonal
    one, two = regularised(np.stack([seen, moved]), goal, baseline, 1.0)
    assert one == pytest.approx(two, abs=1e-5)
    if np.linalg.norm(size * orthogonal) > 1e-2:  # without regularisation it does not
        plain = regularised(np.stack([seen, moved]), goal, baseline, 0.0)
        assert abs(plain[0] - plain[1]) > 0


@given(streams, alphas)
def test_the_goal_itself_is_paid_most(stream, alpha):
    goal, baseline, *others = units(stream, 6)
    rewards = regularised(np.stack([goal, *others]), goal, baseline, alpha)
    assert rewards[0] == pytest.approx(1)
    assert np.all(rewards <= 1 + 1e-9)


# --- the reward of episodes ---


@pytest.fixture(scope="module")
def encoder():
    return smoke_encoder()


@pytest.fixture(scope="module")
def target(encoder):
    goal, baseline = encoder.text(["a pole upright", "a pole"]).numpy()
    return Target.of(goal, baseline)


def reward_of(encoder, target, alpha: float = 0.5) -> ClipReward:
    asked = ClipRewardSettings(kind="clip", goal="sentence", alpha=alpha)
    return ClipReward(asked, encoder=encoder, target=target, view=View(16, 12))


def episodes(frames: np.ndarray) -> Episodes:
    count, horizon = frames.shape[:2]
    zeros = np.zeros((count, horizon), dtype=np.float32)
    return Episodes(zeros[..., None], zeros, zeros, zeros.astype(bool), frames)


def film(count: int, horizon: int, seed: int = 0) -> np.ndarray:
    return noise(count * horizon, 12, 16, seed).reshape(count, horizon, 12, 16, 3)


def test_it_reads_the_frame_of_every_step_at_the_tasks_view(encoder, target):
    reads = reward_of(encoder, target).reads
    assert reads.view == View(16, 12)
    assert reads.steps(7).tolist() == list(range(7))


def test_each_step_is_paid_for_its_own_frame_and_no_other(encoder, target):
    reward, frames = reward_of(encoder, target), film(2, 4)
    before = reward.score(episodes(frames))
    changed = frames.copy()
    changed[1, 3] = 255  # the last step of the last episode
    after = reward.score(episodes(changed))
    assert np.flatnonzero(np.abs(after - before) > 1e-6).tolist() == [7]


def test_its_numbers_are_those_of_the_embeddings(encoder, target):
    frames = film(1, 3)
    seen = encoder.image(frames[0]).numpy()
    wanted = [published_of(one, target, 0.5) for one in seen]
    np.testing.assert_allclose(
        reward_of(encoder, target).score(episodes(frames))[0], wanted, atol=1e-6
    )


def published_of(seen: np.ndarray, target: Target, alpha: float) -> float:
    projection = np.outer(*[target.goal.astype(float) - target.baseline] * 2)
    projection /= np.trace(projection)
    mixed = alpha * projection + (1 - alpha) * np.eye(len(seen))
    return 1 - float(np.sum(((seen - target.goal) @ mixed) ** 2)) / 2


@pytest.mark.parametrize("kept", [None, 3])
def test_missing_frames_are_refused(encoder, target, kept):
    whole = episodes(film(1, 4))
    frames = None if kept is None else whole.frames[:, :kept]
    part = Episodes(whole.observations, whole.actions, whole.true_rewards, whole.successes, frames)
    with pytest.raises(ValueError, match="reads a frame of each step"):
        reward_of(encoder, target).score(part)


def test_regularisation_without_a_baseline_is_refused(encoder, target):
    bare = Target.of(target.goal, None)
    with pytest.raises(UserError, match=r"alpha = 0\.5 needs a baseline"):
        reward_of(encoder, bare)
    assert reward_of(encoder, bare, alpha=0.0).score(episodes(film(1, 2))).shape == (1, 2)


def test_a_goal_that_is_its_own_baseline_is_refused(encoder, target):
    same = Target.of(target.goal, target.goal.copy())
    with pytest.raises(UserError, match="the same vector"):
        reward_of(encoder, same)


def test_a_goal_of_another_encoder_is_refused(encoder):
    other = Target.of(np.ones(64, dtype=np.float32) / 8, None)
    with pytest.raises(UserError, match="64 dimensions and the encoder 32"):
        reward_of(encoder, other, alpha=0.0)


@pytest.mark.parametrize("alpha", [-0.1, 1.1])
def test_alpha_is_a_share(alpha):
    with pytest.raises(ValidationError, match="alpha"):
        ClipRewardSettings(kind="clip", goal="g", alpha=alpha)
