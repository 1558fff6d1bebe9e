"""Environments that are drawn at every step, because what is observed depends on the frame.

Every state is drawn once: the frames of a rollout are kept by their snapshots, and the reward's
reading of frames finds them there.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from showtell.learners.sb3.lockstep import Lockstep
from showtell.learners.sight import Draw
from showtell.learners.stages import Stages, flags
from showtell.rendering.scene import Frames, Snapshots, View


class Drawn(VecEnvWrapper, ABC):
    """Draws each step's frames, and follows the active goal by them.

    Each `info` has the world's own observation as `state`, the stage that was active when the
    action was taken as `stage`, and the one after it as `next_stage`.
    """

    def __init__(
        self, worlds: Lockstep, space: spaces.Box, draw: Draw, view: View, stages: Stages
    ) -> None:
        super().__init__(worlds, space)
        self.stages = stages
        self._draw, self._view = draw, view
        self._active = np.zeros(worlds.num_envs, dtype=np.intp)
        self._drawn: dict[bytes, NDArray[np.uint8]] = {}  # this rollout's frames, by snapshot
        self.states: NDArray[Any] = np.empty(0)  # the worlds' own observations, (n, D)

    @abstractmethod
    def observations(
        self, states: NDArray[Any], frames: Frames, active: NDArray[np.intp]
    ) -> NDArray[Any]:
        """What the policy observes."""

    def reset(self) -> NDArray[Any]:
        """The observations of all environments' first states."""
        states = self.venv.reset()
        assert isinstance(states, np.ndarray)
        self.states = states
        self.stages.begin(self.num_envs)
        return self._observe(states, self._starts(), starts=True)

    def step_wait(self) -> VecEnvStepReturn:
        """One step of each environment."""
        states, rewards, dones, infos = self.venv.step_wait()
        assert isinstance(states, np.ndarray)
        self.states, before = states, self._active
        for number, info in enumerate(infos):
            info["state"] = info.get("terminal_observation", states[number])
        reached = np.stack([info["snapshot"] for info in infos])
        seen = self._observe(np.stack([info["state"] for info in infos]), reached, starts=False)
        for number, info in enumerate(infos):
            info["stage"], info["next_stage"] = before[number], self._active[number]
            if dones[number]:
                info["terminal_observation"] = seen[number]
        if dones.all():  # episodes end together, which the rollout checks
            seen = self._observe(states, self._starts(), starts=True)
        return seen, rewards, dones, infos

    def forget(self) -> None:
        """Drop the frames of the rollout that was labelled, except where episodes begin."""
        starts = {snapshot.tobytes() for snapshot in self._starts()}
        self._drawn = {key: frame for key, frame in self._drawn.items() if key in starts}

    def draw(self, snapshots: Snapshots, view: View) -> Frames:
        """The frames of these moments; nothing that was drawn in this rollout is drawn again."""
        if view != self._view:
            return self._draw(snapshots, view)
        keys = [snapshot.tobytes() for snapshot in np.ascontiguousarray(snapshots)]
        new = {key: row for row, key in enumerate(keys) if key not in self._drawn}
        if new:
            frames = self._draw(snapshots[list(new.values())], view)
            self._drawn |= dict(zip(new, frames, strict=True))
        return np.stack([self._drawn[key] for key in keys])

    def _starts(self) -> Snapshots:
        """Of the episodes that were reset last, (n, D)."""
        return np.stack([info["snapshot"] for info in self.venv.reset_infos])

    def _observe(self, states: NDArray[Any], snapshots: Snapshots, *, starts: bool) -> NDArray[Any]:
        frames = self.draw(snapshots, self._view)
        self._active = self.stages.advance(frames, starts=starts)
        return self.observations(states, frames, self._active)


class StatesAndStages(Drawn):
    """The worlds' own observations, followed by the active one of the reward's goals."""

    def __init__(self, worlds: Lockstep, draw: Draw, view: View, stages: Stages) -> None:
        box = worlds.observation_space
        assert isinstance(box, spaces.Box)
        more = np.zeros(len(stages.goals) - 1, np.float32)
        low, high = np.concatenate([box.low, more]), np.concatenate([box.high, more + 1])
        super().__init__(worlds, spaces.Box(low, high, dtype=np.float32), draw, view, stages)

    def observations(
        self, states: NDArray[Any], frames: Frames, active: NDArray[np.intp]
    ) -> NDArray[Any]:
        """(n, D + stages - 1)."""
        more = flags(active, len(self.stages.goals))
        return np.concatenate([states.astype(np.float32), more], axis=1)
