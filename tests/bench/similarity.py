"""Fast beside faithful: pixels, and the order in which an encoder's scores put whole episodes."""

from typing import Any

import numpy as np

from showtell.data.scripted import script, shaken
from showtell.nets import encoder as encoders
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.studies.statistics import spearman
from showtell.study.parameters import load
from showtell.worlds.world import World
from tests.bench.__main__ import ROOT
from tests.demos.requests import world

EPISODES, FRAMES = 12, 16
SIZE = 64
ENCODER = ROOT / "results/mini/models/s3d"
TASKS = ("drawer-close", "door-close", "kitchen-slide")


def measure() -> list[dict[str, object]]:
    """A trained encoder's scores: those of random weights would order nothing that matters."""
    trained = (ENCODER / "model.safetensors").exists()
    encoder = None
    if trained:
        settings = load(ROOT, "mini").encoders["s3d"]
        encoder = encoders.load(settings, ENCODER / "model.safetensors", ENCODER / "model.json")
    rows = [compared(task, encoder) for task in TASKS]
    if not trained:
        rows.append(
            {
                "name": "rank correlation of an encoder's scores",
                "ours": "skipped: make reproduce TARGETS=results/mini/models/s3d/model.safetensors",
            }
        )
    return rows


def compared(task: str, encoder: Any) -> dict[str, object]:
    """Episodes from aimless to scripted, drawn twice."""
    a_world = world(task)
    moments = np.stack([played(a_world, number) for number in range(EPISODES)])
    shape = (EPISODES, FRAMES, SIZE, SIZE, 3)
    clips = {}
    with RenderPool(a_world.scene, a_world.scene_settings(), workers=1) as pool:
        for quality in ("faithful", "fast"):
            camera = "default" if task == "kitchen-slide" else "corner2-crop"
            view = View(SIZE, SIZE, camera, quality)  # type: ignore[arg-type]
            clips[quality] = pool.draw(moments.reshape(-1, moments.shape[-1]), view).reshape(shape)
    apart = np.abs(clips["faithful"].astype(int) - clips["fast"]).mean()
    row: dict[str, object] = {
        "name": f"{task}, fast to faithful: mean difference of 255; rank correlation of scores",
        "ours": f"{apart:.1f}",
        "reference": "0; 1",
    }
    if encoder is None:
        return row
    target = encoder.video(clips["faithful"][:1])[0]  # the script, undisturbed
    scores = {
        quality: (encoder.video(some[1:]) @ target).numpy() for quality, some in clips.items()
    }
    return row | {"ratio": f"{spearman(scores['faithful'], scores['fast']):.2f}"}


def played(a_world: World, number: int) -> np.ndarray:
    """An episode that follows the script ever less: (FRAMES, D)."""
    a_world.reset(seed=number)
    noise = 1.5 * number / EPISODES
    act = shaken(script(a_world), np.random.default_rng(number), noise)
    snapshots = []
    for _ in range(a_world.horizon):
        a_world.step(act())
        snapshots.append(a_world.snapshot())
    return np.array(snapshots)[np.linspace(0, a_world.horizon - 1, FRAMES).round().astype(int)]
