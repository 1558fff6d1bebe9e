import numpy as np
import pytest
from pydantic import ValidationError
from stable_baselines3 import SAC

from showtell.learners import policies
from showtell.learners.observing import Observing
from showtell.learners.sac import Sac, SacSettings
from showtell.media.frames import resize
from showtell.nets.distance import Stage
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.rewards.reward import Reads
from tests.learners.classroom import (
    PICTURES,
    VIEW,
    Aim,
    Clock,
    KilledError,
    Mortal,
    True_,
    after,
    assignment,
    draw,
    nowhere,
    sac,
)
from tests.learners.classroom import SAC as SETTINGS
from tests.learners.test_dqn import files

GOALS = np.random.default_rng(0).integers(0, 256, (2, VIEW.height, VIEW.width, 3), dtype=np.uint8)
VARIANTS = {
    "states": {},
    "fixed entropy": {"entropy": 0.1, "action_noise": None, "observation_scaling": "none"},
    "pictures": {"pictures": PICTURES},
    "shared": {"pictures": PICTURES | {"sharing": "shared", "encoder": "published"}},
}


class Halves:
    """Each step's reward is its frame's mean; the second goal is active from time 2 on."""

    reads = Reads(view=VIEW, start=True)
    goals = tuple(Stage(picture=picture) for picture in GOALS)

    def __init__(self) -> None:
        self.scored, self.moments = [], np.zeros(0)

    def begin(self, environments):
        self.moments = np.zeros(environments, dtype=np.int64)

    def advance(self, frames, starts):
        self.moments = np.where(starts, 0, self.moments + 1)
        return (self.moments >= 2).astype(np.intp)

    def state(self):
        return {"moments": self.moments}

    def restore(self, state):
        self.moments = state["moments"]

    def score(self, episodes):
        self.scored.append(episodes)
        return episodes.frames.mean(axis=(2, 3, 4), dtype=np.float64).astype(np.float32)


def train(folder, reward=None, calls=None, end="terminal", **changes):
    def drawn(snapshots, view):
        if calls is not None:
            calls.extend(snapshot.tobytes() for snapshot in snapshots)
        return draw(snapshots, view)

    work = assignment(reward or Mortal(True_()), lambda: Aim(end=end), view=VIEW)
    work = type(work)(**{**vars(work), "draw": drawn})
    with Resume(folder / ".resume", "job") as resume:
        return sac(**changes).train(work, resume, nowhere)


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request):
    return VARIANTS[request.param]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, variant):
    return files(train(tmp_path_factory.mktemp("undisturbed"), **variant))


@pytest.mark.parametrize(("deaths", "every"), [([1], 32), ([9], 32), ([4, 3, 3], 48)])
def test_killed_and_resumed_training_ends_with_the_same_bits(
    tmp_path, variant, undisturbed, deaths, every
):
    for dies_at in deaths:
        with pytest.raises(KilledError):
            train(tmp_path, Mortal(True_(), dies_at), checkpoint_every=every, **variant)
    assert files(train(tmp_path, checkpoint_every=every, **variant)) == undisturbed


@pytest.fixture
def models(monkeypatch):
    found, original = [], SAC.learn
    monkeypatch.setattr(SAC, "learn", lambda self, *a, **k: found.append(original(self, *a, **k)))
    return found


def loaded(folder, trained):
    paths = folder / "policy.safetensors", folder / "policy.json"
    policies.save(*paths, trained.weights, trained.network)
    return policies.load(*paths)


def test_a_saved_policy_acts_as_the_trained_one(tmp_path, models, variant):
    policy = loaded(tmp_path, train(tmp_path, **variant))
    space = models[0].observation_space
    space.seed(0)
    seen = np.stack([space.sample() for _ in range(50)])
    expected, _ = models[0].predict(seen, deterministic=True)
    np.testing.assert_allclose(policy.act(seen), expected, atol=1e-5)
    assert np.ptp(expected) > 1e-3


