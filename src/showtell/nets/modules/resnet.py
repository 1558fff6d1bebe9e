"""Residual networks of any width: ResNet-50 as torchvision builds it, and small ones of the kind.

torchvision's class has 64 channels built in; tests hold this one to it, weight by weight.
"""

from collections.abc import Callable
from typing import Any, Literal

from torch import Tensor, nn

Norm = Literal["batch", "group"]
Block = Literal["basic", "bottleneck"]
_GROUPS = 8


class ResNet(nn.Module):
    """Pictures in, one vector each out: (N, 3, H, W) -> (N, outputs)."""

    def __init__(
        self,
        layers: tuple[int, int, int, int],  # blocks in each of the four parts
        block: Block,
        width: int,  # channels of the first part; 64 in ResNet-50
        norm: Norm,
        outputs: int | None,  # None: the mean of the last part's maps, without a linear layer
        channels: int = 3,  # of the input: more where frames are stacked
        branch_scale: float = 0.0,  # of each block's last norm before training
    ) -> None:
        super().__init__()
        normed = norm_of(norm)
        self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = normed(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        expansion = 4 if block == "bottleneck" else 1
        inputs = width
        for number, depth in enumerate(layers):
            planes = width * 2**number
            stride = 1 if number == 0 else 2
            parts = [
                Residual(
                    inputs if first == 0 else planes * expansion,
                    planes,
                    stride if first == 0 else 1,
                    block,
                    normed,
                )
                for first in range(depth)
            ]
            self.add_module(f"layer{number + 1}", nn.Sequential(*parts))
            inputs = planes * expansion
        self.outputs = inputs if outputs is None else outputs
        self.fc = nn.Identity() if outputs is None else nn.Linear(inputs, outputs)
        initialise(self, branch_scale)

    def forward(self, pictures: Tensor) -> Tensor:
        """One vector a picture."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(pictures))))
        for number in range(1, 5):
            x = self.get_submodule(f"layer{number}")(x)
        found: Tensor = self.fc(x.mean((2, 3)))
        return found


class Residual(nn.Module):
    """A block with a shortcut, in the names of torchvision."""

    def __init__(
        self,
        inputs: int,
        planes: int,
        stride: int,
        block: Block,
        norm: Callable[[int], nn.Module],
    ) -> None:
        super().__init__()
        sizes: tuple[tuple[int, int, int], ...]
        if block == "bottleneck":  # the stride is in the middle, as in torchvision ("V1.5")
            sizes = ((1, 1, planes), (3, stride, planes), (1, 1, planes * 4))
        else:
            sizes = ((3, stride, planes), (3, 1, planes))
        channels = inputs
        for number, (kernel, step, outputs) in enumerate(sizes, start=1):
            convolution = nn.Conv2d(channels, outputs, kernel, step, kernel // 2, bias=False)
            self.add_module(f"conv{number}", convolution)
            self.add_module(f"bn{number}", norm(outputs))
            channels = outputs
        self.count = len(sizes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != channels:
            shortcut = nn.Conv2d(inputs, channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, norm(channels))

    def forward(self, x: Tensor) -> Tensor:
        """The input, changed a little."""
        left = x if self.downsample is None else self.downsample(x)
        for number in range(1, self.count + 1):
            x = self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(x))
            if number < self.count:
                x = self.relu(x)
        found: Tensor = self.relu(x + left)
        return found


def norm_of(norm: Norm) -> Callable[[int], nn.Module]:
    """What makes a normalisation of so many channels."""
    if norm == "batch":
        return nn.BatchNorm2d
    return lambda channels: nn.GroupNorm(min(_GROUPS, channels // 2), channels)


def initialise(network: nn.Module, branch_scale: float) -> None:
    """He's weights, and a scale for the last normalisation of each block.

    At 0, as published, a block begins as its shortcut, which skips every second pixel: a network of
    few blocks that is trained for a short time, or never, then sees a lattice of spots alone.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(module, Residual):
            last: Any = module.get_submodule(f"bn{module.count}")
            nn.init.constant_(last.weight, branch_scale)
