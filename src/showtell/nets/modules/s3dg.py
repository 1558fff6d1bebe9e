"""S3D-G and its text module: clips and sentences in one space (Xie et al. 2018, Miech et al. 2020).

Every tensor has the name it has in the published HowTo100M checkpoint. What looks odd below
emulates the TensorFlow original, in whose arithmetic those weights were trained.
"""

from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from showtell.nets.s3d_preprocess import check_even

Triple = tuple[int, int, int]  # time, height, width

# b0 | b1_a -> b1_b | b2_a -> b2_b | b3_b: the channels of each branch of each Inception block.
INCEPTION = {
    "mixed_3b": (64, 96, 128, 16, 32, 32),
    "mixed_3c": (128, 128, 192, 32, 96, 64),
    "mixed_4b": (192, 96, 208, 16, 48, 64),
    "mixed_4c": (160, 112, 224, 24, 64, 64),
    "mixed_4d": (128, 128, 256, 24, 64, 64),
    "mixed_4e": (112, 144, 288, 32, 64, 64),
    "mixed_4f": (256, 160, 320, 32, 128, 128),
    "mixed_5b": (256, 160, 320, 32, 128, 128),
    "mixed_5c": (384, 192, 384, 48, 128, 128),
}


class Seen(NamedTuple):
    """What the network makes of a batch of clips."""

    embedding: Tensor  # (B, dimensions), not normalised; the published `video_embedding`
    mixed_5c: Tensor  # (B, 1024): the mean of the last block


class S3DG(nn.Module):
    """The whole network. As it stands, the published one; clips may have any even length and size.

    `rows` is the number of words it knows, plus one for no word; `width` multiplies every number
    of channels.
    """

    def __init__(
        self,
        rows: int = 66_250,
        width: float = 1.0,
        dimensions: int = 512,
        word_dimensions: int = 300,
        text_hidden: int = 2048,
    ) -> None:
        super().__init__()

        def c(published: int) -> int:
            return max(1, round(published * width))

        self.conv1 = Convolution(3 * 8, c(64), (2, 4, 4), padding=(1, 2, 2))
        self.maxpool_2a = SamePool((1, 3, 3), (1, 2, 2))
        self.conv_2b = Convolution(c(64), c(64), (1, 1, 1))
        self.conv_2c = SeparableConvolution(c(64), c(192))
        self.gating = SelfGating(c(192))
        self.maxpool_3a = SamePool((1, 3, 3), (1, 2, 2))
        features = c(192)
        for name, published in INCEPTION.items():
            block = Inception(features, [c(channels) for channels in published])
            self.add_module(name, block)
            features = block.features
        self.maxpool_4a = SamePool((3, 3, 3), (2, 2, 2))
        self.maxpool_5a = SamePool((2, 2, 2), (2, 2, 2))
        self.fc = nn.Linear(features, dimensions)
        self.text_module = TextModule(rows, word_dimensions, text_hidden, dimensions)

    def forward(self, clips: Tensor) -> Seen:
        """Clips (B, 3, T, H, W), RGB in 0-1, every side even."""
        x = self.conv1(space_to_depth(clips))
        x = x[:, :, 1:, 1:, 1:]  # TensorFlow pads an even kernel by one less in front
        x = self.maxpool_2a(x)
        x = self.gating(self.conv_2c(self.conv_2b(x)))
        x = self.maxpool_3a(x)
        for name in INCEPTION:
            if name == "mixed_4b":
                x = self.maxpool_4a(x)
            elif name == "mixed_5b":
                x = self.maxpool_5a(x)
            x = self.get_submodule(name)(x)
        mixed_5c = average(x)
        return Seen(self.fc(mixed_5c), mixed_5c)


class TextModule(nn.Module):
    """A bag of words: the order of a sentence does not matter."""

    def __init__(self, rows: int, word_dimensions: int, hidden: int, dimensions: int) -> None:
        super().__init__()
        self.word_embd = nn.Embedding(rows, word_dimensions)
        self.fc1 = nn.Linear(word_dimensions, hidden)
        self.fc2 = nn.Linear(hidden, dimensions)

    def forward(self, words: Tensor) -> Tensor:
        """Numbers of words (B, L), 0 for no word -> (B, dimensions), not normalised."""
        # Row 0 is a vector like any other: padding takes part in the maximum.
        hidden = functional.relu(self.fc1(self.word_embd(words)))
        embedding: Tensor = self.fc2(hidden.amax(dim=1))
        return embedding


class Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: Triple, padding: Triple = (0, 0, 0)
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(inputs, outputs, kernel, padding=padding, bias=False)
        self.bn1 = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) -> (B, outputs, T, H, W)."""
        return functional.relu(self.bn1(self.conv1(x)), inplace=True)


class SeparableConvolution(nn.Module):
    """A 3x3x3 convolution as two: within each picture, then over time."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(inputs, outputs, (1, 3, 3), padding=(0, 1, 1), bias=False)
        self.bn1 = nn.BatchNorm3d(outputs)
        self.conv2 = nn.Conv3d(outputs, outputs, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.bn2 = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) -> (B, outputs, T, H, W)."""
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        return functional.relu(self.bn2(self.conv2(x)), inplace=True)


class SelfGating(nn.Module):
    """Scales each channel by what all channels are on average: the G of S3D-G."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape in and out."""
        gates = torch.sigmoid(self.fc(average(x)))
        return gates[:, :, None, None, None] * x


