"""HOLD's learning: labelled steps inside SAC, updates of SAC from pictures, memory of its replay.

The reference of labels does as the published code does: it draws each step alone, at the published
size in MuJoCo's default quality, and encodes it alone; world, network, learner and the number of
updates are the same as ours, so that labels are all that differs. The reference of updates is the
published network: three encoders of two 5 x 5 convolutions, a goal's picture beside each frame.
Networks are new: weights of any training cost the same.
"""

import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3 import SAC
from stable_baselines3.common.logger import Logger

from showtell.goals.goal import Drawing, Target
from showtell.goals.rendered import RenderedGoal
from showtell.learners.labelling import label
from showtell.learners.learner import TrainingInputs
from showtell.learners.sac import Sac, SacSettings
from showtell.learners.sb3.off_policy import pace_of
from showtell.learners.sb3.sac import algorithm
from showtell.learners.sb3.training import untrained
from showtell.learners.sight import Draw, Size
from showtell.nets.distance import Stage
from showtell.nets.hold_c import HoldCEncoder, describe
from showtell.project.checkpoints import Resume
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import Frames, Snapshots, View, view_of
from showtell.rewards.building import GoalInputs, build_reward
from showtell.rewards.reward import Episodes, Reward
from showtell.study.loading import load
from showtell.study.registry import build
from tests.bench.__main__ import ROOT
from tests.bench.apart import apart, resident_mb
from tests.bench.humanoid import timed
from tests.demos.requests import world

TASK, ROLLOUTS, TURNS = "dvd-close-drawer", 2, 2
LABELS_BAR, UPDATES_BAR = 5, 4
STORED, LOOP, PLACES = 100_000, 20_000, 10  # steps whose memory is watched; a tenth is kept
SIDE = 48  # of RLV's pictures
PUBLISHED = View(180, 120, quality="published", mirrored=True)  # of DVD's


def measure() -> list[dict[str, object]]:
    """Turns taken one after the other, so that both meet the same load; medians."""
    return [*labels(), updates("sac-hold-pushing"), updates("sac-hold", 2, 1), replay(), loop()]


def labels(
    rollouts: int = ROLLOUTS,
    turns: int = TURNS,
    published: View = PUBLISHED,
    **changes: object,  # of the learner
) -> list[dict[str, object]]:
    """Whole episodes at once, and each step alone: the whole loop, and the labels by themselves."""
    parameters = load(ROOT, "mini")
    task: Any = parameters.tasks[TASK]
    a_world = build("worlds", task.world)
    learner: Any = parameters.learners[task.learner]
    learner = learner.model_copy(update=changes)
    native = task.camera.native
    fast = view_of(task.camera.model_dump(), native.width, native.height)
    seconds: dict[str, list[float]] = {"ours": [], "published": [], "alone": []}
    labelled: dict[str, list[float]] = {name: [] for name in seconds}
    with RenderPool(a_world.scene, a_world.scene_settings(), workers=1) as pool:
        alone = partial(one_at_a_time, pool.draw)
        ways = {
            "ours": (reward_of(pool.draw, fast), pool.draw),
            "published": (reward_of(alone, published, batch=1), alone),
            "alone": (reward_of(alone, fast, batch=1), alone),
        }
        for _ in range(turns):
            for name, (reward, draw) in ways.items():
                seconds[name] += rollout_seconds(learner, reward, draw, rollouts)
                labelled[name].append(label_seconds(reward, draw))
    steps = learner.train_freq * learner.environments
    rate = {name: steps / statistics.median(taken) for name, taken in seconds.items()}
    alone_rate = {name: a_world.horizon / min(taken) for name, taken in labelled.items()}
    return [
        {
            "name": f"{TASK}, labelled steps/s {what}",
            "ours": f"{found['ours']:.0f}",
            "reference": f"{found[name]:.1f}, each step alone, {how}",
            "ratio": f"{found['ours'] / found[name]:.1f}",
        }
        for what, found, bar in (
            ("inside SAC, updates included", rate, f" (bar {LABELS_BAR})"),
            ("without SAC", alone_rate, ""),
        )
        for name, how in (
            ("published", f"drawn as published{bar}"),
            ("alone", "drawn as ours"),
        )
    ]


