"""Folders as LeRobot 0.6.1 saves its reward classifier, with a network of some hundred weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from showtell.nets.lerobot_files import checksums

IMAGE, SIZE = "observation.images.top", 64  # the trunk makes a thirty-second of it
_OWN = "encoders.observation_images_top"
_WIDTHS, _LATENT, _FEATURES, _HIDDEN = (4, 4, 4, 4), 6, 2, 5

CONFIG: dict[str, Any] = {
    "type": "reward_classifier",
    "input_features": {IMAGE: {"type": "VISUAL", "shape": [3, SIZE, SIZE]}},
    "output_features": {"next.reward": {"type": "REWARD", "shape": [1]}},
    "device": "cpu", "pretrained_path": None, "num_classes": 2, "hidden_dim": _HIDDEN,
    "latent_dim": _LATENT, "image_embedding_pooling_dim": _FEATURES, "dropout_rate": 0.1,
    "model_name": "microsoft/resnet-18", "model_type": "cnn", "num_cameras": 1,
    "normalization_mapping": {"VISUAL": "MEAN_STD"},
}  # fmt: skip


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    """By the names that LeRobot gives to a residual network of `transformers` and its head."""
    rng = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {}

    def normal(name: str, *shape: int, scale: float = 0.4) -> None:
        found[name] = rng.normal(scale=scale, size=shape).astype(np.float32)

    def convolved(at: str, into: int, out: int, size: int) -> None:
        normal(f"{at}.convolution.weight", out, into, size, size)
        for name in ("bias", "running_mean"):
            normal(f"{at}.normalization.{name}", out, scale=0.1)
        for name in ("weight", "running_var"):
            found[f"{at}.normalization.{name}"] = rng.uniform(0.5, 1.5, out).astype(np.float32)
        found[f"{at}.normalization.num_batches_tracked"] = np.array(7, np.int64)

    convolved("encoder.embedder.embedder", 3, _WIDTHS[0], 7)
    before = _WIDTHS[0]
    for stage, width in enumerate(_WIDTHS):
        at = f"encoder.encoder.stages.{stage}.layers.0"
        convolved(f"{at}.layer.0", before, width, 3)
        convolved(f"{at}.layer.1", width, width, 3)
        if stage:
            convolved(f"{at}.shortcut", before, width, 1)
        before = width
    places = SIZE // 32
    normal(f"{_OWN}.1.kernel", before, places, places, _FEATURES)
    for at, into, out in (
        (f"{_OWN}.3", before * _FEATURES, _LATENT),
        ("classifier_head.0", _LATENT, _HIDDEN),
        ("classifier_head.4", _HIDDEN, 1),
    ):
        normal(f"{at}.weight", out, into, scale=1.0)
        normal(f"{at}.bias", out, scale=0.1)
    for at, width in ((f"{_OWN}.4", _LATENT), ("classifier_head.2", _HIDDEN)):
        found[f"{at}.weight"] = np.ones(width, np.float32)
        normal(f"{at}.bias", width, scale=0.1)
    return found


def classifier(folder: Path, **config: Any) -> Path:
    """A whole folder, with the statistics that the classifier was trained with."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | config))
    save_file(weights(), folder / "model.safetensors", metadata={"format": "pt"})
    state = "classifier_preprocessor_step_0_normalizer_processor.safetensors"
    step = {
        "registry_name": "normalizer_processor",
        "config": {
            "eps": 1e-8,
            "features": CONFIG["input_features"],
            "norm_map": {"VISUAL": "MEAN_STD"},
        },
        "state_file": state,
    }
    text = json.dumps({"name": "classifier_preprocessor", "steps": [step]})
    (folder / "classifier_preprocessor.json").write_text(text)
    mean, std = (np.full((3, 1, 1), value, np.float32) for value in (0.45, 0.25))
    save_file({f"{IMAGE}.mean": mean, f"{IMAGE}.std": std}, folder / state)
    return folder


def settings(folder: Path, **changes: Any) -> dict[str, Any]:
    """Of the reward in params.yaml."""
    return {
        "kind": "lerobot", "folder": str(folder), "sha256": checksums(folder), "sentence": None,
        "output": "probability", "frames": 1, "stride": 1,
    } | changes  # fmt: skip
