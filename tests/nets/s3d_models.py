"""Small S3Ds of the same class as the published one, and clips in which something happens."""

from typing import Any

import numpy as np
import torch

from showtell.data.samples import Narrated
from showtell.nets.modules.s3dg import S3DG
from showtell.nets.s3d import S3dEncoder, S3dSettings, describe
from showtell.nets.s3d_text import Vocabulary

WORDS = ("a", "robot", "closing", "green", "drawer", "red", "button", "pushing")
DATASET = {
    "kind": "classic_control_captions", "cartpole": 2, "mountain_car": 2, "textured": 0.5,
    "held_out": 0.5, "looseness": 1.0,
}  # fmt: skip
RECIPE: dict[str, Any] = {
    "kind": "s3d",
    "dataset": DATASET,  # named only: these tests bring clips of their own
    "steps": 80,
    "batch": 16,
    "learning_rate": 3e-3,
    "warmup": 0.1,
    "weight_decay": 0.01,
    "tasks_a_batch": 1,
    "other_captions": None,
    "calibrated_on": 0,
}
SMALL: dict[str, Any] = {
    "kind": "s3d",
    "architecture": {"width": 0.125, "dimensions": 32, "word_dimensions": 16, "text_hidden": 64},
    "pretrained": None,
    "source": None,
    "sha256": {"weights": None, "dictionary": None},
    "picture": {"width": 32, "height": 32},
    "frames": 8,
    "sampling": "evenly",
    "values": "0-1",
    "fit": "crop",
    "batch": 16,
    "precision": "float32",
}


def settings(**changes: Any) -> S3dSettings:
    return S3dSettings.model_validate(SMALL | changes)


def small_network(seed: int = 0, rows: int = len(WORDS) + 1) -> S3DG:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return used(S3DG(rows, **SMALL["architecture"]))


def used(network: S3DG) -> S3DG:
    """With statistics as after a training: as a new one, it hardly tells one clip from another."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.05, 0.2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.3)
    return network.eval()


def small_encoder(**changes: Any) -> S3dEncoder:
    asked = settings(**changes)
    return S3dEncoder(asked, small_network(), describe(asked, Vocabulary(WORDS)), device="cpu")


def noise(count: int, frames: int = 8, height: int = 32, width: int = 32, seed: int = 0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, size=(count, frames, height, width, 3), dtype=np.uint8)


def moving_squares(count: int, seed: int, frames: int = 8, size: int = 32) -> Narrated:
    """Squares of any colour on any dark ground; what is said is only where they go."""
    rng = np.random.default_rng(seed)
    ways = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
    clips = np.empty((count, frames, size, size, 3), np.uint8)
    captions = []
    side = size // 4
    room = size - side
    for clip in clips:
        name = list(ways)[rng.integers(4)]
        way = np.array(ways[name])
        step = rng.uniform(0.6, 1) * room / (frames - 1)
        start = rng.uniform(0, room, 2)
        moves = way != 0
        start[moves] = rng.uniform(0, room - step * (frames - 1))
        start[way < 0] += step * (frames - 1)
        clip[:] = rng.integers(0, 60, 3)
        colour = rng.integers(80, 256, 3)
        for number, frame in enumerate(clip):
            top, left = (start + way * step * number).round().astype(int)
            frame[top : top + side, left : left + side] = colour
        captions.append((f"square moving {name}", f"a box goes {name}"))
    return Narrated(clips, captions)
