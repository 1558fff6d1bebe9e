"""A replay buffer of numbers."""

from typing import Any

import torch
from gymnasium import spaces

from showtell.learners.sb3.stored_once import StoredOnce


class StateReplay(StoredOnce):
    """Draws the batches that Stable-Baselines3's `ReplayBuffer` draws, bit for bit."""

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Box,
        action_space: spaces.Space[Any],
        device: torch.device | str,
        n_envs: int,
        optimize_memory_usage: bool = False,
    ) -> None:
        shape = observation_space.shape
        super().__init__(buffer_size, observation_space, action_space, device, n_envs, shape)
