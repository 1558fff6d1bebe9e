"""The smallest world in which a wrong label shows, and what is needed to learn in it."""

import numpy as np
from gymnasium import spaces

from showtell.learners.dqn import Dqn, DqnSettings
from showtell.learners.learner import Assignment
from showtell.rendering.scene import View
from showtell.rewards.reward import Reads
from showtell.worlds.world import World

VIEW = View(width=4, height=2)
SETTINGS = {
    "name": "dqn", "steps": 120, "environments": 2, "learning_starts": 20, "train_freq": 10,
    "gradient_steps": 5, "learning_rate": 1e-2, "gamma": 0.9, "tau": 0.5,
    "target_update_interval": 6, "batch": 8, "buffer": 50, "hidden": [8],
    "exploration_fraction": 0.5, "exploration_final": 0.1, "checkpoint_every": 20,
    "log_every": 40,
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


class Seen:
    """Pays each step by what its picture shows."""

    reads = Reads(view=VIEW)

    def score(self, episodes):
        count, steps = episodes.frames.shape[:2]
        shown = episodes.frames.reshape(count, steps, -1)[..., :16].copy()
        return paid(shown.view(np.float64))


class True_:  # noqa: N801
    """Pays the true reward and reads nothing."""

    reads = Reads()

    def score(self, episodes):
        return episodes.true_rewards


def settings(**changes) -> DqnSettings:
    return DqnSettings.model_validate(SETTINGS | changes)


def learner(**changes) -> Dqn:
    return Dqn(settings(**changes))


def assignment(reward=None, make_world=Clock, address=("test",)) -> Assignment:
    return Assignment(make_world, reward or Seen(), draw, root=1, address=address)


def nowhere(step, values):
    """A sink for tests that do not look."""