@pytest.mark.parametrize("end", ["terminal", "truncated"])
@pytest.mark.parametrize("pictures", [None, PICTURES])
def test_only_a_true_end_is_terminal(tmp_path, models, end, pictures):
    train(tmp_path, end=end, pictures=pictures)
    samples = models[0].replay_buffer.sample(200)
    assert (samples.dones.max() == 1) == (end == "terminal")


def test_the_critics_learn_from_the_reward_on_their_scale(tmp_path, models):
    train(tmp_path, True_(), reward_centre=3.0, reward_scale=0.5)
    scaled = models[0].replay_buffer.rewards
    assert (scaled < -1.4).all()  # the true reward is negative
    assert train(tmp_path, True_()).metrics["learned_return"] > -8  # the log keeps the reward


def test_the_critics_learn_from_rewards_on_the_scale_of_the_first_rollout(tmp_path, models):
    train(tmp_path, True_(), reward_centre=0.0, reward_scale="first_rollout", buffer=160)
    first = models[0].replay_buffer.rewards[:8]  # two environments, eight steps
    assert first.max() == 0
    assert first.std() == pytest.approx(1, rel=1e-4)


def test_the_first_rollout_alone_decides_the_centre():
    with pytest.raises(ValidationError, match="reward_centre to 0"):
        sac(reward_centre=1.0, reward_scale="first_rollout")


def test_every_moment_is_drawn_once_for_the_policy_and_the_reward(tmp_path, models):
    calls, reward = [], Halves()
    train(tmp_path, reward, calls, pictures=PICTURES)
    # 40 episodes of a start and four steps each, and the start of the episodes after the last.
    assert len(calls) == len(set(calls)) == 40 * 5 + 2
    frames = np.concatenate([episodes.frames for episodes in reward.scored])
    starts = np.concatenate([episodes.start_frames for episodes in reward.scored])
    assert frames.shape == (40, 4, VIEW.height, VIEW.width, 3)
    assert len(np.unique(starts.reshape(40, -1), axis=0)) == 40


def test_the_active_goals_picture_stands_beside_the_frame(tmp_path, models):
    reward = Halves()
    train(tmp_path, reward, pictures=PICTURES | {"shift": None}, buffer=160)
    assert all((episodes.stages == [0, 0, 1, 1]).all() for episodes in reward.scored)
    buffer = models[0].replay_buffer
    rows = np.arange(80, dtype=np.int64)  # ten rollouts of eight
    np.random.seed(0)
    samples = buffer.samples(rows)
    np.random.seed(0)
    lanes = np.random.randint(0, 2, size=80)
    goals = resize(GOALS, 10, 8, how="bilinear").transpose(0, 3, 1, 2)
    stages, following = np.array([0, 0, 1, 1] * 20), np.array([0, 1, 1, 1] * 20)
    np.testing.assert_array_equal(samples.observations[:, 3:], goals[stages])
    np.testing.assert_array_equal(samples.next_observations[:, 3:], goals[following])
    kept = np.concatenate([episodes.frames for episodes in reward.scored])
    led = kept.reshape(20, 2, 4, *kept.shape[2:]).swapaxes(1, 2).reshape(80, 2, *kept.shape[2:])
    shown = resize(led[np.arange(80), lanes], 10, 8, how="bilinear").transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(samples.next_observations[:, :3], shown)


def test_a_policy_of_pictures_is_drawn_for_when_it_plays(tmp_path):
    policy = loaded(tmp_path, train(tmp_path, pictures=PICTURES))
    observing = Observing(policy, draw)
    seen = observing.observe(np.zeros((3, 3), np.float32), np.zeros((3, 3)), starts=True)
    assert policy.act(seen).shape == (3, 2)
    with pytest.raises(ValueError, match="does not draw"):
        Observing(policy, None)


SEVERAL = {"states": {"observe_stage": True}, "pictures": {"pictures": PICTURES}}


