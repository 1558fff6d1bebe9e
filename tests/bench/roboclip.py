"""RoboCLIP: labelled steps of the whole loop, S3D at full size, beside the reference schedule.

The reference schedule, re-created: each environment draws every step at 640x480 in MuJoCo's default
quality, crops, keeps every fourth picture and encodes its clip alone, in float32 on the CPU with
the graph of gradients kept; then one gradient step. Weights are random: they cost the same. Random
weights order no episodes, so the rank correlations are those of `similarity`'s trained encoder.
"""

import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import psutil
import torch
from torch.utils.flop_counter import FlopCounterMode

from showtell.goals.goal import Target
from showtell.learners.labelling import label
from showtell.nets.modules.s3dg import S3DG
from showtell.nets.s3d import S3dEncoder, S3dSettings, describe
from showtell.nets.s3d_text import Vocabulary
from showtell.nets.s3d_weights import HOWTO100M
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes
from showtell.rewards.roboclip import RoboclipReward, RoboclipSettings
from tests.bench import similarity
from tests.bench.rendering import CROP, STEPS, TASK, Reference, recorded, world

ENVIRONMENTS, KEPT, SIZE = 8, 32, 250
PARTS = ("step", "draw", "encode", "update")
TORCH_MB = 125 + 600  # what a copy of S3D and torch itself take in each process of the reference
STRIP = View(SIZE, KEPT * SIZE, "corner2-crop", mirrored=True)
BARS = {"faithful": 14, "fast": 20}


class Films(Reference):
    """The reference schedule as a scene: the actions of an episode in, its kept frames out."""

    def draw(self, snapshot: np.ndarray, view: View) -> np.ndarray:
        """The kept frames, one above the other."""
        if np.isnan(snapshot).any():  # it is only to be built
            return np.zeros((view.height, view.width, 3), np.uint8)
        self._env.reset()
        kept = []
        for step, action in enumerate(snapshot.reshape(STEPS, 4).astype(np.float32)):
            self._env.step(action)
            self._renderer.update_scene(self._env.data, "corner2")
            picture = self._renderer.render()[::-1]
            if step % 4 == 0:
                kept.append(picture[115:365, 195:445])
        return np.concatenate(kept)


def measure() -> list[dict[str, object]]:
    """Turns taken one after the other, so that all meet the same load: medians an episode."""
    cores = os.cpu_count() or 1
    torch.set_num_threads(cores)
    worlds = [world(TASK) for _ in range(ENVIRONMENTS)]
    actions = played(worlds[0])
    network = new_network()
    target = torch.randn(512, generator=torch.Generator().manual_seed(0))
    reference = RoboclipReference(network, target)
    turns: dict[str, list[dict[str, float]]] = {name: [] for name in ("reference", *BARS)}
    films = RenderPool("tests.bench.roboclip:Films", {"task": TASK}, workers=cores)
    pool = RenderPool(worlds[0].scene, worlds[0].scene_settings(), workers=cores)
    with films, pool:
        films.draw(np.full((4 * cores, actions[0].size), np.nan), STRIP)  # builds its worlds
        for view in (CROP, CROP._replace(quality="fast")):
            pool.draw(np.repeat(worlds[0].snapshot()[None], 4 * cores, 0), view)
        for first in range(0, ENVIRONMENTS, cores):
            turns["reference"].append(reference.round(films, actions[first : first + cores]))
            for quality in BARS:
                turns[quality].append(ours(quality, pool, worlds, actions, network, target))
        drawers = [megabytes(child) for child in psutil.Process().children()]
    seconds = {
        name: {part: statistics.median(turn[part] for turn in some) for part in PARTS}
        for name, some in turns.items()
    }
    total = {name: sum(parts.values()) for name, parts in seconds.items()}
    ranks = similarity.agreement(TASK)
    theirs_mb = drawers[0] + TORCH_MB + reference.graph_mb
    ours_mb = (sum(drawers[cores:]) + megabytes(psutil.Process())) / ENVIRONMENTS
    return [
        *(
            {
                "name": f"RoboCLIP, labelled steps/s of the whole loop, {quality} (bar {bar})",
                "ours": f"{STEPS / total[quality]:.1f}",
                "reference": f"{STEPS / total['reference']:.1f}",
                "ratio": f"{total['reference'] / total[quality]:.1f}; {ranks[quality].ranks()}",
            }
            for quality, bar in BARS.items()
        ),
        *(
            {
                "name": f"RoboCLIP, seconds an episode to {part}: faithful, fast, reference",
                "ours": f"{seconds['faithful'][part]:.3f}, {seconds['fast'][part]:.3f}",
                "reference": f"{seconds['reference'][part]:.3f}",
                "ratio": f"{seconds['reference'][part] / seconds['fast'][part]:.1f}",
            }
            for part in PARTS
        ),
        {
            "name": "RoboCLIP, memory an environment",
            "ours": f"{ours_mb:.0f} MB",
            "reference": f"{theirs_mb:.0f} MB",
            "ratio": f"{theirs_mb / ours_mb:.1f}",
        },
        *limits(network, seconds),
    ]


