"""Checkpoints: what a full replay buffer of VLM-RM's humanoid costs."""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from gymnasium import spaces

from showtell.learners.sb3.replay import ReplaySegments
from showtell.learners.sb3.state_replay import StateReplay
from showtell.project.checkpoints import Resume

TRANSITIONS, ENVIRONMENTS, NUMBERS, ACTIONS, HORIZON = 1_000_000, 32, 376, 17, 100
BAR = 1.0  # s, of a training that waits
EVERY = 64_000  # steps between two checkpoints


def measure() -> list[dict[str, object]]:
    """A full ring buffer, then a checkpoint after every 64,000 new transitions."""
    box, hands = (spaces.Box(-1, 1, (n,), np.float32) for n in (NUMBERS, ACTIONS))
    buffer = StateReplay(TRANSITIONS, box, hands, "cpu", n_envs=ENVIRONMENTS)
    dice = np.random.default_rng(0)
    replay, rows, new = ReplaySegments(buffer), 0, EVERY // ENVIRONMENTS
    taken = []
    with tempfile.TemporaryDirectory() as folder, Resume(Path(folder), "bench") as resume:
        while len(taken) < 3 or rows < buffer.buffer_size + 3 * new:
            for _ in range(new // HORIZON):
                _fill(buffer, rows, HORIZON, dice)
                rows += HORIZON
                if (waiting := replay.waiting(rows)) is not None:
                    resume.write(waiting)
            begun = time.perf_counter()
            resume.save(rows * ENVIRONMENTS, {"buffer": replay.state(rows)})
            taken.append(time.perf_counter() - begun)
    cost = statistics.median(taken[-3:])
    return [
        {
            "name": f"checkpoint of 1e6 transitions of 376 numbers, {EVERY:,} new, s",
            "ours": f"{cost:.2f}",
            "reference": f"{BAR} (the bar)",
            "ratio": f"{BAR / cost:.1f}",
        }
    ]


def _fill(buffer: StateReplay, rows: int, new: int, dice: np.random.Generator) -> None:
    places = np.arange(rows, rows + new) % buffer.buffer_size
    shape = (new, ENVIRONMENTS, NUMBERS)
    buffer.observations[places] = dice.standard_normal(shape, dtype=np.float32)
    ends = (np.arange(rows, rows + new) + 1) % HORIZON == 0
    buffer.dones[places] = ends[:, None]
    for place in places[ends].tolist():
        buffer.ends[place] = buffer.observations[place] + 1
