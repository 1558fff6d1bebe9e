"""One side of adversarial imitation: a network that learns to tell a demonstration from the agent.

Binary cross-entropy on D = exp f / (exp f + exp c), so its logit is f − c: c is 0 in GAIL, and the
log-probability of the action in AIRL. What a reward makes of f and D is the reward's own affair.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from showtell.nets.modules.adam import FusedAdam
from showtell.rewards.demonstrated import AdversarySettings

Rows = NDArray[np.float32]


class Examples(NamedTuple):
    """Rows that a network looks at, (N, F), and what its output is held against, (N,)."""

    rows: Rows
    against: NDArray[np.float32]


class Adversary:
    """A network, its optimizer, and the count of rollouts from which its draws are seeded."""

    def __init__(self, network: nn.Module, settings: AdversarySettings, seed: int) -> None:
        self.network = network
        self._adam = FusedAdam(network.parameters(), settings.learning_rate)
        self._settings = settings
        self._seed, self._rounds = seed, 0

    def learn(self, demo: Examples, agent: Examples) -> dict[str, float]:
        """Some updates, each on as many rows of the one as of the other."""
        random = np.random.default_rng([self._seed, self._rounds])
        self._rounds += 1
        sums: dict[str, float] = {}
        updates = self._settings.updates
        for _ in range(updates):
            one, other = (
                _drawn(examples, self._settings.batch, random) for examples in (demo, agent)
            )
            for name, value in self._update(one, other, random).items():
                sums[name] = sums.get(name, 0.0) + value / updates
        return sums

    def state(self) -> dict[str, Any]:
        """Everything that changes."""
        weights = {name: value.numpy().copy() for name, value in self.network.state_dict().items()}
        adam = {
            name: [value.numpy().copy() for value in each]
            for name, each in self._adam.state_dict().items()
        }
        return {"weights": weights, "adam": adam, "rounds": self._rounds}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        weights = {name: torch.from_numpy(value) for name, value in state["weights"].items()}
        self.network.load_state_dict(weights)
        self._adam.load_state_dict(
            {
                name: [torch.from_numpy(value) for value in each]
                for name, each in state["adam"].items()
            }
        )
        self._rounds = state["rounds"]

    def _update(
        self, demo: Examples, agent: Examples, random: np.random.Generator
    ) -> dict[str, float]:
        logits = [
            self.network(torch.from_numpy(part.rows)) - torch.from_numpy(part.against)
            for part in (demo, agent)
        ]
        labels = [torch.ones_like(logits[0]), torch.zeros_like(logits[1])]
        loss = binary_cross_entropy_with_logits(torch.cat(logits), torch.cat(labels))
        whole, penalty = loss, self._settings.gradient_penalty
        if penalty > 0:
            whole = loss + penalty * self._steepness(demo.rows, agent.rows, random)
        self._adam.zero_grad()
        whole.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        return {
            "discriminator_loss": float(loss.detach()),
            "demo_accepted": float((logits[0] > 0).float().mean()),
            "agent_accepted": float((logits[1] > 0).float().mean()),
        }

    def _steepness(self, demo: Rows, agent: Rows, random: np.random.Generator) -> Tensor:
        """Mean of (|∇f| − 1)², at random places between the two (Gulrajani et al. 2017, Eq. 3)."""
        share = random.random((len(demo), 1), dtype=np.float32)
        between = torch.from_numpy(share * demo + (1 - share) * agent).requires_grad_()
        (slope,) = torch.autograd.grad(self.network(between).sum(), between, create_graph=True)
        steepness: Tensor = ((slope**2).sum(dim=1) + 1e-12).sqrt()  # no root of 0: no slope there
        return (steepness - 1).square().mean()


def _drawn(examples: Examples, batch: int, random: np.random.Generator) -> Examples:
    """Some rows, with replacement: a single demonstration may be shorter than a batch."""
    picks = random.integers(0, len(examples.rows), size=batch)
    return Examples(examples.rows[picks], examples.against[picks])