def played(a_world: object) -> np.ndarray:
    """A script's actions for each environment, shaken by different degrees: (8, T, 4)."""
    draws = np.random.default_rng(0)
    script = recorded(a_world, TASK)
    shake = np.linspace(0, 1.5, ENVIRONMENTS)[:, None, None]
    shaken = script + shake * draws.normal(size=(ENVIRONMENTS, *script.shape))
    return np.clip(shaken, -1, 1).astype(np.float32)


def new_network() -> S3DG:
    """Random weights, with statistics as after a training: a new one takes all clips for one."""
    torch.manual_seed(0)
    network = S3DG(4)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.05, 0.2)
    return network.eval()


class RoboclipReference:
    """One process for each environment, all with a world and a network of their own."""

    def __init__(self, network: S3DG, target: torch.Tensor) -> None:
        self._network, self._target = network, target
        self._world = world(TASK)
        self.graph_mb = 0.0  # of one clip

    def round(self, films: RenderPool, actions: np.ndarray) -> dict[str, float]:
        """Seconds an episode in each part."""
        rows = actions.reshape(len(actions), -1).astype(float)
        strips, drawing = timed(lambda: films.draw(rows, STRIP))
        clips = strips.reshape(-1, KEPT, SIZE, SIZE, 3)
        self._world.reset()
        _, stepping = timed(lambda: [self._world.step(action) for action in actions[0]])
        _, encoding = timed(lambda: [self._encoded(clip) for clip in clips])
        _, updating = timed(update)
        each = 1 / len(actions)
        # Drawing held the stepping; it is told apart by what stepping alone takes.
        parts = {"step": stepping * each, "draw": drawing * each - stepping * each}
        return parts | {"encode": encoding * each, "update": updating / ENVIRONMENTS}

    def _encoded(self, clip: np.ndarray) -> float:
        before = megabytes(psutil.Process())
        frames = torch.from_numpy(clip).permute(3, 0, 1, 2)[None].float() / 255
        product = self._network(frames).embedding @ self._target  # with its graph
        self.graph_mb = max(self.graph_mb, megabytes(psutil.Process()) - before)
        return float(product)


