"""Labels into the rollout of an actor and its critic, and what follows from them."""

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from showtell.learners.labelling import Rollout
from showtell.rewards.reward import Episodes


def pay(
    model: BaseAlgorithm, labels: NDArray[np.float32], episodes: Episodes, rollout: Rollout
) -> None:
    """Write the reward of every step; an episode's last step has no bootstrap value."""
    assert isinstance(model, OnPolicyAlgorithm)
    buffer = model.rollout_buffer
    buffer.rewards[:] = rollout.by_step(labels)
    # Stable-Baselines3 did this with the rewards that the world gave. Every episode of a rollout
    # is whole, so its end is known to be one, and no value of what comes after is read.
    nothing = torch.zeros(buffer.n_envs)
    buffer.compute_returns_and_advantage(nothing, dones=np.ones(buffer.n_envs, dtype=np.bool_))


def pay_and_go_on(
    model: BaseAlgorithm, labels: NDArray[np.float32], episodes: Episodes, rollout: Rollout
) -> None:
    """As published: the horizon is a time limit, where the critic's value is added to the reward.

    What Stable-Baselines3 does with a truncated episode. The critic never learns the value of a
    last observation, which is in no rollout, so it feeds on its own extrapolation.
    """
    assert isinstance(model, OnPolicyAlgorithm)
    with torch.no_grad():
        values = model.policy.predict_values(torch.from_numpy(episodes.observations[:, -1].copy()))
    beyond = labels.copy()
    beyond[:, -1] += model.gamma * values.numpy()[:, 0]
    pay(model, beyond, episodes, rollout)
