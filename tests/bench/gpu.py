"""Encoders at full size on a GPU: what a paper-scale study labels in a second.

Weights are random: they cost the same. A machine without a GPU measures nothing here.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from showtell.nets.clip import ClipEncoder, ClipSettings, describe
from showtell.nets.open_clip_models import build
from tests.bench import vlm_rm
from tests.bench.roboclip import KEPT, SIZE, full_size, new_network

CLIPS = 64
# VLM-RM's toy tasks draw 400x600, its humanoid 480x480; Fig. 4 compares these four.
MODELS = ("RN50-quickgelu", "ViT-L-14", "ViT-H-14", "ViT-bigG-14")
FRAMES, HEIGHT, WIDTH = 1024, 400, 600


def measure() -> list[dict[str, object]]:
    """Medians of five, after one that is not counted."""
    if not torch.cuda.is_available():
        print("no GPU is seen here: nothing of this section is measured", file=sys.stderr)
        return []
    rows = _s3d()
    for model in MODELS:
        print(f"measuring {model} …", file=sys.stderr)
        rows += _clip(model)
    print("measuring the humanoid …", file=sys.stderr)
    return [*rows, *_humanoid()]


def _s3d() -> list[dict[str, object]]:
    clips = np.random.default_rng(0).integers(0, 256, (CLIPS, KEPT, SIZE, SIZE, 3), np.uint8)
    network = new_network()
    cpu = full_size(network, "float32")
    on_cpu = 1 / _seconds(cpu.video, clips[:1], times=1)
    rows: list[dict[str, object]] = []
    for precision in ("bfloat16", "float32"):
        encoder = full_size(network, precision, device="cuda")
        rate = CLIPS / _seconds(encoder.video, clips)
        rows.append(
            {
                "name": f"S3D, clips/s of {KEPT} frames at {SIZE} px, {precision}",
                "ours": f"{rate:.0f}",
                "reference": f"{on_cpu:.1f} on this machine's CPU",
                "ratio": f"{rate / on_cpu:.0f}",
            }
        )
    return rows


def _humanoid() -> list[dict[str, object]]:
    """Whole windows of 3,200 steps, each side with the same render processes and this GPU."""
    torch.set_num_threads(1)
    workers = min(8, os.cpu_count() or 1)
    rows = vlm_rm.throughput("ViT-B-32", workers, vlm_rm.HORIZON)
    return [row | {"name": f"{row['name']}, {workers} render processes"} for row in rows]


def _clip(architecture: str) -> list[dict[str, object]]:
    frames = np.random.default_rng(0).integers(0, 256, (FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    with torch.device("cuda"):
        model = build(architecture)
    rates = {}
    for precision in ("float16", "float32"):
        settings = ClipSettings.model_validate(
            {
                "kind": "open_clip", "architecture": architecture, "pretrained": None,
                "sha256": None, "picture": {"width": 224, "height": 224}, "fit": "squash",
                "antialias": True, "normalisation": "model", "batch": 256, "precision": precision,
            }
        )  # fmt: skip
        encoder = ClipEncoder(settings, model, describe(settings, None), device="cuda")
        rates[precision] = FRAMES / _seconds(encoder.image, frames, times=3)
    return [
        {
            "name": f"{architecture}, frames/s of {WIDTH}x{HEIGHT} px, float16",
            "ours": f"{rates['float16']:.0f}",
            "reference": f"{rates['float32']:.0f} in float32",
            "ratio": f"{rates['float16'] / rates['float32']:.1f}",
        }
    ]


def _seconds(encode: Callable[[np.ndarray], object], inputs: np.ndarray, times: int = 5) -> float:
    encode(inputs)
    taken = []
    for _ in range(times):
        torch.cuda.synchronize()
        start = time.perf_counter()
        encode(inputs)
        torch.cuda.synchronize()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