@pytest.mark.parametrize("several", SEVERAL.values(), ids=SEVERAL)
def test_a_policy_of_several_goals_plays_with_the_reward_that_trained_it(tmp_path, several):
    policy = loaded(tmp_path, train(tmp_path, Halves(), **several))
    with pytest.raises(UserError, match="active one of 2 goals"):
        Observing(policy, draw)
    observing = Observing(policy, draw, Halves())
    states, moments = np.zeros((3, 3), np.float32), np.zeros((3, 3))
    for _ in range(2):  # the second time, everything begins again
        observing.begin(3)
        seen = [observing.observe(states, moments, starts=time == 0) for time in range(4)]
        goal = [one.reshape(3, -1)[:, -1].tolist() for one in seen]
        assert goal[0] == goal[1] != goal[2] == goal[3]
    assert policy.act(seen[0]).shape == (3, 2)


def test_a_policy_of_states_observes_the_active_stage(tmp_path, models):
    reward = Halves()
    trained = train(tmp_path, reward, buffer=160, observe_stage=True)
    assert all((episodes.stages == [0, 0, 1, 1]).all() for episodes in reward.scored)
    assert all(episodes.observations.shape[2] == 3 for episodes in reward.scored)
    buffer = models[0].replay_buffer
    flags, following = buffer.observations[:80, :, 3], after(buffer)[:80, :, 3]
    assert (flags == np.tile([0, 0, 1, 1], 20)[:, None]).all()
    assert (following == np.tile([0, 1, 1, 1], 20)[:, None]).all()
    times = after(buffer)[:80, :, 2]  # where an episode ended, not where one began
    assert (times == np.tile([0.25, 0.5, 0.75, 1], 20)[:, None]).all()
    assert (trained.network["stages"], trained.network["observations"]) == (2, 4)


def test_one_goal_leaves_the_observations_as_they_are(tmp_path):
    assert "stages" not in train(tmp_path, observe_stage=True).network


@pytest.mark.parametrize("dies_at", [2, 7])
def test_a_killed_training_of_several_goals_ends_with_the_same_bits(tmp_path, dies_at):
    class Dies(Halves):
        left = dies_at

        def score(self, episodes):
            self.left -= 1
            if self.left < 0:
                raise KilledError
            return super().score(episodes)

    with pytest.raises(KilledError):
        train(tmp_path / "killed", Dies(), observe_stage=True)
    resumed = files(train(tmp_path / "killed", Halves(), observe_stage=True))
    assert resumed == files(train(tmp_path / "whole", Halves(), observe_stage=True))


def test_the_stage_is_not_observed_twice():
    with pytest.raises(ValidationError, match="observe_stage"):
        sac(pictures=PICTURES, observe_stage=True)


def test_discrete_actions_and_endless_observations_are_refused(tmp_path):
    with Resume(tmp_path, "x") as resume, pytest.raises(UserError, match="in a box"):
        sac(train_freq=10).train(assignment(True_()), resume, nowhere)


def test_unbounded_observations_cannot_be_scaled_by_their_bounds(tmp_path):
    class Endless(Aim):
        def __init__(self) -> None:
            super().__init__()
            self.observation_space = Clock().observation_space

    with Resume(tmp_path, "x") as resume, pytest.raises(UserError, match="observation_scaling"):
        sac().train(assignment(True_(), Endless), resume, nowhere)


@pytest.mark.parametrize("entropy", [0, "automatic", "auto_", "auto_x"])
def test_an_entropy_that_is_neither_a_weight_nor_learned_is_refused(entropy):
    with pytest.raises(ValidationError, match="entropy"):
        SacSettings.model_validate(SETTINGS | {"entropy": entropy})


def test_no_setting_has_a_default():
    assert all(field.is_required() for field in SacSettings.model_fields.values())
    assert set(SacSettings.model_fields) == set(SETTINGS)
    assert Sac(SacSettings.model_validate(SETTINGS)).draws is False


def test_it_learns(tmp_path):
    trained = train(
        tmp_path, True_(), steps=1600, gradient_steps=8, hidden=[16], batch=32, buffer=1600,
        entropy=0.01, action_noise=None, reward_scale=1.0, reward_centre=0.0, log_every=400,
    )  # fmt: skip
    first, *_, last = trained.progress
    assert last.true_return > first.true_return / 2
