"""One picture of the measurement: score against truth, or distance against time."""

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from showtell.figures.style import WIDTH, save, style, unordered
from showtell.probe.replays import curves
from showtell.report.graphics import inline
from showtell.results.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def chart(table: Table, method: str, own: str) -> str:
    """As an element of the page."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(WIDTH, 0.9 * WIDTH))
        axis = figure.subplots()
        if "text" in table.columns:
            _scores(axis, table.where(method=method, text=own))
        else:
            _distances(axis, table, method)
        figure.legend(frameon=False, loc="outside lower center", ncols=2)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "probe.svg"
            save(figure, path)
            return inline(path.read_text(), "probe")


def _scores(axis: "Axes", rows: Table) -> None:
    scores, success = np.array(rows.numbers("score")), np.array(rows.numbers("success")) > 0.5
    noise = 100 * np.array(rows.numbers("noise"))
    for kept, label, colour in zip(
        (success, ~success), ("success", "failure"), list(islice(unordered(), 2)), strict=True
    ):
        axis.scatter(noise[kept], scores[kept], s=18, color=colour, label=label)
    axis.set_xlabel("noise in the script (%)")
    axis.set_ylabel("score of the rollout")


def _distances(axis: "Axes", table: Table, method: str) -> None:
    found: dict[str, list[np.ndarray]] = {}
    for kind, success, values in curves(table, method):
        label = "success" if success else kind
        found.setdefault(label, []).append(values)
    for (label, lines), colour in zip(found.items(), unordered(), strict=False):
        mean = np.mean(lines, axis=0)
        axis.plot(np.linspace(0, 100, len(mean)), mean, color=colour, label=label)
    axis.set_xlabel("time (%)")
    axis.set_ylabel("distance to the goal, mean")
