"""Stable-Baselines3's PPO with steps before and after its updates, for fine-tuning."""

import copy
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.distributions import DiagGaussianDistribution
from stable_baselines3.common.policies import ActorCriticPolicy

from showtell.learners.sb3.private import SavingPpo
from showtell.nets.modules.adam import FusedAdam

# The arrays of the critic; all others are the actor's.
CRITIC = ("mlp_extractor.value_net.", "value_net.")


class Clone(NamedTuple):
    """What is imitated, and how eagerly."""

    observations: NDArray[np.float32]  # (N, D)
    actions: NDArray[np.float32]  # (N, A): what was done there
    first: int  # gradient steps before anything else
    steps: int  # gradient steps after every update
    near: bool  # whether they also pull towards the clone of the first steps, wherever it went
    batch: int
    learning_rate: float


class TunedPpo(SavingPpo):
    """PPO that can hold its actor still at first, and clones behaviour around its updates."""

    still: int = 0  # updates at the start in which only the critic learns
    _clone: Clone | None = None

    def clone(self, clone: Clone) -> None:
        """Take this behaviour as an example from now on."""
        self._clone = clone
        # Its own moments: the two losses differ in scale by orders of magnitude.
        self.cloning = FusedAdam(_actor(self.policy), lr=clone.learning_rate)
        self.cloned = copy.deepcopy(self.policy)  # as it is after the first steps
        self.more_to_save = ("cloning", "cloned")

    def learn(self, *args: Any, **kwargs: Any) -> Self:
        """Clone first, unless this goes on from a checkpoint."""
        clone = self._clone
        if clone is not None and clone.first and not self.num_timesteps:
            self._imitate(clone, clone.first)
        if clone is not None and not self.num_timesteps:
            self.cloned.load_state_dict(self.policy.state_dict())
        return super().learn(*args, **kwargs)

    def train(self) -> None:
        """One update, from the rollout that was just collected."""
        rollout = self.n_steps * self.n_envs
        moves = self.num_timesteps > self.still * rollout
        for parameter in _actor(self.policy):
            parameter.requires_grad_(moves)
        super().train()
        if self._clone is not None and moves:
            loss = self._imitate(self._clone, self._clone.steps, near=self._clone.near)
            self.logger.record("train/cloning_loss", loss)

    def _imitate(self, clone: Clone, steps: int, *, near: bool = False) -> float:
        """Gradient steps on the demonstration, and where `near` on the states just visited too."""
        seen, done = torch.from_numpy(clone.observations), torch.from_numpy(clone.actions)
        # An update leaves the buffer's steps and environments flattened.
        buffered = self.rollout_buffer.observations.reshape(-1, seen.shape[1])
        visited = torch.from_numpy(buffered) if near else None
        losses = []
        for _ in range(steps):
            rows = torch.randint(len(seen), (clone.batch,))
            loss = -_likelihood(self.policy, seen[rows], done[rows]).mean()
            if visited is not None:
                some = visited[torch.randint(len(visited), (clone.batch,))]
                with torch.no_grad():
                    wanted = self.cloned.get_distribution(some).mode()
                loss = loss - _likelihood(self.policy, some, wanted).mean()
            self.cloning.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.cloning.step()
            losses.append(loss.item())
        return float(np.mean(losses))


def _likelihood(policy: ActorCriticPolicy, seen: torch.Tensor, done: torch.Tensor) -> torch.Tensor:
    """The log probability of actions, with the spread as it is.

    Spread is for the reward to shrink: a likelihood takes all of it away as soon as one
    demonstration is learned exactly, and the policy would stop exploring.
    """
    around = policy.get_distribution(seen)
    assert isinstance(around, DiagGaussianDistribution)
    fixed: Any = around.proba_distribution(around.mode(), policy.log_std.detach())
    likelihood: torch.Tensor = fixed.log_prob(done)
    return likelihood


def _actor(policy: ActorCriticPolicy) -> list[torch.nn.Parameter]:
    return [p for name, p in policy.named_parameters() if not name.startswith(CRITIC)]
