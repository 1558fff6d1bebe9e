"""Drawing beside the published picture: pixels, and the order in which a reward puts episodes.

The episodes differ in outcome: the script, the script of an unsteady hand, the script given up,
random actions. The encoder is the stand-in of the scale `mini`, trained by this project on clips
of these tasks at 64 pixels, drawn fast; it makes a 250 pixel picture small itself.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from showtell.nets import encoder as encoders
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import Frames, Snapshots, View
from showtell.studies.statistics import spearman
from showtell.study.loading import load
from showtell.worlds.script import script_of, shaken
from showtell.worlds.world import World
from tests.bench.__main__ import ROOT
from tests.demos.requests import world

OF_EACH_KIND, FRAMES = 8, 16
KINDS = ("scripted", "unsteady", "given up", "random")
ENCODER = ROOT / "results/mini/models/s3d"
TASKS = ("drawer-close", "door-close", "button-press")
PUBLISHED = View(250, 250, "corner2-crop", "published")
QUALITIES = ("faithful", "fast")
UNTRAINED = "not measured: make reproduce TARGETS=results/mini/models/s3d/model.safetensors"


class Agreement(NamedTuple):
    """A quality beside the published one, over all episodes of a task."""

    mean: float  # difference of pixel values, of 255
    percentile: float  # the 99th, of those differences
    by_sentence: float | None  # rank correlation of rewards whose goal is the prompt
    by_video: float | None  # the same, the goal a scripted demo in the quality of the episodes
    successes: int

    def ranks(self) -> str:
        """Both rank correlations, for a cell of a table."""
        if self.by_sentence is None or self.by_video is None:
            return UNTRAINED
        return f"rank correlation {self.by_sentence:.3f} by sentence, {self.by_video:.3f} by video"


def measure() -> list[dict[str, object]]:
    """A row for each task and quality."""
    rows: list[dict[str, object]] = []
    for task in TASKS:
        for quality, found in agreement(task).items():
            episodes = OF_EACH_KIND * len(KINDS)
            rows.append(
                {
                    "name": f"{task}, {quality} beside published, {episodes} episodes of which "
                    f"{found.successes} succeed",
                    "ours": f"mean difference {found.mean:.2f} of 255, 99th percentile "
                    f"{found.percentile:.0f}",
                    "reference": "0; 0; 1",
                    "ratio": found.ranks(),
                }
            )
    return rows


@cache
def agreement(task: str) -> dict[str, Agreement]:
    """By quality; the same episodes and the same encoder for all."""
    a_world = world(task)
    played = [episode(a_world, kind, n) for kind in KINDS for n in range(OF_EACH_KIND)]
    demo, _ = episode(a_world, "scripted", OF_EACH_KIND)
    moments = np.stack([demo, *(snapshots for snapshots, _ in played)])
    successes = sum(success for _, success in played)
    with RenderPool(a_world.scene, a_world.scene_settings(), workers=1) as pool:
        clips = {
            quality: drawn(pool, moments, PUBLISHED._replace(quality=quality))
            for quality in ("published", *QUALITIES)
        }
    rewards = {quality: rewarded(task, some) for quality, some in clips.items()}
    found = {}
    for quality in QUALITIES:
        # Whole numbers below 256, so that counts of them give every percentile.
        apart = np.abs(clips[quality].astype(np.int16) - clips["published"])
        ranks = [
            spearman(ours, published)
            for ours, published in zip(rewards[quality], rewards["published"], strict=True)
        ] or [None, None]
        found[quality] = Agreement(
            float(apart.mean()), float(np.percentile(apart, 99)), *ranks, successes
        )
    return found


def episode(a_world: World, kind: str, number: int) -> tuple[Snapshots, bool]:
    """The moments that are read, (FRAMES, D), and whether the episode succeeds."""
    draws = np.random.default_rng((KINDS.index(kind), number))
    a_world.reset(seed=number)
    noise = {"scripted": 0.1, "unsteady": 0.5 + number / OF_EACH_KIND}.get(kind, 0.0)
    act, until = shaken(script_of(a_world), draws, noise), a_world.horizon
    if kind in ("given up", "random"):
        until = int(draws.integers(8, a_world.horizon // 2)) if kind == "given up" else 0
    snapshots, success, size = [], False, a_world.action_space.shape
    for step in range(a_world.horizon):
        idle = draws.uniform(-1, 1, size) if kind == "random" else np.zeros(size)
        *_, info = a_world.step(act() if step < until else idle.astype(np.float32))
        snapshots.append(a_world.snapshot())
        success |= bool(info["success"])
    read = np.linspace(0, a_world.horizon - 1, FRAMES).round().astype(int)
    return np.array(snapshots)[read], success


def drawn(pool: RenderPool, moments: Snapshots, view: View) -> Frames:
    flat = pool.draw(moments.reshape(-1, moments.shape[-1]), view)
    return flat.reshape(*moments.shape[:2], *flat.shape[1:])


def rewarded(task: str, clips: Frames) -> list[np.ndarray]:
    """RoboCLIP's product for each episode, by sentence and by video; the first clip is the demo."""
    encoder = trained()
    if encoder is None:
        return []
    vectors = encoder.video(clips).numpy()
    sentence = encoder.text([load(ROOT, "mini").tasks[task].prompts.goal]).numpy()[0]
    return [vectors[1:] @ goal for goal in (sentence, vectors[0])]


@cache
def trained() -> Any:
    """None where it has not been trained: random weights order nothing that matters."""
    if not (ENCODER / "model.safetensors").exists():
        return None
    settings = load(ROOT, "mini").encoders["s3d"]
    return encoders.load(settings, ENCODER / "model.safetensors", ENCODER / "model.json")
