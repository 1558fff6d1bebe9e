"""Demonstrations and episodes from plain arrays of states, for rewards that imitate."""

import numpy as np

from showtell.demos.demo import Demo
from showtell.rewards.reward import Episodes


def demo_of(states, actions=None):
    """A demonstration with these states, (K, T + 1, D)."""
    states = np.asarray(states, dtype=np.float32)
    count, steps = states.shape[0], states.shape[1] - 1
    if actions is None:
        actions = np.zeros((count, steps, 2))
    return Demo(
        frames=np.zeros((count, 2, 4, 4, 3), dtype=np.uint8),
        about={},
        observations=states,
        actions=np.asarray(actions, dtype=np.float32),
        true_rewards=np.zeros((count, steps), dtype=np.float32),
        successes=np.ones((count, steps), dtype=np.bool_),
        snapshots=np.zeros((count, steps + 1, 1)),
    )


def film():
    """A demonstration that nobody knows the states of."""
    return Demo(frames=np.zeros((1, 2, 4, 4, 3), dtype=np.uint8), about={})


def episodes_of(states, log_probs=None, log_prob_of=None):
    """Episodes with these states, (E, T + 1, D)."""
    states = np.asarray(states, dtype=np.float32)
    shape = (states.shape[0], states.shape[1] - 1)
    return Episodes(
        observations=states[:, 1:],
        actions=np.zeros((*shape, 2), dtype=np.float32),
        true_rewards=np.zeros(shape, dtype=np.float32),
        successes=np.zeros(shape, dtype=np.bool_),
        starts=states[:, 0],
        log_probs=None if log_probs is None else np.full(shape, log_probs, dtype=np.float32),
        log_prob_of=log_prob_of,
    )
