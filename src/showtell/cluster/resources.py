"""The memory, the time and the GPU that a job asks a cluster for, from its specification.

Times are limits and not forecasts: a job that runs into its limit is queued again, and goes on from
its last checkpoint. The rates below are of one core of 2026, rounded to the slow side;
docs/team-and-cluster.md says how far finished jobs stayed below.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from showtell.cluster.weights import PAPER_SIZE, weights
from showtell.study.grid import Cell, Grid
from showtell.study.needs import Needs
from showtell.study.settings import Picture

_PROCESS_MB = 2000  # Python, torch, a simulator and an episode or two
_DRAWING_MB = 500  # a render process: 43 MB of CartPole to 462 MB of the kitchen
_CUDA_MB = 4000  # of the host, for a context and pinned buffers
_NUMBERS_BYTES = 3200  # a transition of 400 numbers, before and after
_COPIES = 3  # weights: as a file, as a network, and once on the way

_STEP_S = 0.001  # of a simulator
_UPDATE_S = 0.005  # of small networks
_CONVOLVED_PIXEL_S = 1.7e-7  # of a batch of pictures, in an update: 0.05 s for 128 of 48 x 48
_LONG_S = 7200  # updates that take a CPU longer are made on a GPU
_DRAW_S, _DRAW_PIXEL_S = 0.005, 4e-7  # a picture of 480 x 480 takes a core 0.1 s
_GPU_WEIGHT_S, _CPU_WEIGHT_S = 1e-12, 5e-10  # of a frame: ViT-bigG takes an H100 2 ms
_FETCH_WEIGHT_S = 1e-6  # 4 MB/s
_MARGIN = 2.0
_SHORTEST_MIN, _LONGEST_MIN = 60, 2880  # longer jobs wait longer: two days, then again
_MANY_FRAMES = 2_000_000  # a network that learns from so many is trained on a GPU


class Resources(NamedTuple):
    """What one job asks for."""

    mem_mb: int
    runtime: int  # minutes
    gpu: int


@dataclass(frozen=True)
class Demand:
    """The resources of the jobs of a grid."""

    grid: Grid

    def of(self, rule: str, wildcards: Mapping[str, str], threads: int = 1) -> Resources:
        """What one job of a rule asks for."""
        return {
            "train": self._training,
            "train_encoder": self._encoder_training,
            "fetch_encoder": self._fetching,
            "embed_goal": self._goal,
            "measure": self._study,
            "evaluate": self._evaluation,
            "demonstrate": self._demo,
            "read_videos": self._reading,
        }.get(rule, _small)(wildcards, threads)

    def _training(self, wildcards: Mapping[str, str], threads: int) -> Resources:
        cell, phase = _cell(wildcards), wildcards["phase"]
        learner: Any = self.grid.learner(cell, phase)
        reward, task = self.grid.reward(cell, phase), self.grid.task(cell.task)
        needs = reward.needs()
        encoders = self.grid.encoders(needs)
        size = max((self._weights(name) for name in encoders), default=0)
        seen = getattr(learner, "pictures", None)
        labelled = bool(encoders) and reward.looked_up() is None
        convolved = 0.0  # seconds of updates from pictures, on a CPU
        if seen is not None:
            pixels_a_step = learner.batch * seen.width * seen.height
            convolved = _updates(learner) * pixels_a_step * _CONVOLVED_PIXEL_S
        gpu = int(size >= PAPER_SIZE or convolved >= _LONG_S)

        at_once = learner.environments * _rollout(learner)
        pixels = max(
            (_pixels(self.grid.picture(name, cell.task)) for name in encoders),
            default=_pixels(task.camera.native),
        )
        stored = min(getattr(learner, "buffer", at_once), learner.steps) * (
            _NUMBERS_BYTES if seen is None else 3 * seen.width * seen.height + 200
        )
        held = 3 * pixels * at_once * 2 * labelled  # as drawn, and as the network reads them

        draws = learner.steps * (labelled + (seen is not None))
        seconds = learner.steps * _STEP_S + draws * _draw_s(pixels) / threads
        seconds += learner.steps * labelled * _encode_s(size, gpu)
        seconds += _updates(learner) * _UPDATE_S + convolved / (10 if gpu else 1)
        return Resources(self._memory(threads, gpu, size, held + stored), _minutes(seconds), gpu)

    def _encoder_training(self, wildcards: Mapping[str, str], threads: int) -> Resources:
        name = wildcards["encoder"]
        encoder, recipe = self.grid.parameters.encoders[name], self.grid.parameters.training[name]
        values = recipe.model_dump(mode="json")
        pairs = values.get("pairs") or {}
        each = values.get("frames_a_video") or pairs.get("frames_a_video") or 2
        each = encoder.clip_frames or (each if recipe.samples == "videos" else 1)
        frames = values["steps"] * values["batch"] * each
        size = weights(encoder)
        gpu = int(size >= PAPER_SIZE or frames >= _MANY_FRAMES)
        batch = 3 * 4 * 256**2 * values["batch"] * each * 4  # decoded ahead, as float32
        # Forwards and backwards. A video's frames are decoded in every step, clips are drawn once.
        clips = sum((values["dataset"].get("tasks") or {}).values())
        drawn = min(frames, clips * each) if recipe.samples == "clips" else frames
        seconds = frames * 3 * _encode_s(size, gpu) + drawn * _draw_s(128**2) / threads
        return Resources(
            self._memory(threads, gpu, 4 * size, min(batch, 40e9)), _minutes(seconds), gpu
        )

    def _fetching(self, wildcards: Mapping[str, str], threads: int) -> Resources:
        """A published file is unpickled, renamed and written: it is held twice."""
        size = self._weights(wildcards["encoder"])
        return Resources(self._memory(1, 0, size), _minutes(size * _FETCH_WEIGHT_S), 0)

    def _goal(self, wildcards: Mapping[str, str], threads: int) -> Resources:
        encoder = self.grid.goal(wildcards["goal"]).encoder
        size = 0 if encoder is None else self._weights(encoder)
        gpu = int(size >= PAPER_SIZE)
        return Resources(self._memory(threads, gpu, size), _SHORTEST_MIN, gpu)

    def _study(self, wildcards: Mapping[str, str], threads: int) -> Resources:
        named = (wildcards["paper"], wildcards["experiment"], wildcards["study"])
        needs = self.grid.study_needs(*named)
        size = self._largest(needs)
        gpu = int(size >= PAPER_SIZE)
        native = self.grid.task(wildcards["task"]).camera.native
        held = 3 * _pixels(native) * 4096
        return Resources(
            self._memory(threads, gpu, self._together(needs), held),
            240 if gpu or _pixels(native) > 128**2 else 120,
            gpu,
        )

    def _evaluation(self, wildcards: Mapping[str, str], threads: int) -> Resources:
        cell, phase = _cell(wildcards), wildcards["phase"]
        experiment = self.grid.experiment(cell.paper, cell.experiment)
        evaluate, task = experiment.evaluate, self.grid.task(cell.task)
        learner: Any = self.grid.learner(cell, phase)
        played = evaluate.episodes * len(evaluate.actions) * len(evaluate.checkpoints)
        steps = played * getattr(task.world, "horizon", 1000)
        follows = self.grid.follows_goals(cell, phase)
        size = self._largest(self.grid.reward(cell, phase).needs()) if follows else 0
        gpu = int(size >= PAPER_SIZE)
        drawn = getattr(learner, "pictures", None) is not None or follows
        seconds = steps * (_STEP_S + drawn * _draw_s(_pixels(task.camera.native)) / threads)
        seconds += steps * follows * _encode_s(size, gpu)
        return Resources(self._memory(threads, gpu, size), _minutes(seconds), gpu)

    def _demo(self, wildcards: Mapping[str, str], threads: int) -> Resources:
        demo = self.grid.parameters.demos[wildcards["demo"]]
        frames = (
            demo.available()
            * 1000
            * 3
            * _pixels(self.grid.picture(demo.encoder, wildcards["task"]))
        )
        return Resources(self._memory(threads, 0, 0, min(frames, 8e9)), _SHORTEST_MIN, 0)

    def _reading(self, wildcards: Mapping[str, str], threads: int) -> Resources:
        """Videos that are drawn are few; those of a folder may be hundreds of thousands."""
        drawn = self.grid.parameters.videos[wildcards["videos"]].drawn
        return Resources(self._memory(threads, 0, 0), 120 if drawn else 1440, 0)

    def _weights(self, encoder: str) -> int:
        return weights(self.grid.parameters.encoders[encoder])

    def _largest(self, needs: Needs) -> int:
        return max(map(self._weights, self.grid.encoders(needs)), default=0)

    def _together(self, needs: Needs) -> int:
        return sum(map(self._weights, self.grid.encoders(needs)))

    @staticmethod
    def _memory(threads: int, gpu: int, size: int, more: float = 0) -> int:
        """In MB, to the next 500."""
        needed = _PROCESS_MB + _DRAWING_MB * threads + _CUDA_MB * gpu
        needed += math.ceil((4 * _COPIES * size + more) / 1e6)
        return math.ceil(needed / 500) * 500


def _small(wildcards: Mapping[str, str], threads: int) -> Resources:
    """Tables, figures, the page; drawn videos."""
    return Resources(2000 + _DRAWING_MB * threads, _SHORTEST_MIN, 0)


def _cell(wildcards: Mapping[str, str]) -> Cell:
    return Cell(
        *(wildcards["paper"], wildcards["experiment"], wildcards["task"], wildcards["method"]),
        int(wildcards["seed"]),
    )


def _pixels(picture: Picture) -> int:
    return picture.width * picture.height


def _rollout(learner: Any) -> int:
    """Steps of each environment that are labelled at once."""
    return int(getattr(learner, "rollout", None) or learner.train_freq)


def _updates(learner: Any) -> float:
    """Of its networks, in all."""
    collected = learner.environments * _rollout(learner)
    if hasattr(learner, "gradient_steps"):
        return float(learner.steps / collected * learner.gradient_steps)
    return float(learner.steps / learner.batch * learner.epochs)


def _draw_s(pixels: int) -> float:
    return _DRAW_S + _DRAW_PIXEL_S * pixels


def _encode_s(size: int, gpu: int) -> float:
    return size * (_GPU_WEIGHT_S if gpu else _CPU_WEIGHT_S) + 1e-4


def _minutes(seconds: float) -> int:
    """With a margin, to the next hour."""
    hours = math.ceil(_MARGIN * seconds / 3600)
    return min(max(60 * hours, _SHORTEST_MIN), _LONGEST_MIN)
