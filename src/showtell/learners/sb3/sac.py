"""Stable-Baselines3's SAC, built from our settings, and the description of its policy."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3 import SAC
from stable_baselines3.common.noise import OrnsteinUhlenbeckActionNoise
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv

from showtell.learners.networks import perceptron
from showtell.learners.policies import sizes
from showtell.learners.sb3.drawn import StatesAndStages
from showtell.learners.sb3.pictures import Pictures
from showtell.learners.sb3.state_replay import StateReplay
from showtell.learners.schedules import learning_rate
from showtell.nets.modules.adam import FusedAdam
from showtell.project.errors import UserError

if TYPE_CHECKING:
    from showtell.learners.sac import SacSettings


class Scaled(BaseFeaturesExtractor):
    """Observations between the world's bounds, moved to [-1, 1]."""

    middle: torch.Tensor
    reach: torch.Tensor

    def __init__(self, observation_space: spaces.Box) -> None:
        super().__init__(observation_space, features_dim=int(np.prod(observation_space.shape)))
        middle, half = bounds(observation_space)
        self.register_buffer("middle", torch.from_numpy(middle), persistent=False)
        self.register_buffer("reach", torch.from_numpy(half), persistent=False)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """(N, D) to (N, D)."""
        scaled: torch.Tensor = (observations - self.middle) / self.reach
        return scaled


def bounds(space: spaces.Space[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The middle of a box and half its width."""
    assert isinstance(space, spaces.Box)
    if not space.is_bounded():
        raise UserError(
            "the learner scales observations by their bounds (observation_scaling: bounds), but "
            "this world's observations have none; set observation_scaling to none."
        )
    low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    return ((high + low) / 2).astype(np.float32), ((high - low) / 2).astype(np.float32)


def algorithm(settings: "SacSettings", worlds: VecEnv, seed: int) -> SAC:
    """A new SAC in these worlds."""
    if not isinstance(worlds.action_space, spaces.Box):
        raise UserError(
            f"sac learns actions in a box, but this world's are {worlds.action_space}; give the "
            "task another learner, e.g. one of the kind dqn."
        )
    policy: Any = "MlpPolicy"
    networks: dict[str, Any] = {
        "net_arch": list(settings.hidden),
        "optimizer_class": FusedAdam,
    }
    replay: dict[str, Any] = {"replay_buffer_class": StateReplay}
    if settings.pictures is not None:
        from showtell.learners.sb3.picture_policy import PicturePolicy
        from showtell.learners.sb3.picture_replay import PictureReplay

        assert isinstance(worlds, Pictures)
        policy = PicturePolicy
        networks |= {
            "encoder": settings.pictures.encoder,
            "sharing": settings.pictures.sharing,
            "goals": worlds.sight.goals,
        }
        replay = {
            "replay_buffer_class": PictureReplay,
            "replay_buffer_kwargs": {
                "goals": worlds.sight.goals,
                "shift": settings.pictures.shift,
                "seed": seed,
            },
        }
    elif settings.observation_scaling == "bounds":
        networks["features_extractor_class"] = Scaled
    return SAC(
        policy,
        worlds,
        learning_rate=learning_rate(settings.learning_rate, settings.decay),
        buffer_size=settings.buffer,
        learning_starts=settings.learning_starts,
        batch_size=settings.batch,
        tau=settings.tau,
        gamma=settings.gamma,
        train_freq=(settings.train_freq, "step"),
        gradient_steps=settings.gradient_steps,
        action_noise=_noise(settings, worlds.action_space),
        ent_coef=settings.entropy,
        target_update_interval=settings.target_update_interval,
        target_entropy=settings.target_entropy,
        policy_kwargs=networks,
        seed=seed,
        # Networks of this size are faster on a CPU, and there the same bits come out again.
        device="cpu",
        **replay,
    )


def description(model: SAC, settings: "SacSettings") -> dict[str, Any]:
    """All that is needed to act with the policy's weights, as plain data."""
    box: Any = model.action_space
    # Every other module of the actor's perceptron is a layer, those between are ReLUs.
    hidden = [f"actor.latent_pi.{2 * layer}" for layer in range(len(settings.hidden))]
    layers = perceptron([*hidden, "actor.mu"], "relu")
    more: dict[str, Any] = {}
    if settings.pictures is not None:
        from showtell.learners.sb3.picture_policy import layers_of

        assert isinstance(model.env, Pictures)
        sight = model.env.sight
        layers = [*layers_of(model.actor.features_extractor), *layers]
        more["pictures"] = {
            "view": sight.view,
            "width": settings.pictures.width,
            "height": settings.pictures.height,
            "goals": len(sight.goals),
        }
    elif settings.observation_scaling == "bounds":
        middle, half = bounds(model.observation_space)
        more["scaling"] = {"middle": middle.tolist(), "half": half.tolist()}
    if isinstance(model.env, StatesAndStages):
        more["stages"] = len(model.env.stages.goals)
    return {
        "layers": layers,
        "head": "squashed_gaussian",
        "spread": {"kind": "dense", "name": "actor.log_std", "activation": "none"},
        "exploration": 0.0,
        "low": box.low.tolist(),
        "high": box.high.tolist(),
        **sizes(model.observation_space, model.action_space),
        **more,
    }


def _noise(settings: "SacSettings", actions: spaces.Box) -> OrnsteinUhlenbeckActionNoise | None:
    noise = settings.action_noise
    if noise is None:
        return None
    zeros = np.zeros(actions.shape)
    return OrnsteinUhlenbeckActionNoise(zeros, zeros + noise.sigma, noise.theta, noise.dt)