def reward_of(draw: Draw, view: View, batch: int | None = None) -> Reward:
    """Our HOLD-C's distance to the task's goal picture."""
    parameters = load(ROOT, "mini")
    reward: Any = parameters.rewards["hold-c-ours"]
    goal: Any = parameters.goals[reward.goal]
    network: Any = parameters.encoders[goal.encoder]
    network = network.model_copy(update={"batch": batch or network.batch})
    encoder = HoldCEncoder(network, network.architecture.build(), describe(network), device="cpu")
    drawing = Drawing(build("worlds", parameters.tasks[TASK].world), draw, view)
    target = RenderedGoal(goal).embed(encoder, None, None, drawing)
    given = {reward.goal: GoalInputs(target, encoder, view)}
    return build_reward(reward, given, {}, view=view, seed=0)


def one_at_a_time(draw: Draw, snapshots: Snapshots, view: View) -> Frames:
    return np.concatenate([draw(one[None], view) for one in snapshots])


def rollout_seconds(learner: SacSettings, reward: Reward, draw: Draw, rollouts: int) -> list[float]:
    """Of each rollout, with its labels and updates."""
    task = load(ROOT, "mini").tasks[TASK]
    each = learner.train_freq * learner.environments
    steps = each * (rollouts + 2)
    changes = {"steps": steps, "learning_starts": 1, "checkpoint_every": steps, "log_every": steps}
    begun: dict[int, float] = {}

    def at(step: int, values: object) -> None:
        begun[step] = time.perf_counter()

    work = TrainingInputs(partial(build, "worlds", task.world), reward, draw, 0, ("bench",))
    with tempfile.TemporaryDirectory() as folder, Resume(Path(folder), "bench") as resume:
        Sac(learner.model_copy(update=changes)).train(work, resume, at)
    return [begun[step + each] - begun[step] for step in range(each, each * (rollouts + 1), each)]


def label_seconds(reward: Reward, draw: Draw) -> float:
    """Of one episode of random actions."""
    a_world = build("worlds", load(ROOT, "mini").tasks[TASK].world)
    a_world.reset(seed=0)
    a_world.action_space.seed(0)
    start, snapshots = a_world.snapshot(), []
    for _ in range(a_world.horizon):
        a_world.step(a_world.action_space.sample())
        snapshots.append(a_world.snapshot())
    empty = Episodes(*(np.zeros((1, a_world.horizon), np.float32) for _ in range(4)))
    return timed(lambda: label(reward, empty, np.array([snapshots]), draw, start[None]))


def updates(learner: str, turns: int = 5, each: int = 4) -> dict[str, object]:
    """Batches sampled, shifted and learned from, by one encoder and by three."""
    published: Any = load(ROOT, "paper").learners[learner]
    pictures = published.pictures.model_validate(published.pictures.model_dump() | ours())
    settings = {
        "ours": published.model_copy(update={"pictures": pictures}),
        "published": published,
    }
    models = {name: filled(of) for name, of in settings.items()}
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(turns + 1):
        for name, model in models.items():
            count = each if name == "ours" else 1
            taken = timed(lambda: model.train(count, published.batch))  # noqa: B023
            seconds[name] += [taken / count] if turn else []
    rate = {name: 1 / statistics.median(taken) for name, taken in seconds.items()}
    return {
        "name": f"SAC from pictures, updates/s, {published.pictures.width} x "
        f"{published.pictures.height}, batch {published.batch} (bar {UPDATES_BAR})",
        "ours": f"{rate['ours']:.2f}",
        "reference": f"{rate['published']:.2f}, the published three encoders",
        "ratio": f"{rate['ours'] / rate['published']:.1f}",
    }


def ours() -> dict[str, Any]:
    """How our own SAC reads pictures, of any size."""
    settings: Any = load(ROOT, "paper").learners["sac-hold-ours"]
    found: dict[str, Any] = settings.pictures.model_dump(exclude={"width", "height"})
    return found


def filled(settings: SacSettings, stored: int = 1000) -> SAC:
    """A new SAC on a task of this size, whose replay buffer holds some random pictures."""
    assert settings.pictures is not None
    size = Size(settings.pictures.width, settings.pictures.height)
    task = "rlv-pushing" if settings.train_freq == 100 else TASK  # whole episodes
    small = settings.model_copy(update={"buffer": stored})
    work = noise_seen(task, size)
    model = untrained(partial(algorithm, small), work, pace_of(small), size)
    model.set_logger(Logger(folder=None, output_formats=[]))
    draws, buffer = np.random.default_rng(0), model.replay_buffer
    shape, (actions,) = (1, 6, size.height, size.width), model.action_space.shape
    for row in range(stored):
        store(buffer, draws, shape, actions, over=row % settings.train_freq == 0)
    return model


