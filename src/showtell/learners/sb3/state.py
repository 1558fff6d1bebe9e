"""All of a Stable-Baselines3 algorithm between two rollouts, as arrays and plain numbers.

Its own `save` and `load` do not resume a training exactly: they leave out the random states, the
target network's counter and the environments, and apply the seed again on loading.
"""

import random
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.save_util import recursive_getattr

from showtell.learners.sb3.picture_replay import PictureReplay
from showtell.learners.sb3.private import counters, saved, set_counters
from showtell.learners.sb3.replay import ReplaySegments
from showtell.learners.sb3.state_replay import StateReplay
from showtell.worlds.world import SeededEpisodes


def capture(
    model: BaseAlgorithm, worlds: list[SeededEpisodes], replay: ReplaySegments | None
) -> dict[str, Any]:
    """The state at the start of a rollout, where every episode is at its first step."""
    names, variables = saved(model)
    state: dict[str, Any] = {
        "networks": {name: _arrays(recursive_getattr(model, name).state_dict()) for name in names},
        "variables": {name: _arrays(recursive_getattr(model, name)) for name in variables},
        "counters": counters(model),
        "random": {
            "python": random.getstate(),
            "numpy": np.random.get_state(legacy=False),
            "torch": torch.get_rng_state().numpy(),
            "actions": model.action_space.np_random.bit_generator.state,
        },
        "next_episodes": [world.next_episode for world in worlds],
    }
    if replay is not None:
        state["buffer"] = replay.state(model.num_timesteps // model.n_envs)
    return state


def restore(
    model: BaseAlgorithm,
    worlds: list[SeededEpisodes],
    replay: ReplaySegments | None,
    state: dict[str, Any],
) -> None:
    """Become what `state` was taken from; the next `learn` must not reset the counters."""
    names, variables = saved(model)
    for name in names:
        recursive_getattr(model, name).load_state_dict(_tensors(state["networks"][name]))
    for name in variables:
        # In place: its optimizer holds this very tensor (SAC's `log_ent_coef`).
        recursive_getattr(model, name).data.copy_(_tensors(state["variables"][name]))
    set_counters(model, state["counters"])
    if replay is not None:
        replay.restore(state["buffer"])
    # These episodes had been reset already: `learn` resets a fresh model's worlds once more.
    for world, following in zip(worlds, state["next_episodes"], strict=True):
        world.next_episode = following - 1
    random.setstate(state["random"]["python"])
    np.random.set_state(state["random"]["numpy"])
    torch.set_rng_state(torch.from_numpy(state["random"]["torch"]))
    model.action_space.np_random.bit_generator.state = state["random"]["actions"]


def replay_of(model: BaseAlgorithm) -> ReplaySegments | None:
    """The segments of the algorithm's replay buffer, if it has one."""
    if not isinstance(model, OffPolicyAlgorithm):
        return None
    assert isinstance(model.replay_buffer, PictureReplay | StateReplay)
    return ReplaySegments(model.replay_buffer)


def _arrays(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, dict):
        return {key: _arrays(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_arrays(item) for item in value]
    return value


def _tensors(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if isinstance(value, dict):
        return {key: _tensors(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tensors(item) for item in value]
    return value
