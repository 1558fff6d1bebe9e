"""Networks as plain data, and how NumPy computes them: dense layers, and convolutions before them.

Sums run in one fixed order: a threaded BLAS product may depend on the machine's number of cores,
and one flipped action is another episode.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt

from showtell.project.settings import Frozen

Values = NDArray[np.float32]
Activation = Literal["relu", "tanh", "none"]


class Dense(Frozen):
    """A matrix and a bias; what is not flat is flattened before it, channels first."""

    kind: Literal["dense"]
    name: str  # the prefix of its arrays `.weight` (out, in) and `.bias`
    activation: Activation


class Conv(Frozen):
    """A convolution of pictures (N, C, H, W), and the largest of each square after it."""

    kind: Literal["conv"]
    name: str  # the prefix of its arrays `.weight` (out, in, height, width) and `.bias`
    activation: Activation
    stride: PositiveInt
    padding: NonNegativeInt  # zeros on each side
    pool: PositiveInt  # side of the squares whose largest value is kept; 1: none


Layer = Annotated[Dense | Conv, Field(discriminator="kind")]


def perceptron(names: Sequence[str], activation: Activation) -> list[dict[str, Any]]:
    """The description of dense layers with an activation between them."""
    return [
        {"kind": "dense", "name": name, "activation": activation if name != names[-1] else "none"}
        for name in names
    ]


def arrays_of(layer: Dense | Conv) -> list[str]:
    """The names of a layer's arrays."""
    return [f"{layer.name}.{kind}" for kind in ("weight", "bias")]


def through(
    layers: Sequence[Dense | Conv], weights: Mapping[str, NDArray[Any]], values: Values
) -> Values:
    """What the layers make of `values`: (N, D), or (N, C, H, W) for convolutions."""
    for layer in layers:
        weight, bias = (weights[name] for name in arrays_of(layer))
        if isinstance(layer, Conv):
            values = _convolved(layer, weight, bias, values)
        else:
            flat = values.reshape(len(values), -1)
            values = np.einsum("nd,dk->nk", flat, weight.T.copy()) + bias
        values = _activated(layer.activation, values)
        if isinstance(layer, Conv) and layer.pool > 1:
            values = _pooled(values, layer.pool)
    return values


def _activated(activation: Activation, values: Values) -> Values:
    if activation == "none":
        return values
    return np.maximum(values, 0) if activation == "relu" else np.tanh(values)


def _convolved(layer: Conv, weight: Values, bias: Values, values: Values) -> Values:
    side, step = ((layer.padding, layer.padding),) * 2, layer.stride
    padded = np.pad(values, ((0, 0), (0, 0), *side)).transpose(0, 2, 3, 1)
    tall, wide = weight.shape[2:]
    height = (padded.shape[1] - tall) // step + 1
    width = (padded.shape[2] - wide) // step + 1
    total = np.zeros((len(values), height, width, len(weight)), np.float32)
    for row in range(tall):
        for column in range(wide):
            part = padded[
                :, row : row + height * step : step, column : column + width * step : step
            ]
            # The last window may reach fewer pixels than the slice.
            total += np.einsum(
                "nhwc,ck->nhwk", part[:, :height, :width], weight[:, :, row, column].T
            )
    return np.ascontiguousarray((total + bias).transpose(0, 3, 1, 2))


def _pooled(values: Values, side: int) -> Values:
    count, channels, height, width = values.shape
    rows, columns = height // side, width // side
    whole = values[:, :, : rows * side, : columns * side]
    return np.asarray(whole.reshape(count, channels, rows, side, columns, side).max(axis=(3, 5)))