class SamePool(nn.Module):
    """Max pooling with TensorFlow's SAME padding: zeros, the odd one behind."""

    def __init__(self, kernel: Triple, stride: Triple) -> None:
        super().__init__()
        self.pool = nn.MaxPool3d(kernel, stride, ceil_mode=True)
        self.pads: list[int] = []  # in front and behind, from the last dimension to the first
        for size, step in zip(reversed(kernel), reversed(stride), strict=True):
            self.pads += [(size - step) // 2, size - step - (size - step) // 2]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> each side divided by its stride, rounded up."""
        pooled: Tensor = self.pool(functional.pad(x, self.pads) if any(self.pads) else x)
        return pooled


class NeighbourPool(nn.Module):
    """The maximum of the 3x3x3 neighbours of each place."""

    def forward(self, x: Tensor) -> Tensor:
        """Same shape in and out."""
        if torch.is_grad_enabled():
            return functional.max_pool3d(x, 3, stride=1, padding=1)
        # The same bits three times as fast: along one dimension after the other, in whole rows.
        for dimension in (2, 3, 4):
            places = x.shape[dimension] - 1
            here, following = x.narrow(dimension, 0, places), x.narrow(dimension, 1, places)
            pooled = torch.empty_like(x)
            pooled.select(dimension, -1).copy_(x.select(dimension, -1))
            torch.maximum(here, following, out=pooled.narrow(dimension, 0, places))
            preceded = pooled.narrow(dimension, 1, places)
            torch.maximum(preceded, here, out=preceded)
            x = pooled
        return x


class Inception(nn.Module):
    """Four branches side by side, each ending in a gate of its own."""

    def __init__(self, inputs: int, channels: list[int]) -> None:
        super().__init__()
        b0, b1_a, b1_b, b2_a, b2_b, b3 = channels
        self.features = b0 + b1_b + b2_b + b3
        self.conv_b0 = Convolution(inputs, b0, (1, 1, 1))
        self.conv_b1_a = Convolution(inputs, b1_a, (1, 1, 1))
        self.conv_b1_b = SeparableConvolution(b1_a, b1_b)
        self.conv_b2_a = Convolution(inputs, b2_a, (1, 1, 1))
        self.conv_b2_b = SeparableConvolution(b2_a, b2_b)
        self.maxpool_b3 = NeighbourPool()
        self.conv_b3_b = Convolution(inputs, b3, (1, 1, 1))
        self.gating_b0 = SelfGating(b0)
        self.gating_b1 = SelfGating(b1_b)
        self.gating_b2 = SelfGating(b2_b)
        self.gating_b3 = SelfGating(b3)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) -> (B, features, T, H, W)."""
        branches = [
            self.gating_b0(self.conv_b0(x)),
            self.gating_b1(self.conv_b1_b(self.conv_b1_a(x))),
            self.gating_b2(self.conv_b2_b(self.conv_b2_a(x))),
            self.gating_b3(self.conv_b3_b(self.maxpool_b3(x))),
        ]
        return torch.cat(branches, dim=1)


def folded(network: S3DG) -> S3DG:
    """A copy for inference only, with its batch normalisations made part of its convolutions."""
    copy = deepcopy(network).eval()
    del copy.text_module
    for module in copy.modules():
        if isinstance(module, Convolution | SeparableConvolution):
            for conv, bn in (("conv1", "bn1"), ("conv2", "bn2")):
                if hasattr(module, conv):
                    fused = fuse_conv_bn_eval(getattr(module, conv), getattr(module, bn))
                    setattr(module, conv, fused)
                    setattr(module, bn, nn.Identity())
    return copy


def average(x: Tensor) -> Tensor:
    """The mean over time, rows and columns: (B, C, T, H, W) -> (B, C)."""
    if x.dtype != torch.bfloat16:
        return x.mean(dim=(2, 3, 4))
    # A CPU sums bfloat16 ten times as fast by multiplying with ones, which rounds only once.
    places = x.permute(0, 2, 3, 4, 1).flatten(1, 3)
    return (places.new_ones(1, places.shape[1]) @ places)[:, 0] / places.shape[1]


def space_to_depth(clips: Tensor) -> Tensor:
    """Blocks of 2x2x2 pixels as channels: (B, 3, T, H, W) -> (B, 24, T/2, H/2, W/2).

    Channel ((dt * 2 + dh) * 2 + dw) * 3 + c holds colour c of the pixel (dt, dh, dw) of a block.
    """
    batch, colours, *sides = clips.shape
    check_even(*sides)
    time, height, width = (side // 2 for side in sides)
    blocks = clips.view(batch, colours, time, 2, height, 2, width, 2)
    return blocks.permute(0, 3, 5, 7, 1, 2, 4, 6).reshape(batch, 8 * colours, time, height, width)
