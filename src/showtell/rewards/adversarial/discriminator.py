"""The discriminator of adversarial imitation: it classifies steps as demonstration or agent.

Binary cross-entropy on D = exp f / (exp f + exp c), so its logit is f − c: c is 0 in GAIL, and the
log-probability of the action in AIRL. Each reward computes its own value from f and D.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from showtell.nets.modules.adam import FusedAdam
from showtell.rewards.adversarial.settings import AdversarySettings
from showtell.rewards.demo_states import Scale, States, check_alike
from showtell.rewards.reward import Episodes

Logs = NDArray[np.float32]


class Examples(NamedTuple):
    """Rows of states, (N, F), and the offset c of each, (N,)."""

    rows: States
    offsets: NDArray[np.float32]


class Discriminator:
    """A network, its optimizer, the scale of its inputs, and the count of rollouts.

    The count seeds the draws of a rollout, so that a resumed training draws the same rows.
    """

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
        self._network = network
        self._adam = FusedAdam(network.parameters(), settings.learning_rate)
        self._settings = settings
        self._demo, self._name = demo, name
        self._transitions = transitions
        self._scale, self._fixed = Scale(demo), False
        self._seed, self._rounds = seed, 0

    def learn(self, episodes: Episodes, demo: Logs | None, agent: Logs | None) -> dict[str, float]:
        """Update on one rollout; `demo` (K, T) and `agent` (E, T) are the offsets c, if any."""
        check_alike(episodes, self._demo, self._name)
        if not self._fixed:
            # A number may be constant in the demonstration and vary for the agent: both are scaled.
            self._scale, self._fixed = Scale(self._demo, episodes.states), True
        groups = self._examples(self._demo, demo), self._examples(episodes.states, agent)
        rng = np.random.default_rng([self._seed, self._rounds])
        self._rounds += 1
        means: dict[str, float] = {}
        for _ in range(self._settings.updates):
            one, other = (_drawn(examples, self._settings.batch, rng) for examples in groups)
            for name, value in self._update(one, other, rng).items():
                means[name] = means.get(name, 0.0) + value / self._settings.updates
        return means

    def f(
        self, episodes: Episodes, of: Callable[[Tensor], Tensor] | None = None
    ) -> NDArray[np.float32]:
        """f, or another function of the same rows, of every step: (E, T)."""
        check_alike(episodes, self._demo, self._name)
        with torch.no_grad():
            rows = torch.from_numpy(self._rows(episodes.states))
            found: NDArray[np.float32] = (of or self._network)(rows).numpy()
        return found.reshape(episodes.true_rewards.shape)

    def state(self) -> dict[str, Any]:
        """Weights, optimizer, scale and count of rollouts."""
        adam = {
            name: [value.numpy().copy() for value in each]
            for name, each in self._adam.state_dict().items()
        }
        return {
            "weights": {n: value.numpy().copy() for n, value in self._network.state_dict().items()},
            "adam": adam,
            "rounds": self._rounds,
            "scale": self._scale.state(),
            "fixed": self._fixed,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Set everything to what `state` returned."""
        weights = {name: torch.from_numpy(value) for name, value in state["weights"].items()}
        self._network.load_state_dict(weights)
        self._adam.load_state_dict(
            {
                name: [torch.from_numpy(value) for value in each]
                for name, each in state["adam"].items()
            }
        )
        self._rounds = state["rounds"]
        self._scale, self._fixed = Scale.of(state["scale"]), state["fixed"]

    def _examples(self, states: States, offsets: Logs | None) -> Examples:
        rows = self._rows(states)
        zeros = np.zeros(len(rows), dtype=np.float32)
        return Examples(rows, zeros if offsets is None else offsets.reshape(-1))

    def _rows(self, states: States) -> States:
        """Every step of (E, T + 1, D) states as a row: the state after it, or both around it."""
        scaled = self._scale(states)
        rows = scaled[:, 1:]
        if self._transitions:
            rows = np.concatenate([scaled[:, :-1], rows], axis=-1)
        return rows.reshape(-1, rows.shape[-1])

    def _update(
        self, demo: Examples, agent: Examples, rng: np.random.Generator
    ) -> dict[str, float]:
        logits = [
            self._network(torch.from_numpy(part.rows)) - torch.from_numpy(part.offsets)
            for part in (demo, agent)
        ]
        labels = [torch.ones_like(logits[0]), torch.zeros_like(logits[1])]
        loss = binary_cross_entropy_with_logits(torch.cat(logits), torch.cat(labels))
        whole, penalty = loss, self._settings.gradient_penalty
        if penalty > 0:
            whole = loss + penalty * self._steepness(demo.rows, agent.rows, rng)
        self._adam.zero_grad()
        whole.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        return {
            "discriminator_loss": float(loss.detach()),
            "demo_accepted": float((logits[0] > 0).float().mean()),
            "agent_accepted": float((logits[1] > 0).float().mean()),
        }

    def _steepness(self, demo: States, agent: States, rng: np.random.Generator) -> Tensor:
        """Mean of (|∇f| − 1)², at random points between the two (Gulrajani et al. 2017, Eq. 3)."""
        share = rng.random((len(demo), 1), dtype=np.float32)
        between = torch.from_numpy(share * demo + (1 - share) * agent).requires_grad_()
        (slope,) = torch.autograd.grad(self._network(between).sum(), between, create_graph=True)
        steepness: Tensor = ((slope**2).sum(dim=1) + 1e-12).sqrt()  # no root of 0: no slope there
        return (steepness - 1).square().mean()


def _drawn(examples: Examples, batch: int, rng: np.random.Generator) -> Examples:
    """Some rows, with replacement: a single demonstration may be shorter than a batch."""
    picks = rng.integers(0, len(examples.rows), size=batch)
    return Examples(examples.rows[picks], examples.offsets[picks])
