"""Finished evaluations of one task: small videos that differ, of two methods and two seeds."""

from pathlib import Path

import numpy as np
import pytest

from showtell.commands.label import Labelling
from showtell.labels.items import items_of, videos_of
from showtell.labels.study import Key, key_of
from showtell.media.video import write_video
from showtell.project.files import write_json, write_text
from showtell.study.layout import Layout, Run

TASK = "humanoid-kneeling"
COLUMNS = "policy,episode,return,length,success_any,success_final,success_always,success"


def evaluate(layout: Layout, run: Run, colour: int, *, success: bool) -> None:
    folder = layout.evaluation("vlm_rm", "humanoid", run)
    folder.mkdir(parents=True)
    frames = np.full((11, 24, 32, 3), colour, dtype=np.uint8)
    frames[np.arange(11), :, np.arange(11) * 2] = 255  # a line that moves
    write_video(folder / "rollout.mp4", frames, 30)
    write_json(folder / "metrics.json", {"success_definition": "The body kneels."})
    rows = [
        f"stochastic,0,1,10,1,1,1,{int(not success)}",
        f"deterministic,0,1,10,1,1,1,{int(success)}",
    ]
    write_text(folder / "episodes.csv", "\n".join([COLUMNS, *rows]) + "\n")


@pytest.fixture
def layout(tmp_path) -> Layout:
    layout = Layout(tmp_path / "results/mini")
    for number, (method, seed) in enumerate([("text", 0), ("text", 1), ("zero", 0), ("zero", 1)]):
        evaluate(layout, Run(TASK, method, seed, "train"), 40 * number, success=method == "text")
    return layout


def labelling(root: Path, kind: str = "buckets", rater: str = "ada", **other: int) -> Labelling:
    numbers = {"count": 200, "each": 3} | other
    return Labelling(root, "mini", 7, ["cartpole", TASK], kind, rater, **numbers)


def study(layout: Layout, kind: str = "buckets"):
    videos = videos_of(layout, TASK)
    items = items_of(kind, videos, 7, TASK, 200, 3)
    key: Key = key_of(("mini", TASK, kind), "It kneels.", items, videos, layout.results)
    key.write(layout.labels(TASK, kind))
    return key, items, layout.labels(TASK, kind)
