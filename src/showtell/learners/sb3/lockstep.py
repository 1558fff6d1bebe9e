"""Environments that step one after another in the learner's process."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import DummyVecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from showtell.worlds.world import SeededEpisodes


class Lockstep(DummyVecEnv):
    """Stable-Baselines3's own, less its deep copy of every info: an eighth of a step's time.

    Worlds say everything in new dictionaries, and no code here changes them.
    """

    def __init__(self, worlds: Sequence[SeededEpisodes]) -> None:
        super().__init__([partial(_itself, world) for world in worlds])

    def step_wait(self) -> VecEnvStepReturn:
        """One step of each; an environment whose episode ended shows its next one's start."""
        rows: list[NDArray[Any]] = []
        infos: list[dict[str, Any]] = []
        for number, world in enumerate(self.envs):
            seen, reward, terminated, truncated, info = world.step(self.actions[number])
            over = terminated or truncated
            info["TimeLimit.truncated"] = truncated and not terminated
            if over:
                info["terminal_observation"] = seen
                seen, self.reset_infos[number] = world.reset()
            self.buf_rews[number], self.buf_dones[number] = reward, over
            rows.append(seen)
            infos.append(info)
        seen_now = np.array(rows, dtype=self.observation_space.dtype)
        return seen_now, self.buf_rews.copy(), self.buf_dones.copy(), infos


def _itself(world: SeededEpisodes) -> SeededEpisodes:
    return world