def ours(
    quality: str,
    pool: RenderPool,
    worlds: list,
    actions: np.ndarray,
    network: S3DG,
    target: torch.Tensor,
) -> dict[str, float]:
    """The same with the learner's own labelling: kept frames alone, one batch, bfloat16."""
    settings = RoboclipSettings(
        kind="roboclip", goal="x", sampling="every-fourth", compare="product"
    )
    view = CROP._replace(quality=quality)
    reward = RoboclipReward(
        settings,
        encoder=full_size(network),
        target=Target.of(target.numpy()),
        view=view,
    )
    spent = {"draw": 0.0}

    def draw(snapshots: np.ndarray, asked: View) -> np.ndarray:
        frames, taken = timed(lambda: pool.draw(snapshots, asked))
        spent["draw"] += taken
        return frames

    snapshots, spent["step"] = timed(lambda: play(worlds, actions))
    empty = Episodes(*(np.zeros((ENVIRONMENTS, STEPS), np.float32) for _ in range(4)))
    _, labelling = timed(lambda: label(reward, empty, snapshots, draw))
    spent["encode"] = labelling - spent["draw"]
    _, spent["update"] = timed(update)
    return {part: spent[part] / ENVIRONMENTS for part in PARTS}


def play(worlds: list, actions: np.ndarray) -> np.ndarray:
    snapshots = []
    for a_world, row in zip(worlds, actions, strict=True):
        a_world.reset()
        moments = []
        for action in row:
            a_world.step(action)
            moments.append(a_world.snapshot())
        snapshots.append(moments)
    return np.array(snapshots)


def full_size(network: S3DG, precision: str = "bfloat16", device: str = "cpu") -> S3dEncoder:
    """On the processor that the reference uses: the ratio is of two ways, not of two machines."""
    settings = S3dSettings.model_validate(
        {
            "kind": "s3d", "architecture": HOWTO100M.architecture.model_dump(),
            "pretrained": "random", "source": None,
            "sha256": {"weights": None, "dictionary": None},
            "picture": {"width": SIZE, "height": SIZE}, "frames": KEPT,
            "sampling": "every-fourth", "values": "0-1", "fit": "crop",
            "batch": ENVIRONMENTS, "precision": precision,
        }
    )  # fmt: skip
    words = describe(settings, Vocabulary(("a", "b", "c")))
    return S3dEncoder(settings, network, words, device=device)


def update() -> None:
    """RoboCLIP's one gradient step of PPO a round, on all of its 1024 samples."""
    torch.manual_seed(0)
    bodies = [
        torch.nn.Sequential(
            torch.nn.Linear(40, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(),
            torch.nn.Linear(64, outputs),
        )
        for outputs in (4, 1)
    ]  # fmt: skip
    optimizer = torch.optim.Adam([p for body in bodies for p in body.parameters()], lr=3e-4)
    samples = torch.randn(ENVIRONMENTS * STEPS, 40)
    sum(body(samples).square().mean() for body in bodies).backward()  # type: ignore[union-attr]
    optimizer.step()


def limits(network: S3DG, seconds: dict[str, dict[str, float]]) -> list[dict[str, object]]:
    """The encoder beside what this machine multiplies at most."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, KEPT, SIZE, SIZE))
    flops = counter.get_total_flops()
    rows = []
    ours_in = getattr(torch, full_size(network).precision)  # what this processor is fast in
    for name, kind in (("ours", ours_in), ("reference", torch.float32)):
        peak = peak_flops(kind)
        rate = flops / seconds["fast" if name == "ours" else name]["encode"]
        rows.append(
            {
                "name": f"RoboCLIP, encoder, GFLOP/s of the machine's peak, {name} ({kind})",
                "ours": f"{rate / 1e9:.0f}",
                "reference": f"{peak / 1e9:.0f}",
                "ratio": f"{rate / peak:.2f}",
            }
        )
    return rows


def peak_flops(kind: torch.dtype) -> float:
    """Of large products of matrices."""
    side = 2048
    a, b = torch.randn(side, side).to(kind), torch.randn(side, side).to(kind)
    a @ b
    return 2 * side**3 / min(timed(lambda: a @ b)[1] for _ in range(5))


def megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def timed(run: Callable[[], object]) -> tuple[object, float]:
    """What it returns, and the seconds that it takes."""
    start = time.perf_counter()
    result = run()
    return result, time.perf_counter() - start
