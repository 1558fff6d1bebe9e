"""HOLD-R's networks: a number of frames for a history of pictures and a goal picture.

Each reads the goals first and then compares histories with what it read, so that a network that
reads them alone reads each once: with one goal, or with as many as there are histories.
"""

from typing import Protocol

import torch
from torch import Tensor, nn

from showtell.nets.modules.resnet import ResNet
from showtell.nets.modules.vivit import ViViT


class Regression(Protocol):
    """What HOLD-R asks of a network, which is a torch module besides."""

    def read_goals(self, goals: Tensor) -> Tensor:
        """Goal pictures, as `compare` takes them: (G, 3, S, S) -> (G, ...)."""
        ...

    def compare(self, histories: Tensor, goals: Tensor) -> Tensor:
        """Frames from each history (N, K, 3, S, S) to its goal, or to the one goal: (N,)."""
        ...


class StackedFrames(nn.Module):
    """A residual network that reads history and goal stacked on channels."""

    def __init__(self, network: ResNet) -> None:
        super().__init__()
        self.network = network
        for parameter in network.fc.parameters():
            nn.init.zeros_(parameter)

    def read_goals(self, goals: Tensor) -> Tensor:
        """The pictures themselves."""
        return goals

    def compare(self, histories: Tensor, goals: Tensor) -> Tensor:
        """Frames from each history to its goal: (N,)."""
        stacked = torch.cat([histories.flatten(1, 2), goals.expand(len(histories), -1, -1, -1)], 1)
        found: Tensor = self.network(stacked.contiguous(memory_format=torch.channels_last))
        return found[:, 0]


class FrameSequence(nn.Module):
    """A ViViT that reads the goal as the last frame."""

    def __init__(self, network: ViViT) -> None:
        super().__init__()
        self.network = network

    def read_goals(self, goals: Tensor) -> Tensor:
        """The pictures themselves."""
        return goals

    def compare(self, histories: Tensor, goals: Tensor) -> Tensor:
        """Frames from each history to its goal: (N,)."""
        last = goals.expand(len(histories), -1, -1, -1)[:, None]
        found: Tensor = self.network(torch.cat([histories, last], 1))
        return found


class LateFusion(nn.Module):
    """One encoder reads every picture alone; a small network compares the embeddings."""

    def __init__(
        self, encoder: ResNet, dimensions: int, history: int, hidden: int, unit: float
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.unit = unit  # frames that an output of 1 stands for
        self.head = nn.Sequential(
            nn.Linear((history + 3) * dimensions, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, 1),
        )
        for parameter in self.head[-1].parameters():
            nn.init.zeros_(parameter)

    def read_goals(self, goals: Tensor) -> Tensor:
        """Their embeddings: (G, D)."""
        return self.embed(goals)

    def compare(self, histories: Tensor, goals: Tensor) -> Tensor:
        """Frames from each history to its goal: (N,)."""
        found = self.embed(histories.flatten(0, 1))
        found = found.reshape(*histories.shape[:2], -1)
        return self.fuse(found, goals.expand(len(histories), -1))

    def embed(self, pictures: Tensor) -> Tensor:
        """One vector a picture: (N, D)."""
        found: Tensor = self.encoder(pictures.contiguous(memory_format=torch.channels_last))
        return found

    def fuse(self, histories: Tensor, goals: Tensor) -> Tensor:
        """Frames from embedded histories (..., K, D) to embedded goals (..., D): (...)."""
        # Without the absolute difference the network does not learn that a distance has no sign.
        gap = goals - histories[..., -1, :]
        read = torch.cat([histories.flatten(-2), goals, gap, gap.abs()], -1)
        found: Tensor = self.head(read)[..., 0]
        return self.unit * found
