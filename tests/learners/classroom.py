"""The smallest world in which a wrong label shows, and what is needed to learn in it."""

import random

import numpy as np
import torch
from gymnasium import spaces

from showtell.demos.demo import Demo
from showtell.learners.dqn import Dqn, DqnSettings
from showtell.learners.learner import TrainingInputs
from showtell.learners.ppo import Ppo, PpoSettings
from showtell.learners.sac import Sac, SacSettings
from showtell.rendering.scene import View
from showtell.rewards.reward import Reads
from showtell.worlds.world import World

VIEW = View(width=4, height=2)
SETTINGS = {
    "kind": "dqn", "steps": 120, "environments": 2, "learning_starts": 20, "train_freq": 10,
    "gradient_steps": 5, "learning_rate": 1e-2, "decay": "linear", "gamma": 0.9, "tau": 0.5,
    "target_update_interval": 6, "batch": 8, "buffer": 50, "hidden": [8],
    "exploration_fraction": 0.5, "exploration_final": 0.1, "checkpoint_every": 20,
    "log_every": 40, "reward_scale": "none",
}  # fmt: skip


class Clock(World):
    """Shows the name of its episode and the time; nothing an agent does changes either."""

    success_definition = "The last action was 1."
    success_rule = "final"
    scene = "tests.learners.classroom:Digits"

    def __init__(self, horizon: int = 5) -> None:
        self.horizon = horizon
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.time = float(self.np_random.integers(1000)), 0.0
        return self._see(), {}

    def step(self, action):
        self.time += 1
        info = {"success": bool(action == 1), "true_reward": float(action)}
        return self._see(), float(action), self.time == self.horizon, False, info

    def snapshot(self):
        return np.array([self.episode, self.time])

    def _see(self):
        return np.array([self.episode, self.time], dtype=np.float32)


class Digits:
    """A picture from which the snapshot can be read back."""

    needs_gl = False

    def draw(self, snapshot, view):
        picture = np.zeros((view.height, view.width, 3), dtype=np.uint8)
        picture.flat[:16] = np.frombuffer(snapshot.tobytes(), dtype=np.uint8)
        return picture

    def close(self):
        pass


def draw(snapshots, view):
    return np.stack([Digits().draw(snapshot, view) for snapshot in snapshots])


def paid(states):
    """What a state, as seen or drawn, is worth."""
    return (100 * states[..., 1] + states[..., 0] / 1000).astype(np.float32)


def after(buffer):
    """What every stored action led to, (rows, n, D)."""
    rows, lanes = np.indices((buffer.size(), buffer.n_envs)).reshape(2, -1)
    return buffer.following(rows, lanes).reshape(buffer.size(), buffer.n_envs, -1)


class Seen:
    """Pays each step by what its picture shows."""

    reads = Reads(view=VIEW)

    def score(self, episodes):
        count, steps = episodes.frames.shape[:2]
        shown = episodes.frames.reshape(count, steps, -1)[..., :16].copy()
        return paid(shown.view(np.float64))


class KilledError(Exception):
    """What a kill looks like from inside: nothing after it runs."""


class Mortal:
    """A reward that dies when it is asked for the n-th time."""

    def __init__(self, reward, dies_at: int | None = None):
        self.reward, self.reads, self.left = reward, reward.reads, dies_at

    def score(self, episodes):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KilledError
        # Whoever else draws from the process's random streams goes on where it was, too.
        noise = random.random() + np.random.random() + torch.rand(()).item()
        return self.reward.score(episodes) + np.float32(1e-3 * noise)


class True_:  # noqa: N801
    """Pays the true reward and reads nothing."""

    reads = Reads()

    def score(self, episodes):
        return episodes.true_rewards


def settings(**changes) -> DqnSettings:
    return DqnSettings.model_validate(SETTINGS | changes)


def learner(**changes) -> Dqn:
    return Dqn(settings(**changes))


