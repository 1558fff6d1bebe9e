"""What a training costs, added up from a shipped table of unit costs: steps, frames, FLOP, updates.

It reads the same settings as the training's job: so it prices a record of another scale as well,
and the two together say how far this machine is from the table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from showtell.study.registry import part
from showtell.study.settings import EncoderSettings, RewardSettings
from showtell.study.yaml_files import read_yaml

DATA = ("costs.yaml",)
_TABLE = Path(__file__).with_name("costs.yaml")
_BUFFERED = 1.02  # bytes of a stored step beside its observation and action, about 2 %


@dataclass(frozen=True)
class Cost:
    """Of one training, or of several together."""

    steps: float = 0.0
    frames: float = 0.0  # that are drawn
    core_s: float = 0.0
    gpu_flop: float = 0.0
    gpu_low_s: float = 0.0
    gpu_high_s: float = 0.0
    memory: float = 0.0  # bytes of the largest
    gpu_memory: float = 0.0
    disk: float = 0.0  # bytes of the largest while it runs: checkpoints with the replay buffer

    def __add__(self, other: Self) -> "Cost":
        return Cost(**{f.name: _joined(f.name, self, other) for f in fields(self)})

    def core_range(self, vary: tuple[float, float] | None = None) -> tuple[float, float]:
        """Seconds of one core, on a fast machine and on a slow one."""
        low, high = vary or unit_costs()["cores_vary"]
        return low * self.core_s, high * self.core_s

    def seconds(self, vary: tuple[float, float] | None = None) -> tuple[float, float]:
        """Of one core and one GPU that wait for each other."""
        low, high = self.core_range(vary)
        return low + self.gpu_low_s, high + self.gpu_high_s


@cache
def unit_costs() -> dict[str, Any]:
    """The shipped table."""
    return read_yaml(_TABLE)


def together(costs: Iterable[Cost]) -> Cost:
    """All of them: sums, and the largest memory."""
    return sum(costs, Cost())


def of_training(job: Mapping[str, Any]) -> Cost:
    """The cost of a training with these settings, which are those of its job."""
    table, learner, world = unit_costs(), job["learner"], job["task"]["world"]
    steps, kind = learner["steps"], world["kind"]
    environments = learner.get("environments", 1)
    pictures = learner.get("pictures")
    episodes = steps / world["horizon"]
    reward = _settings("rewards", job["reward"])
    assert isinstance(reward, RewardSettings)
    inputs, frames = 0.0, 0.0
    flop = low = high = cores = gpu_memory = 0.0
    for name in {goal["encoder"] for goal in job["goals"].values()} - {None}:
        encoder = _settings("nets", job["encoders"][name])
        assert isinstance(encoder, EncoderSettings)
        clip = encoder.clip_frames
        read = episodes * _frames_read(reward, world["horizon"], clip)
        inputs = read if clip is None else read / clip
        frames = max(frames, read)
        network = _network(encoder)
        each = _flop(encoder)
        if each >= table["on_gpu_from_flop"]:
            slow, fast = table["gpu_flops"][_rate(encoder)]
            flop += inputs * each
            low, high = low + inputs * each / fast, high + inputs * each / slow
            gpu_memory += table["network_bytes"].get(encoder.kind, {}).get(network, 1e8)
        else:
            cores += inputs * each / table["core_flops"]
    view = next((goal["picture"] for goal in job["goals"].values()), job["picture"])
    if pictures is not None:
        frames = max(frames, steps)
    cores += steps * world.get("action_repeat", 1) * _step(world)
    cores += steps / environments * table["act_s"]
    cores += frames * _drawing(kind, job["task"]["camera"].get("quality", "faithful"), view)
    cores += _updates(learner) * _update(learner, kind)
    stored = _stored(learner, kind)
    return Cost(
        steps, frames, cores, flop, low, high, table["process_bytes"] + stored, gpu_memory, stored
    )


def of_network(training: Mapping[str, Any], encoder: Mapping[str, Any]) -> Cost:
    """The cost of training a network here on videos; a backward pass costs two forward ones."""
    table, settings = unit_costs(), _settings("nets", encoder)
    assert isinstance(settings, EncoderSettings)
    frames = training.get("frames_a_video") or training.get("pairs", {}).get("frames_a_video") or 1
    flop = 3.0 * _flop(settings) * training["steps"] * training["batch"] * frames
    slow, fast = table["gpu_flops"]["training"]
    return Cost(training["steps"], gpu_flop=flop, gpu_low_s=flop / fast, gpu_high_s=flop / slow)


def _joined(name: str, a: Cost, b: Cost) -> float:
    one: float = getattr(a, name)
    other: float = getattr(b, name)
    return max(one, other) if name in ("memory", "gpu_memory", "disk") else one + other


def _settings(kind: str, values: Mapping[str, Any]) -> Any:
    return part(kind, values["kind"]).settings.model_validate(values)


def _frames_read(reward: RewardSettings, horizon: int, clip: int | None) -> float:
    """Of an episode."""
    if reward.looked_up() is not None:
        return 0.0
    if reward.terms_of():
        return max(_frames_read(term, horizon, clip) for term in reward.terms_of())
    if not reward.needs().comparisons:
        return 0.0
    few: dict[str, int] = unit_costs()["frames_an_episode"]
    every = horizon / getattr(reward, "stride", 1) if clip is None else float(clip)
    return float(few.get(reward.kind, every))


def _network(encoder: Any) -> str:
    """Its name in the tables: an architecture of open_clip, or a kind of architecture."""
    architecture = getattr(encoder, "architecture", None)
    name = architecture if isinstance(architecture, str) else getattr(architecture, "kind", None)
    return str(name or encoder.kind)


def _flop(encoder: Any) -> float:
    """Of one input: the published network's, less what this one is smaller by."""
    named = unit_costs()["network_flop"].get(encoder.kind, {})
    flop = float(named.get(_network(encoder), 1e10))
    architecture = getattr(encoder, "architecture", None)
    if isinstance(architecture, str) or architecture is None:
        return flop
    grid = _network(encoder) == "grid"
    if (width := getattr(architecture, "width", None)) is not None:
        flop *= (width / (1 if encoder.kind == "s3d" else 64)) ** 2
    if (layers := getattr(architecture, "layers", None)) is not None:
        flop *= sum(layers) / 16
    if (size := getattr(encoder, "size", None)) is not None:
        flop *= (size / (128 if grid else 256)) ** 2
    if encoder.kind == "s3d":
        flop *= encoder.picture.width * encoder.picture.height * encoder.frames / (32 * 250**2)
    return flop


