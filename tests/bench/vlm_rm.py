"""VLM-RM: labelled steps of the humanoid with ViT-B-32, memory of a window, rewards from a table.

The reference schedule, re-created: environments step, then every frame is drawn at 480 x 480 in
MuJoCo's default quality and sent pickled, then all frames of the window are encoded in one batch,
then SAC learns; nothing overlaps. Both sides are the same learner with one thread of torch and one
render process, as a training of `make reproduce` has. Weights are random: they cost the same.
"""

import pickle
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from showtell.goals.goal import Target
from showtell.learners.learner import TrainingInputs
from showtell.learners.sac import Sac, SacSettings
from showtell.nets.clip import ClipEncoder, ClipSettings, describe
from showtell.nets.open_clip_models import build
from showtell.project.checkpoints import Resume
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards import reading
from showtell.rewards.clip import ClipReward, ClipRewardSettings
from showtell.rewards.reward import Episodes, Reads
from showtell.rewards.tabulated import TableSettings, Tabulated
from showtell.worlds.humanoid.world import Humanoid, HumanoidSettings
from tests.bench.apart import apart, peak_mb
from tests.bench.humanoid import humanoid
from tests.worlds.test_tasks import world

ENVIRONMENTS, HORIZON = 32, 100  # of a window, as published: 3,200 frames
STEPS = 4  # of an episode in the windows that are timed: 128 frames, each as dear as 3,200
TURNS = (0, 1, 0, 1)  # ours, the reference, again
WINDOWS = 3  # of a turn; the first is not counted
FEW = 256  # frames of the reference's window, whose memory grows with them
OURS = View(224, 224, "fixed", "fast")
PUBLISHED = View(480, 480, "fixed", "published")
SIZES = {"ViT-B-32": 224, "showtell-mini": 64}
SAC = {
    "kind": "sac", "environments": ENVIRONMENTS, "learning_rate": 6e-4,
    "decay": "none", "gamma": 0.95, "tau": 0.005, "target_update_interval": 1, "batch": 512,
    "buffer": 1_000_000, "hidden": [256, 256], "entropy": "auto", "target_entropy": "auto",
    "action_noise": None, "observation_scaling": "none", "observe_stage": False,
    "reward_centre": 0.0, "reward_scale": 1.0, "pictures": None,
    "checkpoint_every": 10**9, "log_every": 10**9, "learning_starts": 1,
}  # fmt: skip
ANGLES = {"variable": "pole_angle", "low": -3.1416, "high": 3.1416, "points": 181}
TABLES = {
    "mountain-car": {"variable": "car_position", "low": -1.2, "high": 0.6, "points": 901},
    "cartpole": {"variable": "cart_position", "low": -2.4, "high": 2.4, "points": 97}
    | {"second": ANGLES},
}


class AtOnce:
    """The reference's reward: all frames of a window in one batch; scores nothing on the way."""

    def __init__(self, reward: ClipReward) -> None:
        self.reads, self.score = Reads(view=PUBLISHED), reward.score


class NoNetwork:
    """What is left of a labelled step where the encoder costs nothing."""

    def __init__(self, view: View) -> None:
        self.reads = Reads(view=view)

    def of_frames(self, frames: np.ndarray) -> np.ndarray:
        return frames[:, 0, 0, 0].astype(np.float32)

    def of_steps(self, scores: np.ndarray, horizon: int) -> np.ndarray:
        return scores

    def score(self, episodes: Episodes) -> np.ndarray:
        return episodes.frames[:, :, 0, 0, 0].astype(np.float32)


def measure() -> list[dict[str, object]]:
    """Turns of both sides, one after the other, so that they meet the same load; medians."""
    torch.set_num_threads(1)
    rows = [*throughput("ViT-B-32"), *throughput("showtell-mini"), *throughput(None)]
    return [*rows, memory(), *tables()]


def throughput(
    architecture: str | None, workers: int = 1, steps: int = STEPS
) -> list[dict[str, object]]:
    """Labelled steps a second of two windows of each side, by the clock and by processor time.

    `workers` draw for both sides, which have the same network on the same device.
    """
    size = SIZES.get(str(architecture), OURS.width)
    view = OURS._replace(width=size, height=size)
    if architecture is None:
        sides: list[tuple[Any, Callable]] = [
            (NoNetwork(view), lambda frames: frames),
            (AtOnce(NoNetwork(PUBLISHED)), pickled),
        ]
    else:
        sides = [
            (clip(architecture, view, 256), lambda frames: frames),
            (AtOnce(clip(architecture, PUBLISHED, 10**6)), pickled),
        ]
    reading.FRAME_BYTES = 1 << 40  # the reference's window is one part; ours has none
    found: list[list[tuple[float, float]]] = [[], []]
    body = humanoid()
    with RenderPool(body.scene, body.scene_settings(), workers) as pool:
        for number in TURNS:
            reward, sent = sides[number]
            found[number] += windows(reward, lambda s, v, sent=sent: sent(pool.draw(s, v)), steps)
    wall, cpu = (
        [statistics.median(turn[clock] for turn in side) / (ENVIRONMENTS * steps) for side in found]
        for clock in (0, 1)
    )
    what = "no encoder at all" if architecture is None else architecture
    bar = " (bar 8)" if architecture == "ViT-B-32" else ""
    return [
        {
            "name": f"humanoid and {what}, labelled steps/s inside SAC, updates included{bar}",
            "ours": f"{1 / wall[0]:.1f}",
            "reference": f"{1 / wall[1]:.1f}",
            "ratio": f"{wall[1] / wall[0]:.1f}",
        },
        {
            "name": f"humanoid and {what}, processor time of a labelled step, ms",
            "ours": f"{1e3 * cpu[0]:.1f}",
            "reference": f"{1e3 * cpu[1]:.1f}",
            "ratio": f"{cpu[1] / cpu[0]:.1f}",
        },
    ]


