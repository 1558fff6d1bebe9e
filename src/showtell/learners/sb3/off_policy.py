"""Labels into a replay buffer, and the pace of learners that have one."""

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from showtell.learners.labelling import Rollout
from showtell.learners.off_policy import OffPolicySettings
from showtell.learners.sb3.rollouts import Schedule
from showtell.rewards.reward import Episodes


def pace_of(settings: OffPolicySettings) -> Schedule:
    """How long, how wide and how often."""
    return Schedule(
        steps=settings.steps,
        checkpoint_every=settings.checkpoint_every,
        log_every=settings.log_every,
        environments=settings.environments,
        rollout=settings.train_freq,
        setting="train_freq",
    )


def pay(
    model: BaseAlgorithm, labels: NDArray[np.float32], episodes: Episodes, rollout: Rollout
) -> None:
    """Write the rewards of the transitions that were stored last."""
    assert isinstance(model, OffPolicyAlgorithm)
    buffer, by_step = model.replay_buffer, rollout.by_step(labels)
    assert buffer is not None
    last = np.arange(buffer.pos - len(by_step), buffer.pos) % buffer.buffer_size
    buffer.rewards[last] = by_step


def pay_scaled(
    centre: float,
    scale: float,
    model: BaseAlgorithm,
    labels: NDArray[np.float32],
    episodes: Episodes,
    rollout: Rollout,
) -> None:
    """Write the labels on the critic's scale; the training log keeps them as they are."""
    pay(model, np.float32(scale) * (labels - np.float32(centre)), episodes, rollout)
