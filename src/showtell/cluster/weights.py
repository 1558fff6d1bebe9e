"""How many weights a network has, from its settings alone: no torch, no network is built.

An estimate, to a third: it decides how much memory a job asks for, and whether it asks for a GPU.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from showtell.study.settings import EncoderSettings

# Published networks begin at S3D-G with 11.7 million weights beside its words; those that are
# trained at `mini` and `desk` end at the 7.9 million of a CLIP, 6.3 of which are words.
PAPER_SIZE = 8_000_000
_OWN = Path(__file__).parents[1] / "nets" / "architectures"


def weights(settings: EncoderSettings) -> int:
    """About how many weights an encoder has."""
    architecture = settings.model_dump(mode="json").get("architecture")
    if isinstance(architecture, str):
        return _clip(architecture)
    if not isinstance(architecture, Mapping):
        return 0
    kind = architecture.get("kind", settings.kind)
    counted = {
        "s3d": _s3d, "vivit": _vivit, "grid": _grid, "late_fusion": _late_fusion,
        "outlines": _none,
    }  # fmt: skip
    return counted.get(kind, _residual)(architecture)


def _none(one: Mapping[str, Any]) -> int:
    return 0


def _residual(one: Mapping[str, Any]) -> int:
    """Bottlenecks have 17 p² weights, basic blocks 18 p²; p doubles from part to part."""
    squares = sum(
        layers * (one["width"] * 2**part) ** 2 for part, layers in enumerate(one["layers"])
    )
    return int((17 if one["block"] == "bottleneck" else 18) * squares)


def _late_fusion(one: Mapping[str, Any]) -> int:
    return _residual(one) + int(4 * one["dimensions"] * one["hidden"])


def _transformer(layers: int, width: int, mlp: float) -> int:
    """Attention has four square matrices a layer, its network two that are `mlp` times as wide."""
    return int(layers * (4 + 2 * mlp) * width**2)


def _vivit(one: Mapping[str, Any]) -> int:
    layers = one["spatial_layers"] + one["temporal_layers"]
    return _transformer(layers, one["hidden"], one["mlp"] / one["hidden"])


def _grid(one: Mapping[str, Any]) -> int:
    """Basic blocks, of which each next one has twice as many channels."""
    width: int = one["width"]
    return 75 * width + sum(18 * width**2 << 2 * block for block in range(one["blocks"]))


def _s3d(one: Mapping[str, Any]) -> int:
    """The published one has 8 million weights and its two linear maps; words are not counted."""
    linear = one["text_hidden"] * (one["word_dimensions"] + one["dimensions"])
    return int(8_000_000 * one["width"] ** 2 + 1024 * one["width"] * one["dimensions"] + linear)


@cache
def _clip(architecture: str) -> int:
    config = _config(architecture)
    image, text = config["vision_cfg"], config["text_cfg"]
    words = int(text.get("vocab_size", 49408) * text["width"])
    sentences = _transformer(text["layers"], text["width"], text.get("mlp_ratio", 4))
    if isinstance(image["layers"], list):
        return words + sentences + _residual(image | {"block": "bottleneck"})
    return (
        words + sentences + _transformer(image["layers"], image["width"], image.get("mlp_ratio", 4))
    )


def _config(architecture: str) -> dict[str, Any]:
    """open_clip's file, read without importing it: that takes seconds."""
    spec = find_spec("open_clip")
    installed = [Path(spec.origin).parent / "model_configs"] if spec and spec.origin else []
    for folder in (_OWN, *installed):
        if (folder / f"{architecture}.json").exists():
            found: dict[str, Any] = json.loads((folder / f"{architecture}.json").read_text())
            return found
    raise AssertionError(f"{architecture} was checked when the parameters were read")
