"""Checkpoints as flax writes them: msgpack, with arrays as extensions (flax/serialization.py)."""

import struct
from typing import Any

import numpy as np

from showtell.nets.modules.resnet import ResNet
from showtell.nets.modules.vivit import ViViT


def packed(value: Any) -> bytes:
    """A tree of maps, lists, texts, numbers and arrays as msgpack."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, np.ndarray | np.generic):
        name = value.dtype.name
        content = packed([list(value.shape), name, value.tobytes()])
        kind = 1 if isinstance(value, np.ndarray) else 3
        return b"\xc9" + struct.pack(">IB", len(content), kind) + content
    if isinstance(value, dict):
        entries = b"".join(packed(k) + packed(v) for k, v in value.items())
        return _head(len(value), 0x80, 16, b"\xde", ">H") + entries
    if isinstance(value, list):
        return _head(len(value), 0x90, 16, b"\xdc", ">H") + b"".join(map(packed, value))
    if isinstance(value, str):
        content = value.encode()
        return _head(len(content), 0xA0, 32, b"\xd9", ">B") + content
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if 0 <= value < 128:
        return struct.pack(">B", value)
    return b"\xd3" + struct.pack(">q", value)


def _head(length: int, fixed: int, below: int, mark: bytes, form: str) -> bytes:
    if length < below:
        return struct.pack(">B", fixed | length)
    return mark + struct.pack(form, length)


def training_state(parameters: dict[str, Any], statistics: dict[str, Any]) -> bytes:
    """As Scenic saves it in 2022: parameters are the optimiser's target, among moments."""
    moments = {"0": {"grad_ema": np.ones(3, np.float32)}}
    return packed(
        {
            "global_step": np.int32(70_000),
            "optimizer": {"state": {"step": 70_000, "param_states": moments}, "target": parameters},
            "model_state": {"batch_stats": statistics},
            "rng": np.zeros(2, np.uint32),
            "accum_train_time": -3.5,
        }
    )


def scenic_resnet(model: ResNet) -> tuple[dict[str, Any], dict[str, Any]]:
    """(parameters, running statistics) of a ResNet under Scenic's names, in flax's layouts."""
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    parameters: dict[str, Any] = {}
    statistics: dict[str, Any] = {}

    def place(ours: str, *theirs: str) -> None:
        at, of = parameters, statistics
        for name in theirs[:-1]:
            at, of = at.setdefault(name, {}), of.setdefault(name, {})
        weight = state[f"{ours}.weight"]
        if weight.ndim == 4:
            at[theirs[-1]] = {"kernel": weight.transpose(2, 3, 1, 0)}
        elif weight.ndim == 2:
            at[theirs[-1]] = {"kernel": weight.T, "bias": state[f"{ours}.bias"]}
        else:
            at[theirs[-1]] = {"scale": weight, "bias": state[f"{ours}.bias"]}
            mean, variance = state[f"{ours}.running_mean"], state[f"{ours}.running_var"]
            of[theirs[-1]] = {"mean": mean, "var": variance}

    place("conv1", "stem_conv")
    place("bn1", "init_bn")
    place("fc", "output_projection")
    number = 0
    for part in range(1, 5):
        for block in range(len(model.get_submodule(f"layer{part}"))):  # type: ignore[arg-type]
            ours, theirs = f"layer{part}.{block}", f"ResidualBlock_{number}"
            for step in (1, 2, 3):
                place(f"{ours}.conv{step}", theirs, f"conv{step}")
                place(f"{ours}.bn{step}", theirs, f"bn{step}")
            if f"{ours}.downsample.0.weight" in state:
                place(f"{ours}.downsample.0", theirs, "proj_conv")
                place(f"{ours}.downsample.1", theirs, "proj_bn")
            number += 1
    return parameters, statistics


def scenic_vivit(model: ViViT, heads: int) -> dict[str, Any]:
    """The parameters of a ViViT under Scenic's names, in flax's layouts."""
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}

    def dense(ours: str) -> dict[str, Any]:
        return {"kernel": state[f"{ours}.weight"].T, "bias": state[f"{ours}.bias"]}

    def norm(ours: str) -> dict[str, Any]:
        return {"scale": state[f"{ours}.weight"], "bias": state[f"{ours}.bias"]}

    def attention(ours: str) -> dict[str, Any]:
        found = {}
        inputs = zip(
            ("query", "key", "value"),
            np.split(state[f"{ours}.inputs.weight"], 3),
            np.split(state[f"{ours}.inputs.bias"], 3),
            strict=True,
        )
        for name, weight, bias in inputs:
            kernel = weight.T.reshape(weight.shape[1], heads, -1)
            found[name] = {"kernel": kernel, "bias": bias.reshape(heads, -1)}
        out = dense(f"{ours}.outputs")
        return found | {"out": out | {"kernel": out["kernel"].reshape(heads, -1, out["bias"].size)}}

    def transformer(ours: str, layers: int) -> dict[str, Any]:
        found: dict[str, Any] = {"posembed_input": {"pos_embedding": state[f"{ours}.positions"]}}
        for number in range(layers):
            layer = f"{ours}.layers.{number}"
            found[f"encoderblock_{number}"] = {
                "LayerNorm_0": norm(f"{layer}.norm1"),
                "MultiHeadDotProductAttention_0": attention(layer),
                "LayerNorm_1": norm(f"{layer}.norm2"),
                "MlpBlock_0": {
                    "Dense_0": dense(f"{layer}.wide"),
                    "Dense_1": dense(f"{layer}.narrow"),
                },
            }
        return found | {"encoder_norm": norm(f"{ours}.norm")}

    patches = state["patches.weight"].transpose(2, 3, 1, 0)[None]  # tubelets of one frame
    return {
        "embedding": {"kernel": patches, "bias": state["patches.bias"]},
        "cls_SpatialTransformer": state["spatial.token"],
        "cls_TemporalTransformer": state["temporal.token"],
        "SpatialTransformer": transformer("spatial", len(model.spatial.layers)),
        "TemporalTransformer": transformer("temporal", len(model.temporal.layers)),
        "output_projection": dense("head"),
    }