def noise_seen(task: str, size: Size) -> TrainingInputs:
    """A training whose pictures are noise: what they show is nothing to speed and memory."""
    view = View(*size, quality="fast")
    goal = Target((Stage(picture=noise(np.zeros(1), view)[0]),), None, {})
    parameters = load(ROOT, "paper")
    reward: Any = parameters.rewards["pixels"]
    given = {reward.goal: GoalInputs(goal, None, view)}
    made = build_reward(reward, given, {}, view=view, seed=0)
    return TrainingInputs(partial(world, task), made, noise, 0, ("bench",))


def noise(snapshots: Snapshots | np.ndarray, view: View) -> Frames:
    shape = (len(snapshots), view.height, view.width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def store(buffer: Any, draws: np.random.Generator, shape: Any, actions: int, *, over: bool) -> None:
    """One row of a single environment."""
    now, then = (draws.integers(0, 256, shape, np.uint8) for _ in range(2))
    done, info = np.array([float(over)]), {"stage": 0, "next_stage": 0}
    buffer.add(now, then, draws.uniform(-1, 1, (1, actions)), np.zeros(1), done, [info])


def replay(stored: int = STORED) -> dict[str, object]:
    """Written over many times, and sampled once an episode."""
    tenth, end, each = apart(replay_mb, stored)
    published = 2 * 3 * SIDE**2 * np.dtype(np.float32).itemsize
    return {
        "name": f"memory of the picture replay of {stored // PLACES:,} places, after {stored:,} "
        f"stored steps of {SIDE} x {SIDE} beside when it was full (bar: flat)",
        "ours": f"{end:.0f} MB; {each:,} bytes a step",
        "reference": f"{tenth:.0f} MB; {published:,} bytes a step as published, without its goal",
        "ratio": f"{end / tenth:.3f}; {published / each:.1f}",
    }


def replay_mb(stored: int) -> tuple[float, float, int]:
    """Memory of the process at a tenth and at the end, and bytes of each step."""
    model = filled(small_sac(stored, environments=1), stored // PLACES)
    draws, buffer = np.random.default_rng(1), model.replay_buffer
    buffer.sample(256)
    tenth = resident_mb()
    for row in range(stored - stored // PLACES):
        over = row % 60 == 0
        store(buffer, draws, (1, 6, SIDE, SIDE), *model.action_space.shape, over=over)
        if over:
            buffer.sample(256)
    kept = buffer.observations.nbytes + sum(end.nbytes for end in buffer.ends.values())
    return tenth, resident_mb(), kept // buffer.buffer_size


def small_sac(steps: int, environments: int = 4) -> SacSettings:
    """HOLD's learner with our pictures; its buffer holds a tenth of the steps."""
    published: Any = load(ROOT, "paper").learners["sac-hold"]
    pictures = {"width": SIDE, "height": SIDE, **ours()}
    changes = {
        "steps": steps, "environments": environments, "learning_starts": 1, "gradient_steps": 4,
        "batch": 64, "buffer": max(240, steps // PLACES), "pictures": pictures,
        "checkpoint_every": max(240, steps // 5), "log_every": max(240, steps // 20),
    }  # fmt: skip
    return SacSettings.model_validate(published.model_dump() | changes)


def loop(steps: int = LOOP) -> dict[str, object]:
    """A training with its worlds, labels, updates and checkpoints; only the drawing is left out."""
    tenth, end = apart(loop_mb, steps)
    return {
        "name": f"memory of a whole training from pictures after {steps:,} steps beside a tenth of "
        "them, where its buffer is full (bar: flat)",
        "ours": f"{end:.0f} MB",
        "reference": f"{tenth:.0f} MB",
        "ratio": f"{end / tenth:.3f}",
    }


def loop_mb(steps: int) -> tuple[float, float]:
    """Memory of the process at a tenth and at the end."""
    found: dict[int, float] = {}

    def at(step: int, values: object) -> None:
        found[step] = resident_mb()

    learner, work = small_sac(steps), noise_seen(TASK, Size(SIDE, SIDE))
    with tempfile.TemporaryDirectory() as folder, Resume(Path(folder), "bench") as resume:
        Sac(learner).train(work, resume, at)
    full = min(step for step in found if step >= learner.buffer)
    return found[full], found[max(found)]
