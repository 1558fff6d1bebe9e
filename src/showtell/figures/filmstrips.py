"""Filmstrips: the demonstration above, and a rollout of the agent below (RoboCLIP, Figure 5)."""

from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING, Literal

import numpy as np

from showtell.figures.style import WIDTH, style
from showtell.media.frames import Frames, Picture, contact_sheet, resize
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.study.layout import Run
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = ("task", "shows", "label", "seed", "success", "file")
_FRAMES, _SIDE, _GAP = 6, 84, 2  # pictures in a strip, their height and distance in pixels


class FilmstripsSettings(FigureSettings):
    """The demonstration of each task and a rollout of each method that has a goal."""

    kind: Literal["filmstrips"]


class Filmstrips:
    """Two or more strips a task: time runs to the right."""

    def __init__(self, settings: FilmstripsSettings) -> None:
        self._settings = settings

    def table(self, results: Results) -> Table:
        """A strip a row, by the file whose frames it shows."""
        methods = results.comparison.methods
        rows: list[tuple[Value, ...]] = []
        for task in results.comparison.tasks:
            runs = _median_runs(results, task)
            if runs and task in results.demos:
                rows.append((task, "demonstration", None, None, None, str(results.demos[task])))
                for run, success, path in runs:
                    label = methods[run.method].label
                    rows.append((task, "agent", label, run.seed, success, str(path)))
        return Table.of(_COLUMNS, rows)

    def draw(self, table: Table) -> "Figure":
        """A strip a row of the table."""
        from matplotlib.figure import Figure

        with style():
            pictures = [_strip(Path(file)) for file in table.column("file")]
            ratio = pictures[0].shape[0] / pictures[0].shape[1]
            figure = Figure(figsize=(WIDTH, len(pictures) * (WIDTH * ratio + 0.3)))
            axes = figure.subplots(len(pictures), 1, squeeze=False)[:, 0]
            titles = [_title(*row) for row in table.pick(_COLUMNS[:-1])]
            for axis, picture, title in zip(axes, pictures, titles, strict=True):
                axis.imshow(picture, interpolation="none")
                axis.set_axis_off()
                axis.set_title(title)
            return figure


def _title(task: str, shows: str, label: str, seed: str, success: str) -> str:
    if shows == "demonstration":
        return f"{task}: demonstration"
    return f"agent ({label}, seed {seed}): {100 * float(success):.0f} % of episodes succeed"


def _median_runs(results: Results, task: str) -> list[tuple[Run, float, Path]]:
    """One run a method that has a goal: of median success, so that none is picked."""
    plan = results.comparison
    found = []
    for name, method in plan.methods.items():
        runs = [
            (results.scores_of[run][plan.policies[0]]["success"], run)
            for run in results.videos
            if (run.task, run.method, run.phase) == (task, name, plan.phases[0])
            and plan.policies[0] in results.scores_of.get(run, {})
        ]
        if runs and "goal" in method.reward:
            success, run = median_low(runs)
            found.append((run, success, results.videos[run]))
    return found


def _strip(path: Path) -> Picture:
    """A few frames, evenly spaced, the last included, as small as they are shown."""
    frames = _of_demo(path) if path.suffix == ".npz" else _of_video(path)
    picked = frames[np.linspace(0, len(frames) - 1, _FRAMES).round().astype(int)]
    small = resize(picked, round(_SIDE * frames.shape[2] / frames.shape[1]), _SIDE)
    return contact_sheet(small, columns=len(small), gap=_GAP)


def _of_video(path: Path) -> Frames:
    from showtell.media.video import read_video

    return read_video(path)[0]


def _of_demo(path: Path) -> Frames:
    from showtell.demos.demo import Demo

    frames: Frames = Demo.load(path).frames[0]
    return frames


PARTS = {"filmstrips": (FilmstripsSettings, "Filmstrips")}