def assignment(reward=None, make_world=Clock, address=("test",), **more) -> TrainingInputs:
    given = {"draw": draw, "root": 1, "address": address} | more
    return TrainingInputs(make_world, reward or Seen(), **given)


def nowhere(step, values):
    """A sink for tests that do not look."""


class Aim(World):
    """Shows where to point, and the time; pays for pointing there."""

    success_definition = "The last action pointed close to the aim."
    success_rule = "final"
    scene = "tests.learners.classroom:Digits"

    def __init__(self, horizon: int = 4, end: str = "terminal") -> None:
        self.horizon, self._end = horizon, end
        self.observation_space = spaces.Box(-1, 1, (3,), np.float32)
        self.action_space = spaces.Box(-0.8, 0.8, (2,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.aim, self.time = self.np_random.uniform(-0.7, 0.7, 2), 0
        return self._see(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        missed = float(np.square(action - self.aim).sum())
        self.time += 1
        over = self.time == self.horizon
        info = {"success": missed < 0.05, "true_reward": -missed}
        ends = over and self._end == "terminal", over and self._end == "truncated"
        return self._see(), -missed, *ends, info

    def snapshot(self):
        return np.array([*self.aim, self.time])

    def _see(self):
        return np.array([*self.aim, self.time / self.horizon], dtype=np.float32)


PPO = {
    "kind": "ppo", "steps": 160, "environments": 2, "rollout": 8, "batch": 8, "epochs": 2,
    "learning_rate": 1e-3, "decay": "none", "gamma": 0.9, "gae_lambda": 0.8, "clip": 0.2,
    "entropy": 0.01, "value_weight": 0.5, "max_grad_norm": 0.5, "hidden": [8],
    "log_std_init": -0.5, "bootstrap_at_horizon": False, "reward_scale": "none",
    "refit_critic": 0, "cloning": None, "checkpoint_every": 32, "log_every": 32,
}  # fmt: skip
CLONING = {"first": 7, "steps": 5, "near": True, "batch": 16, "learning_rate": 1e-2}


def ppo(**changes) -> Ppo:
    return Ppo(PpoSettings.model_validate(PPO | changes))


SAC = {
    "kind": "sac", "steps": 160, "environments": 2, "learning_starts": 24, "train_freq": 8,
    "gradient_steps": 4, "learning_rate": 3e-3, "decay": "none", "gamma": 0.9, "tau": 0.05,
    "target_update_interval": 1, "batch": 8, "buffer": 100, "hidden": [8],
    "entropy": "auto_0.5", "target_entropy": "auto",
    "action_noise": {"kind": "ornstein_uhlenbeck", "sigma": 0.3, "theta": 0.15, "dt": 0.5},
    "observation_scaling": "bounds", "observe_stage": False,
    "reward_centre": -0.5, "reward_scale": 2.0,
    "pictures": None, "checkpoint_every": 32, "log_every": 32,
}  # fmt: skip
PICTURES = {
    "width": 10, "height": 8, "encoder": "small", "sharing": "separate",
    "shift": {"pixels": 1, "drawn": "per_sample", "border": "edge"},
}  # fmt: skip


def sac(**changes) -> Sac:
    return Sac(SacSettings.model_validate(SAC | changes))


def pointing(offset: float = 0.0, count: int = 3, steps: int = 40) -> Demo:
    """What pointing `offset` beside the aim looks like."""
    observations = np.random.default_rng(0).uniform(-0.7, 0.7, (count, steps + 1, 3))
    plain = np.zeros((count, steps), dtype=np.float32)
    return Demo(
        frames=np.zeros((count, 1, 2, 2, 3), dtype=np.uint8),
        about={},
        observations=observations.astype(np.float32),
        actions=(observations[:, :-1, :2] + offset).astype(np.float32),
        true_rewards=plain,
        successes=plain.astype(bool),
        snapshots=np.zeros((count, steps + 1, 3)),
    )
