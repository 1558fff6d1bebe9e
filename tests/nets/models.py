"""A real CLIP of a few thousand weights, and settings for it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from showtell.nets.clip import ClipEncoder, ClipSettings, describe
from showtell.nets.open_clip_models import build

SMOKE: dict[str, Any] = {
    "kind": "open_clip",
    "architecture": "showtell-smoke",
    "pretrained": None,
    "sha256": None,
    "picture": {"width": 32, "height": 32},
    "fit": "squash",
    "antialias": True,
    "normalisation": "model",
    "batch": 8,
    "precision": "float32",
}


def settings(**changes: Any) -> ClipSettings:
    return ClipSettings.model_validate(SMOKE | changes)


def random_model(architecture: str = "showtell-smoke", seed: int = 0) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(architecture)


def smoke_encoder(seed: int = 0, **changes: Any) -> ClipEncoder:
    asked = settings(**changes)
    return ClipEncoder(asked, random_model(asked.architecture, seed), describe(asked), device="cpu")


def save(encoder: ClipEncoder, folder: Path) -> tuple[Path, Path]:
    files = folder / "model.safetensors", folder / "model.json"
    encoder.save(*files)
    return files


def noise(count: int, height: int = 40, width: int = 60, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, size=(count, height, width, 3), dtype=np.uint8)
