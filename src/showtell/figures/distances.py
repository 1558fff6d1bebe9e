"""Distances to a goal along rollouts of known kinds, and how well their ends tell successes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from showtell.figures.style import INK, SOFT, STYLE_COLUMNS, WIDTH, style, styles, styles_in
from showtell.media.frames import Picture, contact_sheet
from showtell.results.distances import curve, fits
from showtell.results.reading import Method, Results
from showtell.results.table import Table, Value
from showtell.studies.study import read_strips
from showtell.study.needs import FigureNeeds
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OWN = "same"
# A kind of the study -> what became of it, its name in the figure and its colour.
_KINDS = {
    "script": ("1", "success", "#009e73"),
    "miss": ("0", "miss: the thing stays", "#d55e00"),
    "stalled": ("0", "stalled", "#0072b2"),
    "random": ("0", "random", SOFT),
}
_MARKERS = "osD^vP*X"
_STRIPS = {"script": "a success", "miss": "a miss"}
_COLUMNS = ("method", *STYLE_COLUMNS, "scene", "kind", "x", "value", "file")


class DistancesFigureSettings(FigureSettings):
    """Which study of distances is drawn, on which task."""

    kind: Literal["distances"]
    study: str
    task: str

    def needs(self) -> FigureNeeds:
        """Its study."""
        return FigureNeeds({self.study: "distances"}, ())


class DistancesFigure:
    """Mean curves in the task's own scene, a panel a method; frames; below, areas in all scenes."""

    def __init__(self, settings: DistancesFigureSettings) -> None:
        self._study, self._task = settings.study, settings.task

    def table(self, results: Results) -> Table:
        """Mean distances as a share of the start's, areas, whose kind is empty, and frames."""
        rows: list[tuple[Value, ...]] = []
        table = results.study_tables(self._study).get(self._task)
        if table is None:
            return Table(_COLUMNS, ())
        known = results.comparison.methods
        measured = [known.get(name) or _unnamed(name) for name in table.distinct("method")]
        style_of = styles(measured)
        for method in style_of:
            named = (method, *style_of[method])
            of_method = table.where(method=method)
            for kind, (success, _, _) in _KINDS.items():
                of_kind = of_method.where(scene=_OWN, kind=kind, success=success)
                if not of_kind.rows:
                    continue
                found = curve(of_kind, "distances")
                mean = (found / found[:, :1]).mean(axis=0)
                for share, value in zip(np.linspace(0, 1, len(mean)), mean, strict=True):
                    rows.append((*named, _OWN, kind, float(share), float(value), None))
            for fit in fits(of_method):
                rows.append((*named, fit.scene, None, None, fit.auc, None))
        if rows and (path := results.strips.get((self._task, self._study))) is not None:
            rows.append((*rows[0][: 1 + len(STYLE_COLUMNS)], _OWN, "frames", None, None, str(path)))
        return Table.of(_COLUMNS, rows)

    def draw(self, table: Table) -> "Figure":
        """Two panels a row, then one of areas over the whole width."""
        from matplotlib.figure import Figure

        strips = _strips(table.where(kind="frames"))
        curves = Table(table.columns, tuple(row for row in table.rows if row[5]))
        methods = styles_in(table)
        lines = -(-len(methods) // 2)
        below = 0.9 + 0.3 * len(methods)
        with style():
            heights = [1.5] * lines + [_height(strip) for strip in strips.values()]
            above = 0.5 + sum(heights)
            figure = Figure(figsize=(WIDTH, above + below))
            # Apart, so that the names beside the areas do not narrow the panels of curves.
            parts: Any = figure.subfigures(2, 1, height_ratios=[above, below])
            upper, lower = parts
            grid = upper.add_gridspec(len(heights), 2, height_ratios=heights)
            for place, (kind, strip) in enumerate(strips.items()):
                axis = upper.add_subplot(grid[lines + place, :])
                axis.imshow(strip, interpolation="none", aspect="auto")
                axis.set_axis_off()
                axis.set_title(f"Frames of {_STRIPS[kind]}")
            first: Axes | None = None
            for place, (method, named) in enumerate(methods.items()):
                axis = upper.add_subplot(grid[place // 2, place % 2], sharey=first, sharex=first)
                first = first or axis
                _draw_curves(axis, curves.where(method=method))
                axis.set_title(named.label)
                axis.label_outer()
                if place % 2 == 0:
                    axis.set_ylabel("distance / start")
                if place + 2 >= len(methods):
                    axis.set_xlabel("share of the episode")
                    axis.tick_params(labelbottom=True)
            if first is not None:
                # One distance far below the goal's own, or above, leaves room for the others.
                low, high = first.get_ylim()
                first.set_ylim(max(low, -0.6), min(high, 2.4))
                handles = first.get_legend_handles_labels()
                upper.legend(*handles, loc="outside upper left", ncols=2, handlelength=1.4)
            _draw_areas(lower.add_subplot(), table.where(kind=""))
        return figure


def _unnamed(name: str) -> Method:
    """A distance that no method trains on."""
    return Method(name=name, label=name, reward={"kind": "distance"})


def _strips(named: Table) -> dict[str, Picture]:
    """The frames of each kind, side by side."""
    if not named.rows:
        return {}
    found = read_strips(Path(named.column("file")[0]))
    return {kind: contact_sheet(found[kind], len(found[kind])) for kind in _STRIPS if kind in found}


def _height(strip: Picture) -> float:
    """In inches, below a title."""
    height, width = strip.shape[:2]
    return float(WIDTH * height / width + 0.3)


def _draw_curves(axis: "Axes", table: Table) -> None:
    for kind, (_, label, colour) in _KINDS.items():
        line = table.where(kind=kind)
        # An empty one keeps the key the same whatever rollouts there are.
        axis.plot(line.numbers("x"), line.numbers("value"), color=colour, label=label)
    axis.axhline(0, color=INK, linewidth=0.6)
    axis.margins(x=0.02)


def _draw_areas(axis: "Axes", table: Table) -> None:
    """One row a method, one mark a scene."""
    methods = styles_in(table)
    scenes = table.distinct("scene")
    for number, scene in enumerate(scenes):
        away = (number - (len(scenes) - 1) / 2) * 0.6 / max(len(scenes), 1)
        marks: dict[str, Any] = {"linestyle": "none", "marker": _MARKERS[number % 8]}
        for height, (method, named) in enumerate(methods.items()):
            found = table.where(method=method, scene=scene).numbers("value")
            places = [height + away] * len(found)
            axis.plot(found, places, **marks, color=named.colour, markersize=4.5, clip_on=False)
        axis.plot([], [], **marks, color=INK, markersize=4.5, label=scene)
    axis.axvline(0.5, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
    axis.set_xlim(0, 1)
    axis.set_yticks(range(len(methods)), [named.label for named in methods.values()])
    axis.set_ylim(len(methods) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0, labelcolor=INK)
    axis.set_xlabel("AUC, 0.5: chance")
    axis.set_title("Success AUC of the last distance")
    columns = min(len(scenes), 4)
    axis.legend(loc="upper center", bbox_to_anchor=(0.4, -0.42 / (0.5 + 0.3 * len(methods))),
                ncols=columns, handletextpad=0.1, columnspacing=0.8)  # fmt: skip


PARTS = {"distances": (DistancesFigureSettings, "DistancesFigure")}
