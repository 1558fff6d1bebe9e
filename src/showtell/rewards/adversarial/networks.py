"""The functions behind discriminators: rows of states in, one logit a row out."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def seeded(seed: int, build: Callable[..., Network], *arguments: Any) -> Network:
    """A network with the random weights of `seed`; the global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return build(*arguments)


class Perceptron(nn.Module):
    """A number for each vector: (N, D) -> (N,)."""

    def __init__(self, size: int, hidden: Sequence[int]) -> None:
        super().__init__()
        sizes = [size, *hidden]
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.Tanh()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))

    def forward(self, rows: Tensor) -> Tensor:
        """One number a row."""
        out: Tensor = self.layers(rows)
        return out[:, 0]


class Shaped(nn.Module):
    """AIRL's f(s, s') = g(s) + γ h(s') − h(s) (Fu et al. 2017, Eq. 4), of rows [s, s']."""

    def __init__(
        self, size: int, hidden_reward: Sequence[int], hidden_shaping: Sequence[int], gamma: float
    ) -> None:
        super().__init__()
        self.reward = Perceptron(size, hidden_reward)  # g
        self.shaping = Perceptron(size, hidden_shaping)  # h
        self._gamma = gamma

    def forward(self, rows: Tensor) -> Tensor:
        """One f a row."""
        before, after = rows.chunk(2, dim=1)
        advanced = self._gamma * self.shaping(after) - self.shaping(before)
        found: Tensor = self.reward(before) + advanced
        return found

    def unshaped(self, rows: Tensor) -> Tensor:
        """One g a row: what is left without the shaping term."""
        before, _ = rows.chunk(2, dim=1)
        found: Tensor = self.reward(before)
        return found
