"""A replay buffer that stores every observation once.

What an action led to is the next row's observation, unless the episode ended there; the
observations in which episodes end are kept apart. Stable-Baselines3's own buffer holds nearly every
observation twice, and its saving variant cannot treat a time limit apart from an end.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples

from showtell.learners.sb3.private import SampledReplay
from showtell.project.segments import Arrays


class StoredOnce(SampledReplay):
    """Rows of all environments, which end their episodes together."""

    columns: tuple[str, ...] = ("observations", "actions", "rewards", "dones", "timeouts")

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Box,
        action_space: spaces.Space[Any],
        device: torch.device | str,
        n_envs: int,
        shape: tuple[int, ...],
    ) -> None:
        BaseBuffer.__init__(self, buffer_size, observation_space, action_space, device, n_envs)
        self.buffer_size = rows = max(buffer_size // n_envs, 1)
        self.optimize_memory_usage = False  # of Stable-Baselines3's own kind
        # What `np.zeros` gives takes no memory before it is written.
        self.observations = np.zeros((rows, n_envs, *shape), observation_space.dtype)
        self.ends: dict[int, NDArray[Any]] = {}  # by place: the (n, *shape) after its row
        whole = isinstance(action_space, spaces.Discrete)
        self.actions = np.zeros((rows, n_envs, self.action_dim), np.int64 if whole else np.float32)
        self.rewards, self.dones, self.timeouts = (
            np.zeros((rows, n_envs), dtype=np.float32) for _ in range(3)
        )

    def stored(self, observations: NDArray[Any]) -> NDArray[Any]:
        """What is kept of observations (n, ...)."""
        return observations

    def add(
        self,
        obs: NDArray[Any],
        next_obs: NDArray[Any],
        action: NDArray[Any],
        reward: NDArray[Any],
        done: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """One row: a step of each environment; all of them end their episodes together."""
        self.observations[self.pos] = self.stored(obs)
        self.ends.pop(self.pos, None)
        if done.all():
            self.ends[self.pos] = np.array(self.stored(next_obs), dtype=self.observations.dtype)
        self.actions[self.pos] = action.reshape(self.n_envs, self.action_dim)
        self.rewards[self.pos], self.dones[self.pos] = reward, done
        self.timeouts[self.pos] = [info.get("TimeLimit.truncated", False) for info in infos]
        self.pos += 1
        if self.pos == self.buffer_size:
            self.full, self.pos = True, 0

    def samples(self, places: NDArray[np.int64]) -> ReplayBufferSamples:
        """A batch: of each place a transition of an environment drawn at random."""
        lanes = np.random.randint(0, high=self.n_envs, size=(len(places),))
        ends = self.dones[places, lanes] * (1 - self.timeouts[places, lanes])
        before, after = self.seen(places, lanes)
        return ReplayBufferSamples(
            before,
            self.to_torch(self.actions[places, lanes]),
            after,
            self.to_torch(ends[:, None]),
            self.to_torch(self.rewards[places, lanes][:, None]),
        )

    def seen(
        self, places: NDArray[np.int64], lanes: NDArray[np.int64]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the networks are given, before these transitions and after them."""
        before = self.to_torch(self.observations[places, lanes])
        return before, self.to_torch(self.following(places, lanes))

    def following(self, places: NDArray[np.int64], lanes: NDArray[np.int64]) -> NDArray[Any]:
        """The observations after these transitions: (N, ...)."""
        found = self.observations[(places + 1) % self.buffer_size, lanes]
        for sample in np.flatnonzero(self.dones[places, lanes]).tolist():
            found[sample] = self.ends[int(places[sample])][lanes[sample]]
        return found

    def rows(self, places: NDArray[np.int64]) -> Arrays:
        """These rows, as arrays for a file."""
        ending = [place for place in places.tolist() if place in self.ends]
        ends = [self.ends[place] for place in ending]
        nothing = np.empty((0, *self.observations.shape[1:]), self.observations.dtype)
        return {
            **{name: getattr(self, name)[places] for name in self.columns},
            "ending": np.isin(places, ending),
            "ends": np.stack(ends) if ends else nothing,
        }

    def put_rows(self, places: NDArray[np.int64], arrays: Arrays) -> None:
        """The reverse of `rows`."""
        for name in self.columns:
            getattr(self, name)[places] = arrays[name]
        for place in places.tolist():
            self.ends.pop(place, None)
        self.ends |= dict(zip(places[arrays["ending"]].tolist(), arrays["ends"], strict=True))
