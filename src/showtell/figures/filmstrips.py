"""Figure 5 of RoboCLIP: the demonstration above, and what an agent made of it below."""

import base64
import io
from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING

import numpy as np

from showtell.figures.style import WIDTH, style
from showtell.media.frames import Frames, Picture, contact_sheet, resize
from showtell.results.reading import Results, Run
from showtell.results.table import Table, Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FRAMES, _SIDE, _GAP = 6, 84, 2  # pictures in a strip, their height and distance in pixels


def filmstrip_table(results: Results) -> Table:
    """A picture a row, as PNG in text: the table holds all that is seen."""
    columns = ("strip", "task", "shows", "method", "seed", "success", "picture")
    strips: list[tuple[tuple[Value, ...], Frames]] = []
    for task in results.comparison.tasks:
        runs = _median_runs(results, task)
        if not runs or task not in results.demos:
            continue
        shown = _of_demo(results.demos[task])
        strips.append(((task, "demonstration", None, None, None), shown))
        for run, success, path in runs:
            strips.append(((task, "agent", run.method, run.seed, success), _of_film(path)))
    rows = [
        (number, *named, _encoded(picture))
        for number, (named, frames) in enumerate(strips)
        for picture in _picked(frames)
    ]
    return Table.of(columns, rows)


def draw_filmstrips(table: Table) -> "Figure":
    """Two or more rows a task: time runs to the right."""
    from matplotlib.figure import Figure

    with style():
        strips = [table.where(strip=number) for number in table.distinct("strip")]
        pictures = [_side_by_side(rows.column("picture")) for rows in strips]
        ratio = pictures[0].shape[0] / pictures[0].shape[1]
        figure = Figure(figsize=(WIDTH, len(strips) * (WIDTH * ratio + 0.3)))
        axes = figure.subplots(len(strips), 1, squeeze=False)[:, 0]
        for axis, picture, rows in zip(axes, pictures, strips, strict=True):
            axis.imshow(picture, interpolation="none")
            axis.set_axis_off()
            axis.set_title(_title(*rows.pick(("task", "shows", "method", "seed", "success"))[0]))
        return figure


def _title(task: str, shows: str, method: str, seed: str, success: str) -> str:
    if shows == "demonstration":
        return f"{task}: demonstration"
    return f"agent ({method}, seed {seed}): {100 * float(success):.0f} % of episodes succeed"


def _median_runs(results: Results, task: str) -> list[tuple[Run, float, Path]]:
    """One run a method that has a goal: of median success, so that none is picked."""
    plan = results.comparison
    found = []
    for method, reward in plan.methods.items():
        runs = [
            (results.scores_of[run][plan.policies[0]]["success"], run)
            for run in results.films
            if (run.task, run.method, run.phase) == (task, method, plan.phases[0])
            and plan.policies[0] in results.scores_of.get(run, {})
        ]
        if runs and "goal" in reward:
            success, run = median_low(runs)
            found.append((run, success, results.films[run]))
    return found


def _of_film(path: Path) -> Frames:
    from showtell.media.video import read_video

    return read_video(path)[0]


def _of_demo(path: Path) -> Frames:
    from showtell.demos.demo import Demo

    frames: Frames = Demo.load(path).frames[0]
    return frames


def _picked(frames: Frames) -> Frames:
    """A few frames, evenly spaced, the last included, as small as they are shown."""
    picked = frames[np.linspace(0, len(frames) - 1, _FRAMES).round().astype(int)]
    return resize(picked, round(_SIDE * frames.shape[2] / frames.shape[1]), _SIDE)


def _encoded(picture: Picture) -> str:
    from PIL import Image

    with io.BytesIO() as stream:
        Image.fromarray(picture).save(stream, format="PNG", optimize=True)
        return base64.b64encode(stream.getvalue()).decode()


def _side_by_side(cells: list[str]) -> Picture:
    pictures = np.stack([_decoded(cell) for cell in cells])
    return contact_sheet(pictures, columns=len(pictures), gap=_GAP)


def _decoded(cell: str) -> Picture:
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(cell))) as image:
        return np.asarray(image.convert("RGB"))
