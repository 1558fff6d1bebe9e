"""The job `demonstrate`: a file, a film and a strip, the same bytes every time."""

import json

import numpy as np
import pytest

from showtell.__main__ import main
from showtell.demos.demo import Demo
from showtell.media.frames import read_png
from showtell.media.video import read_video
from tests.demos.requests import TASKS

SCRIPTED = {"kind": "scripted", "encoder": "s3d", "count": 1, "attempts": 3}
HAND = {"kind": "drawn_hand", "encoder": "s3d", "count": 2}


CAMERA = {"name": "default", "quality": "faithful", "mirrored": False}


def demonstrate(folder, demo: dict, task: str, frames: int = 6) -> int:
    job = {
        "demo": demo,
        "picture": {"width": 48, "height": 48},
        "frames": frames,
        "task": {
            "world": TASKS[task].world.model_dump(mode="json"),
            "camera": CAMERA,
            "name": task,
        },
        "root": 0,
        "address": ["demo", "d", task],
    }
    outputs = {"demo": "demo.npz", "film": "demo.mp4", "strip": "strip.png", "provenance": "p.json"}
    command = ["demonstrate", "--job", json.dumps(job)]
    for name, file in outputs.items():
        command += ["--out", name, str(folder / file)]
    return main(command)


@pytest.mark.parametrize(
    ("demo", "task", "frames", "films"),
    [(SCRIPTED, "rlv-pushing", 4, 40), (HAND, "door-open", 6, 12)],
)
def test_it_leaves_a_file_a_film_and_a_strip_that_are_reproducible(
    tmp_path, demo, task, frames, films
):
    for run in ("one", "two"):
        assert demonstrate(tmp_path / run, demo, task, frames) == 0
    made = Demo.load(tmp_path / "one/demo.npz")
    assert made.frames.shape == (demo["count"], frames, 48, 48, 3)
    film, _ = read_video(tmp_path / "one/demo.mp4")
    assert film.shape == (films, 240, 240, 3)
    strip = read_png(tmp_path / "one/strip.png")
    assert strip.shape == (demo["count"] * 99 - 3, 8 * 99 - 3, 3)
    for file in ("demo.npz", "demo.mp4", "strip.png"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_film_starts_as_its_demonstration_does(tmp_path):
    demonstrate(tmp_path, HAND, "button-press")
    film, _ = read_video(tmp_path / "demo.mp4")
    first = Demo.load(tmp_path / "demo.npz").frames[0, 0]
    small = film[0, 2::5, 2::5].astype(int)
    assert np.abs(small - first).mean() < 8


def test_a_task_nobody_can_show_leaves_no_file(tmp_path, capsys):
    assert demonstrate(tmp_path, HAND, "rlv-pushing") == 2
    assert "the drawn hand does not know rlv-pushing" in capsys.readouterr().err
    assert not list(tmp_path.glob("demo.*"))
