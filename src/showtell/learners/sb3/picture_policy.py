"""SAC's networks for pictures: convolutions that actor and critics share or have each their own."""

from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ContinuousCritic
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.type_aliases import Schedule
from stable_baselines3.sac.policies import Actor
from torch import nn

from showtell.learners.policies import GOALS
from showtell.learners.sb3.private import BuiltPolicy
from showtell.rendering.scene import Frames


class Convolutions(BaseFeaturesExtractor):
    """Pictures (N, C, H, W) in [0, 1] to (N, D).

    published: two of 5 x 5 with 8 channels and the largest of each 2 x 2, as HOLD's code has;
    for 48 x 48 pictures D is 1,152. small: three of 3 x 3 with 16 channels and stride 2, ours.
    """

    def __init__(self, observation_space: spaces.Box, encoder: str) -> None:
        channels = observation_space.shape[0]
        layers: list[nn.Module] = []
        if encoder == "published":
            for number in (channels, 8):
                layers += [nn.Conv2d(number, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        else:
            for number in (channels, 16, 16):
                layers += [nn.Conv2d(number, 16, 3, stride=2, padding=1), nn.ReLU()]
        network = nn.Sequential(*layers, nn.Flatten())
        with torch.no_grad():
            size = network(torch.zeros(1, *observation_space.shape)).shape[1]
        super().__init__(observation_space, features_dim=size)
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, D)."""
        features: torch.Tensor = self.network(pictures)
        return features


def layers_of(extractor: BaseFeaturesExtractor) -> list[dict[str, Any]]:
    """The description of the actor's convolutions, as `networks.Conv`."""
    assert isinstance(extractor, Convolutions)
    described: list[dict[str, Any]] = []
    for number, module in enumerate(extractor.network):
        if isinstance(module, nn.Conv2d):
            described.append({
                "kind": "conv", "name": f"actor.features_extractor.network.{number}",
                "activation": "relu", "stride": module.stride[0],
                "padding": int(module.padding[0]), "pool": 1,
            })  # fmt: skip
        elif isinstance(module, nn.MaxPool2d):
            described[-1]["pool"] = module.kernel_size
    return described


class _Looking(Actor):
    """An actor that reads the critics' features and does not train them, as in DrQ."""

    def extract_features(self, obs: Any, features_extractor: BaseFeaturesExtractor) -> Any:
        with torch.no_grad():
            return super().extract_features(obs, features_extractor)


class _Apart(ContinuousCritic):
    """Two critics, each with convolutions of its own."""

    second: BaseFeaturesExtractor

    def forward(self, obs: torch.Tensor, actions: torch.Tensor) -> tuple[torch.Tensor, ...]:
        extractors = (self.features_extractor, self.second)
        return tuple(
            critic(torch.cat([self.extract_features(obs, extractor), actions], dim=1))
            for critic, extractor in zip(self.q_networks, extractors, strict=True)
        )


class PicturePolicy(BuiltPolicy):
    """SAC's policy on pictures; its arrays include the goals' pictures."""

    def __init__(
        self,
        observation_space: spaces.Box,
        action_space: spaces.Box,
        lr_schedule: Schedule,
        *,
        encoder: str,
        sharing: str,
        goals: Frames,
        **more: Any,
    ) -> None:
        self._shared = sharing == "shared"
        super().__init__(
            observation_space,
            action_space,
            lr_schedule,
            features_extractor_class=Convolutions,
            features_extractor_kwargs={"encoder": encoder},
            **more,
        )
        if len(goals):
            self.register_buffer(GOALS, torch.from_numpy(goals.copy()))

    def build(self, lr_schedule: Schedule) -> None:
        """Actor and critics, with convolutions that they share or not."""
        self.critic, self.critic_target = self.make_critic(), self.make_critic()
        self.critic_target.load_state_dict(self.critic.state_dict())
        self.critic_target.set_training_mode(False)
        shared = self.critic.features_extractor if self._shared else None
        actor = self.with_extractor(self.actor_kwargs, shared)
        self.actor = (_Looking if self._shared else Actor)(**actor).to(self.device)
        mine = [
            parameter
            for name, parameter in self.actor.named_parameters()
            if not (self._shared and name.startswith("features_extractor."))
        ]
        for network, parameters in ((self.actor, mine), (self.critic, self.critic.parameters())):
            network.optimizer = self.optimizer_class(
                parameters,
                lr=lr_schedule(1),  # type: ignore[call-arg]
                **self.optimizer_kwargs,
            )

    def make_critic(
        self, features_extractor: BaseFeaturesExtractor | None = None
    ) -> ContinuousCritic:
        """Both critics."""
        if self._shared:
            return super().make_critic(features_extractor)
        settings = self.with_extractor(self.critic_kwargs, features_extractor)
        critic = _Apart(**settings)
        critic.second = self.make_features_extractor()
        return critic.to(self.device)