def windows(reward: object, draw: Callable, steps: int) -> list[tuple[float, float]]:
    """Seconds of each window but the first, by the clock and of all processors."""
    marks = []

    def sink(step: int, values: object) -> None:
        marks.append((time.perf_counter(), processor_s()))

    train(reward, draw, steps, (WINDOWS + 1) * steps * ENVIRONMENTS, sink)
    return [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(marks)]


def train(reward: object, draw: Callable, horizon: int, steps: int, sink: Callable) -> None:
    """SAC as published, an update for each step of all environments; a window is an episode."""
    windows = {"steps": steps, "train_freq": horizon, "gradient_steps": horizon}
    settings = SacSettings.model_validate(SAC | windows)
    work = TrainingInputs(lambda: short(horizon), reward, draw, root=0, address=("bench",))
    with tempfile.TemporaryDirectory() as folder, Resume(Path(folder), "bench") as resume:
        Sac(settings).train(work, resume, sink)


def short(horizon: int) -> Humanoid:
    """The humanoid with shorter episodes."""
    settings = humanoid()._settings.model_copy(update={"horizon": horizon})
    return Humanoid(HumanoidSettings.model_validate(settings.model_dump()))


def clip(architecture: str, view: View, batch: int, depth: int | None = None) -> ClipReward:
    """With random weights; `depth`: of so many blocks, whose activations are as large as of all."""
    settings = ClipSettings.model_validate(
        {
            "kind": "open_clip", "architecture": architecture, "pretrained": None, "sha256": None,
            "picture": {"width": view.width, "height": view.height}, "fit": "squash",
            "antialias": True, "normalisation": "model", "batch": batch, "precision": "float32",
        }
    )  # fmt: skip
    torch.manual_seed(0)
    model = build(architecture)
    if depth is not None:
        del model.visual.transformer.resblocks[depth:]
    encoder = ClipEncoder(settings, model, describe(settings))
    goal = torch.nn.functional.normalize(torch.randn(encoder.dimensions), dim=0)
    about = ClipRewardSettings(kind="clip", goal="x", alpha=0)
    return ClipReward(about, encoder=encoder, target=Target.of(goal.numpy()), view=view)


def pickled(frames: np.ndarray) -> np.ndarray:
    """As environments in processes of their own send them."""
    return np.stack([pickle.loads(pickle.dumps(frame)) for frame in frames])  # noqa: S301


def processor_s() -> float:
    """Of this process and those that draw for it."""
    times = [p.cpu_times() for p in (psutil.Process(), *psutil.Process().children())]
    return sum(t.user + t.system for t in times)


def memory() -> dict[str, object]:
    """Of a window of 3,200 frames; the reference's is measured with two smaller ones."""
    ours = apart(grown, True, HORIZON)
    few, more = (apart(grown, False, frames // ENVIRONMENTS) for frames in (FEW, 2 * FEW))
    each = (more - few) / FEW
    theirs = few + each * (ENVIRONMENTS * HORIZON - FEW)
    return {
        "name": "humanoid and ViT-B-32, peak memory of a window of 3,200 frames above the memory "
        "before it (bar 4)",
        "ours": f"{ours:.0f} MB",
        "reference": f"{theirs:.0f} MB, from windows of {FEW} and {2 * FEW} frames",
        "ratio": f"{theirs / ours:.1f}",
    }


def grown(ours: bool, horizon: int) -> float:
    """MB by which a window raises this fresh process's memory; encoders have one block."""
    torch.set_num_threads(1)
    view = OURS if ours else PUBLISHED
    reward = clip("ViT-B-32", view, 256 if ours else 10**6, depth=1)
    reading.FRAME_BYTES = 1 << 40
    picture = np.random.default_rng(0).integers(0, 256, (view.height, view.width, 3), np.uint8)

    def draw(snapshots: np.ndarray, view: View) -> np.ndarray:
        frames = np.repeat(picture[None], len(snapshots), axis=0)
        return frames if ours else pickled(frames)

    train(NoNetwork(OURS), draw, 2, 2 * ENVIRONMENTS, lambda *_: None)  # all that is loaded late
    reward.of_frames(np.repeat(picture[None], 2, axis=0))
    before = psutil.Process().memory_info().rss / 2**20
    train(
        reward if ours else AtOnce(reward), draw, horizon, horizon * ENVIRONMENTS, lambda *_: None
    )
    return peak_mb() - before


def tables() -> list[dict[str, object]]:
    """How far a looked-up reward is from that of the network, at states drawn uniformly."""
    rows = []
    view = View(64, 64)
    for task, axes in TABLES.items():
        place = world(task)
        with RenderPool(place.scene, place.scene_settings(), workers=1) as pool:
            reward, settings = clip("showtell-mini", view, 256), TableSettings.model_validate(axes)
            start = time.process_time()
            found = Tabulated(reward, settings, place, pool.draw).agreement
            spent = time.process_time() - start
        points = " x ".join(str(axis.points) for axis in settings.axes)
        rows.append(
            {
                "name": f"{task}, reward from a table of {points} points: difference from the "
                f"network's at {found.states} states, mean and largest",
                "ours": f"{found.mean:.1e}, {found.largest:.1e}; made in {spent:.0f} s",
                "reference": f"{found.span:.1e}, the range of the reward",
                "ratio": f"{found.mean / found.span:.1%}, {found.largest / found.span:.1%}",
            }
        )
    return rows
