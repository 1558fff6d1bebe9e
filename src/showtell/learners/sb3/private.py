"""What is private to Stable-Baselines3 and yet relied upon: attributes, hooks and local variables.

The other modules use its documented interface: callbacks, vector environments, buffers, policies.
"""

from abc import abstractmethod
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.type_aliases import ReplayBufferSamples, Schedule
from stable_baselines3.sac.policies import SACPolicy

VERSION = "2.9"  # the release whose names these are; tests/learners/test_private.py checks them
# `_n_calls` decides when DQN's target network follows; the last two are DQN's alone.
_COUNTERS = ("num_timesteps", "_n_updates", "_n_calls", "exploration_rate")


class Step(NamedTuple):
    """One step of every environment, as a rollout has just made it."""

    actions: NDArray[Any]  # that the worlds got: a Gaussian's action is clipped on its way
    observations: Any
    rewards: NDArray[Any]
    dones: NDArray[np.bool_]
    infos: list[dict[str, Any]]
    log_probs: NDArray[np.float32] | None  # of the actions; None off policy


def step_of(callback: BaseCallback) -> Step:
    """The step of a callback's `_on_step`: local variables of `collect_rollouts`."""
    names, on_policy = callback.locals, isinstance(callback.model, OnPolicyAlgorithm)
    return Step(
        names["clipped_actions" if on_policy else "actions"],
        names["new_obs"],
        names["rewards"],
        names["dones"],
        names["infos"],
        names["log_probs"].numpy() if on_policy else None,
    )


def observed(model: BaseAlgorithm) -> NDArray[Any]:
    """The observations that the next actions answer: (n, …)."""
    return cast(NDArray[Any], model._last_obs)


def updates(model: BaseAlgorithm) -> int:
    """Gradient steps so far; PPO counts its epochs."""
    return model._n_updates


def counters(model: BaseAlgorithm) -> dict[str, Any]:
    """The numbers that a training counts, by their names."""
    return {name: getattr(model, name) for name in _COUNTERS if hasattr(model, name)}


def set_counters(model: BaseAlgorithm, values: dict[str, Any]) -> None:
    """Go on counting from `values`."""
    for name, value in values.items():
        setattr(model, name, value)


def saved(model: BaseAlgorithm) -> tuple[list[str], list[str]]:
    """The names of what it saves: networks and optimizers, and single tensors."""
    return model._get_torch_save_params()


class SavingPpo(PPO):
    """PPO that saves more than its policy."""

    more_to_save: tuple[str, ...] = ()  # names of attributes with a `state_dict`

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        names, tensors = super()._get_torch_save_params()
        return [*names, *self.more_to_save], tensors


class BuiltPolicy(SACPolicy):
    """SAC's policy, with networks that a subclass builds."""

    @abstractmethod
    def build(self, lr_schedule: Schedule) -> None:
        """Make actor, critic, critic_target and the optimizers."""

    def with_extractor(
        self, settings: dict[str, Any], extractor: BaseFeaturesExtractor | None
    ) -> dict[str, Any]:
        """The arguments of an actor or a critic: with this extractor, or a new one."""
        return self._update_features_extractor(settings, extractor)

    def _build(self, lr_schedule: Schedule) -> None:
        self.build(lr_schedule)


class SampledReplay(ReplayBuffer):
    """A replay buffer that a subclass reads."""

    @abstractmethod
    def samples(self, places: NDArray[np.int64]) -> ReplayBufferSamples:
        """A batch of the rows at these places."""

    def _get_samples(self, batch_inds: NDArray[Any], env: Any = None) -> ReplayBufferSamples:
        return self.samples(batch_inds)
