"""Environments whose observations are pictures; the reward reads the same frames.

Every state is drawn once: the frames of a rollout are kept by their snapshots, and the reward's
reading of frames finds them there.
"""

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from showtell.learners.sb3.lockstep import Lockstep
from showtell.learners.sb3.stages import Stages
from showtell.learners.sight import Sight
from showtell.rendering.scene import Frames, Snapshots, View


class Pictures(VecEnvWrapper):
    """Draws each step's frames, and appends the picture of the active goal.

    Each `info` has the world's own observation as `state`, the stage that was active when the
    action was taken as `stage`, and the one after it as `next_stage`.
    """

    def __init__(self, worlds: Lockstep, sight: Sight, stages: Stages) -> None:
        shape = (sight.channels, sight.size.height, sight.size.width)
        super().__init__(worlds, spaces.Box(0, 255, shape, np.uint8))
        self.sight, self._stages = sight, stages
        self._active = np.zeros(worlds.num_envs, dtype=np.intp)
        self._drawn: dict[bytes, NDArray[np.uint8]] = {}  # this rollout's frames, by snapshot
        self.states: NDArray[Any] = np.empty(0)  # the worlds' own observations, (n, D)

    def reset(self) -> NDArray[np.uint8]:
        """The pictures of all environments' first states."""
        states = self.venv.reset()
        assert isinstance(states, np.ndarray)
        self.states = states
        self._stages.begin(self.num_envs)
        return self._observe(self._starts(), starts=True)

    def step_wait(self) -> VecEnvStepReturn:
        """One step of each environment."""
        states, rewards, dones, infos = self.venv.step_wait()
        assert isinstance(states, np.ndarray)
        self.states, before = states, self._active
        reached = np.stack([info["snapshot"] for info in infos])
        seen = self._observe(reached, starts=False)
        for number, info in enumerate(infos):
            info["stage"], info["next_stage"] = before[number], self._active[number]
            info["state"] = info.get("terminal_observation", states[number])
            if dones[number]:
                info["terminal_observation"] = seen[number]
        if dones.all():  # episodes end together, which the rollout checks
            seen = self._observe(self._starts(), starts=True)
        return seen, rewards, dones, infos

    def forget(self) -> None:
        """Drop the frames of the rollout that was labelled, except where episodes begin."""
        starts = {snapshot.tobytes() for snapshot in self._starts()}
        self._drawn = {key: frame for key, frame in self._drawn.items() if key in starts}

    def draw(self, snapshots: Snapshots, view: View) -> Frames:
        """The frames of these moments; nothing that was drawn in this rollout is drawn again."""
        if view != self.sight.view:
            return self.sight.draw(snapshots, view)
        keys = [snapshot.tobytes() for snapshot in np.ascontiguousarray(snapshots)]
        new = {key: row for row, key in enumerate(keys) if key not in self._drawn}
        if new:
            frames = self.sight.frames(snapshots[list(new.values())])
            self._drawn |= dict(zip(new, frames, strict=True))
        return np.stack([self._drawn[key] for key in keys])

    def _starts(self) -> Snapshots:
        """Of the episodes that were reset last, (n, D)."""
        return np.stack([info["snapshot"] for info in self.venv.reset_infos])

    def _observe(self, snapshots: Snapshots, *, starts: bool) -> NDArray[np.uint8]:
        frames = self.draw(snapshots, self.sight.view)
        self._active = self._stages.advance(frames, starts=starts)
        return self.sight.observations(frames, self._active)