def _rate(encoder: Any) -> str:
    if encoder.kind == "s3d":
        return "s3d"
    return "float32" if getattr(encoder, "precision", "float32") == "float32" else "half"


def _step(world: Mapping[str, Any]) -> float:
    table: dict[str, float] = unit_costs()["step_s"]
    usual = table.get(world["kind"], 1e-3)
    return table.get(f"{world['kind']}-{world.get('integrator')}", usual)


def _drawing(kind: str, quality: str, view: Mapping[str, int]) -> float:
    fixed, more = unit_costs()["frame_s"].get(kind, {}).get(quality, (2e-2, 0.5))
    return float(fixed + more * view["width"] * view["height"] / 1e6)


def _updates(learner: Mapping[str, Any]) -> float:
    steps, environments = learner["steps"], learner.get("environments", 1)
    if "rollout" in learner:
        rollout = learner["rollout"] * environments
        return float(steps / rollout * learner["epochs"] * max(1, rollout / learner["batch"]))
    per_rollout = learner["train_freq"] * environments
    after = steps - learner.get("learning_starts", 0)
    return float(max(0, after) / per_rollout * learner["gradient_steps"])


def _update(learner: Mapping[str, Any], kind: str) -> float:
    table, pictures = unit_costs(), learner.get("pictures")
    seconds = float(table["update_s"].get(learner["kind"], 2e-3))
    if pictures is not None:
        pixels = learner["batch"] * pictures["width"] * pictures["height"]
        return float(seconds + pixels * table["pixel_s"][pictures["encoder"]])
    sizes = [table["observations"].get(kind, 50), *learner["hidden"]]
    weights = sum(a * b for a, b in pairwise(sizes))
    networks = {"sac": 24, "dqn": 8}.get(learner["kind"], 12)  # FLOP a weight and sample
    return float(seconds + networks * weights * learner["batch"] / table["learner_flops"])


def _stored(learner: Mapping[str, Any], kind: str) -> float:
    """Bytes of a full replay buffer."""
    if "buffer" not in learner:
        return 0.0
    rows = min(learner["buffer"], learner["steps"])
    pictures = learner.get("pictures")
    if pictures is not None:
        return float(_BUFFERED * rows * 3 * pictures["width"] * pictures["height"])
    numbers = unit_costs()["observations"].get(kind, 50) + 24
    return float(_BUFFERED * rows * 4 * numbers)
