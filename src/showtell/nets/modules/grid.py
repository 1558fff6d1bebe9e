"""A vector for each cell of a picture, from the outlines in it: colours and light are left out.

The distance of two pictures is then a sum over cells, as pixel L2 is a sum over pixels: a small
thing counts by its size, where a mean over the picture would lose it beside a long arm.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad, relu

from showtell.nets.modules.resnet import Norm, Residual, initialise, norm_of

_NEIGHBOURS = 15  # side of the square whose outlines an outline is compared with, in pixels
_STRONGEST = 4  # an outline counts at most so many times the mean


class Outlines(nn.Module):
    """How strong the outlines at each pixel are and which way they run: (N, 3, H, W), as it came.

    Only squares of differences are read, so a bright thing on a dark table is like a dark thing on
    a bright one; strength is relative to the picture and the neighbourhood, so light cancels.
    """

    def forward(self, pictures: Tensor) -> Tensor:
        """Strength, and strength times the cosine and the sine of twice the angle."""
        wide = pad(pictures, (1, 1, 1, 1), mode="replicate")
        across = (wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2]) / 2
        down = (wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]) / 2
        a = across.square().sum(1, keepdim=True)
        b = down.square().sum(1, keepdim=True)
        c = (across * down).sum(1, keepdim=True)
        strength = (a + b + 1e-5).sqrt()
        around = avg_pool2d(strength, _NEIGHBOURS, 1, _NEIGHBOURS // 2, count_include_pad=False)
        usual = (strength.mean((2, 3), keepdim=True) + around) / 2
        relative = (strength / usual).clamp(max=_STRONGEST)
        direction = relative / strength.square()
        return torch.cat([relative, (a - b) * direction, 2 * c * direction], 1)


class OutlineMeans(nn.Module):
    """Outlines, averaged in square cells: (N, 3, H, W) -> (N, D)."""

    def __init__(self, cell: int) -> None:
        super().__init__()
        self.outlines = Outlines()
        self.cell = cell

    def forward(self, pictures: Tensor) -> Tensor:
        """One vector a picture; the square of its length is the mean over cells of theirs."""
        return _joined(avg_pool2d(self.outlines(pictures), self.cell))


class Grid(nn.Module):
    """Residual blocks over outlines, and a linear map in each cell: (N, 3, H, W) -> (N, D)."""

    def __init__(
        self, blocks: int, width: int, norm: Norm, channels: int, branch_scale: float
    ) -> None:
        """Each of the blocks halves the grid, whose side begins as half of the picture's."""
        super().__init__()
        self.outlines = Outlines()
        self.conv1 = nn.Conv2d(3, width, 5, stride=2, padding=2, bias=False)
        normed = norm_of(norm)
        self.bn1 = normed(width)
        inputs = width
        for number in range(blocks):
            planes = width * 2**number
            block = Residual(inputs, planes, 2, "basic", normed)
            self.add_module(f"layer{number + 1}", block)
            inputs = planes
        self.blocks = blocks
        self.head = nn.Conv2d(inputs, channels, 1)
        initialise(self, branch_scale)

    def forward(self, pictures: Tensor) -> Tensor:
        """One vector a picture; the square of its length is the mean over cells of theirs."""
        x = relu(self.bn1(self.conv1(self.outlines(pictures))))
        for number in range(self.blocks):
            x = self.get_submodule(f"layer{number + 1}")(x)
        return _joined(self.head(x))


def _joined(cells: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C · H · W)."""
    found: Tensor = cells.flatten(1) / (cells.shape[2] * cells.shape[3]) ** 0.5
    return found
