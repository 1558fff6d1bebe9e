"""The parameters of Scenic's networks under the names, and in the layouts, of ours.

Scenic writes convolutions as (rows, columns, inputs, outputs) and matrices as (inputs, outputs).
Paddings, strides, projections and epsilons of its ResNet-50 are torchvision's [c].
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from showtell.project.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[Any]
_PARTS = 4


class Tree:
    """A flax tree of parameters, of which each is taken once."""

    def __init__(self, *trees: Mapping[str, Any]) -> None:
        self._leaves: dict[str, Array] = {}
        for tree in trees:
            self._leaves |= dict(_leaves(tree))

    def __contains__(self, name: str) -> bool:
        return any(leaf.startswith(f"{name}/") for leaf in self._leaves)

    def take(self, name: str) -> Array:
        """A leaf, once."""
        if name not in self._leaves:
            raise UserError(f"the checkpoint has no parameter {name}: it is of another network.")
        return self._leaves.pop(name)

    def refuse_rest(self) -> None:
        """Every parameter must have found its place."""
        if self._leaves:
            raise UserError(
                f"the checkpoint has {len(self._leaves)} parameters that this network lacks, such "
                f"as {min(self._leaves)}: it is of another network."
            )


def parameters_of(checkpoint: Mapping[str, Any]) -> Tree:
    """The parameters and running statistics of a training state; optimisers are left out."""
    # Up to 2022 parameters are the optimiser's target, and later an entry of their own [c].
    optimizer = checkpoint.get("optimizer")
    if isinstance(optimizer, Mapping) and "target" in optimizer:
        parameters = optimizer["target"]
    else:
        parameters = checkpoint.get("params")
    if not isinstance(parameters, Mapping):
        raise UserError(
            "the checkpoint has no parameters under optimizer/target or params: it is no training "
            "state of Scenic."
        )
    statistics = checkpoint.get("model_state") or {}
    return Tree(parameters.get("params", parameters), statistics.get("batch_stats", statistics))


def residual_network(tree: Tree, layers: tuple[int, ...]) -> "dict[str, Tensor]":
    """A ResNet of bottlenecks, in the names of nets/modules/resnet.py."""
    found = _convolution(tree, "stem_conv", "conv1") | _batch_norm(tree, "init_bn", "bn1")
    number = 0
    for part, depth in enumerate(layers, start=1):
        for place in range(depth):
            theirs, ours = f"ResidualBlock_{number}", f"layer{part}.{place}"
            for step in (1, 2, 3):
                found |= _convolution(tree, f"{theirs}/conv{step}", f"{ours}.conv{step}")
                found |= _batch_norm(tree, f"{theirs}/bn{step}", f"{ours}.bn{step}")
            if f"{theirs}/proj_conv" in tree:
                found |= _convolution(tree, f"{theirs}/proj_conv", f"{ours}.downsample.0")
                found |= _batch_norm(tree, f"{theirs}/proj_bn", f"{ours}.downsample.1")
            number += 1
    return found | _dense(tree, "output_projection", "fc")


def factorised_vivit(tree: Tree, spatial_layers: int, temporal_layers: int) -> "dict[str, Tensor]":
    """A ViViT with a factorised encoder, in the names of nets/modules/vivit.py."""
    kernel = tree.take("embedding/kernel")  # (frames of a tubelet, rows, columns, 3, hidden)
    if kernel.ndim != 5 or len(kernel) != 1:
        raise UserError(
            f"the checkpoint cuts frames into tubelets of {kernel.shape}, and HOLD-R's are one "
            "frame long: it is of another network."
        )
    found = {
        "patches.weight": _tensor(kernel[0].transpose(3, 2, 0, 1)),
        "patches.bias": _tensor(tree.take("embedding/bias")),
    }
    sizes = {"spatial": spatial_layers, "temporal": temporal_layers}
    for ours, layers in sizes.items():
        theirs = f"{ours.capitalize()}Transformer"
        found[f"{ours}.token"] = _tensor(tree.take(f"cls_{theirs}"))
        found[f"{ours}.positions"] = _tensor(tree.take(f"{theirs}/posembed_input/pos_embedding"))
        for number in range(layers):
            block = f"{theirs}/encoderblock_{number}"
            found |= _transformer_layer(tree, block, f"{ours}.layers.{number}")
        found |= _layer_norm(tree, f"{theirs}/encoder_norm", f"{ours}.norm")
    return found | _dense(tree, "output_projection", "head")


def _transformer_layer(tree: Tree, theirs: str, ours: str) -> "dict[str, Tensor]":
    attention = f"{theirs}/MultiHeadDotProductAttention_0"
    parts = [f"{attention}/{part}" for part in ("query", "key", "value")]
    kernels = [tree.take(f"{part}/kernel") for part in parts]  # (hidden, heads, width) each
    biases = [tree.take(f"{part}/bias") for part in parts]
    out = tree.take(f"{attention}/out/kernel")  # (heads, width, hidden)
    return {
        f"{ours}.inputs.weight": _tensor(
            np.concatenate([kernel.reshape(len(kernel), -1).T for kernel in kernels])
        ),
        f"{ours}.inputs.bias": _tensor(np.concatenate([bias.ravel() for bias in biases])),
        f"{ours}.outputs.weight": _tensor(out.reshape(-1, out.shape[-1]).T),
        f"{ours}.outputs.bias": _tensor(tree.take(f"{attention}/out/bias")),
        **_layer_norm(tree, f"{theirs}/LayerNorm_0", f"{ours}.norm1"),
        **_layer_norm(tree, f"{theirs}/LayerNorm_1", f"{ours}.norm2"),
        **_dense(tree, f"{theirs}/MlpBlock_0/Dense_0", f"{ours}.wide"),
        **_dense(tree, f"{theirs}/MlpBlock_0/Dense_1", f"{ours}.narrow"),
    }


def _convolution(tree: Tree, theirs: str, ours: str) -> "dict[str, Tensor]":
    return {f"{ours}.weight": _tensor(tree.take(f"{theirs}/kernel").transpose(3, 2, 0, 1))}


def _dense(tree: Tree, theirs: str, ours: str) -> "dict[str, Tensor]":
    return {
        f"{ours}.weight": _tensor(tree.take(f"{theirs}/kernel").T),
        f"{ours}.bias": _tensor(tree.take(f"{theirs}/bias")),
    }


def _layer_norm(tree: Tree, theirs: str, ours: str) -> "dict[str, Tensor]":
    return {
        f"{ours}.weight": _tensor(tree.take(f"{theirs}/scale")),
        f"{ours}.bias": _tensor(tree.take(f"{theirs}/bias")),
    }


def _batch_norm(tree: Tree, theirs: str, ours: str) -> "dict[str, Tensor]":
    return {
        **_layer_norm(tree, theirs, ours),
        f"{ours}.running_mean": _tensor(tree.take(f"{theirs}/mean")),
        f"{ours}.running_var": _tensor(tree.take(f"{theirs}/var")),
        f"{ours}.num_batches_tracked": _tensor(np.zeros((), np.int64)),  # torch's own count
    }


def _tensor(array: Array) -> "Tensor":
    import torch

    kind = np.int64 if array.dtype == np.int64 else np.float32
    return torch.from_numpy(np.array(array, dtype=kind, order="C"))


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Array]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{name}/")
        elif isinstance(value, np.ndarray):
            yield f"{path}{name}", value
