"""A network that sees a demonstration and the agent's rollouts step by step, on one scale."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from showtell.rewards.adversarial.adversary import Adversary, Examples
from showtell.rewards.demonstrated import AdversarySettings, Scale, States, check_alike
from showtell.rewards.reward import Episodes

Logs = NDArray[np.float32]


class Discriminator:
    """What GAIL and AIRL have in common: all but the form of f, and what is paid for it."""

    def __init__(
        self,
        network: nn.Module,
        settings: AdversarySettings,
        *,
        demo: States,
        name: str,
        transitions: bool,
        seed: int,
    ) -> None:
        self._adversary = Adversary(network, settings, seed)
        self._demo, self._name = demo, name
        self._transitions = transitions
        self._scale, self._fixed = Scale(demo), False

    def learn(self, episodes: Episodes, demo: Logs | None, agent: Logs | None) -> dict[str, float]:
        """One rollout; what each step's f is held against, (K, T) and (E, T), or nothing."""
        check_alike(episodes, self._demo, self._name)
        if not self._fixed:
            # What the demonstration never moves, the agent may: both decide what is far.
            self._scale, self._fixed = Scale(self._demo, episodes.states), True
        return self._adversary.learn(
            self._examples(self._demo, demo), self._examples(episodes.states, agent)
        )

    def f(
        self, episodes: Episodes, of: Callable[[Tensor], Tensor] | None = None
    ) -> NDArray[np.float32]:
        """f, or another function of the same rows, of every step: (E, T)."""
        check_alike(episodes, self._demo, self._name)
        with torch.no_grad():
            rows = torch.from_numpy(self._rows(episodes.states))
            found: NDArray[np.float32] = (of or self._adversary.network)(rows).numpy()
        return found.reshape(episodes.true_rewards.shape)

    def state(self) -> dict[str, Any]:
        """The network and the scale of its inputs."""
        scale = self._scale.state()
        return {"adversary": self._adversary.state(), "scale": scale, "fixed": self._fixed}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._adversary.restore(state["adversary"])
        self._scale, self._fixed = Scale.of(state["scale"]), state["fixed"]

    def _examples(self, states: States, against: Logs | None) -> Examples:
        rows = self._rows(states)
        nothing = np.zeros(len(rows), dtype=np.float32)
        return Examples(rows, nothing if against is None else against.reshape(-1))

    def _rows(self, states: States) -> States:
        """Every step of (E, T + 1, D) states as a row: where it led, or from where to where."""
        scaled = self._scale(states)
        seen = scaled[:, 1:]
        if self._transitions:
            seen = np.concatenate([scaled[:, :-1], seen], axis=-1)
        return seen.reshape(-1, seen.shape[-1])
