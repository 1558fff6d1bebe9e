"""Reward landscapes: a curve for each strength α (VLM-RM, Figure 2)."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from showtell.figures.style import (
    INK,
    SOFT,
    STYLE_COLUMNS,
    MethodStyle,
    panels,
    style,
    styles,
    styles_in,
)
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.study.needs import FigureNeeds
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GOALS = {"pole_angle": 0.0, "car_position": 0.5}  # the vertical lines of Figure 2
_FITS = 60  # letters beside each other above the colour bar
_AXES = {"pole_angle": "pole angle (rad)", "car_position": "position of the car"}


class LandscapeFigureSettings(FigureSettings):
    """Which landscape study is drawn."""

    kind: Literal["landscape"]
    study: str

    def needs(self) -> FigureNeeds:
        """Its study."""
        return FigureNeeds({self.study: "landscape"}, ())


class Landscape:
    """Figure 2a: one curve a method, coloured as in a colour bar; the goal is marked."""

    def __init__(self, settings: LandscapeFigureSettings) -> None:
        self._study = settings.study

    def table(self, results: Results) -> Table:
        """Rewards over one variable, raw and rescaled to 0–1 as in Figure 2."""
        columns = ("task", "method", *STYLE_COLUMNS, "variable", "x", "reward", "rescaled")
        style_of = styles(results.comparison.methods.values())
        rows: list[tuple[Value, ...]] = []
        for task, table in results.study_tables(self._study).items():
            variable = results.study_settings(self._study)["variable"]
            for row in table.pick(("method", variable, "reward", "rescaled", "true_reward")):
                method, *numbers = row
                if method in style_of:
                    rows.append((task, method, *style_of[method], variable, *numbers))
        return Table.of((*columns, "true_reward"), rows)

    def draw(self, table: Table) -> "Figure":
        """A panel a task, below the colour bar."""
        with style():
            tasks = table.distinct("task")
            methods = list(styles_in(table).values())
            short = len(methods) * max(len(entry.label) for entry in methods) <= _FITS
            head = 0.06 if short else 0.06 * (1 + len(methods) // 2)
            ratios = [head] + [1.0] * len(tasks)
            figure, axes = panels(1 + len(tasks), 0.3 + 2.5 * (head + len(tasks)), ratios)
            (_draw_bar if short else _draw_names)(axes[0], methods)
            for axis, task in zip(axes[1:], tasks, strict=True):
                if len(tasks) > 1:
                    axis.set_title(task)
                one_task = table.where(task=task)
                variable = one_task.column("variable")[0]
                _draw_goal(axis, one_task, variable)
                for method, entry in styles_in(one_task).items():
                    line = one_task.where(method=method)
                    axis.plot(line.numbers("x"), line.numbers("rescaled"), color=entry.colour)
                axis.set_ylim(-0.04, 1.06)
                axis.set_yticks([0, 0.5, 1])
                axis.margins(x=0)
                axis.set_ylabel("reward, rescaled")
                axis.set_xlabel(_AXES.get(variable, variable.replace("_", " ")))
            return figure


def _draw_goal(axis: "Axes", table: Table, variable: str) -> None:
    """A line at the goal, and a band where the ground truth is content."""
    if variable in _GOALS:
        axis.axvline(_GOALS[variable], color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
    first = table.where(method=table.column("method")[0])
    x, truth = first.numbers("x"), np.array(first.numbers("true_reward"))
    content = truth > (truth.min() + truth.max()) / 2
    axis.fill_between(
        x, 0, 1, content, transform=axis.get_xaxis_transform(), color=SOFT, alpha=0.12, linewidth=0
    )


def _draw_bar(axis: "Axes", methods: list[MethodStyle]) -> None:
    """The methods side by side: a colour bar of as many steps."""
    for place, entry in enumerate(methods):
        axis.axvspan(place, place + 1, color=entry.colour, linewidth=0)
    axis.set_xlim(0, len(methods))
    axis.set_xticks([place + 0.5 for place in range(len(methods))], [m.label for m in methods])
    axis.tick_params(axis="both", length=0, labeltop=True, labelbottom=False, left=False)
    axis.set_yticks([])
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)


def _draw_names(axis: "Axes", methods: list[MethodStyle]) -> None:
    """The methods by name, two a line, where a colour bar has no place for their names."""
    for entry in methods:
        axis.plot([], [], color=entry.colour, label=entry.label)
    axis.legend(loc="center", ncols=2, borderaxespad=0, frameon=False)
    axis.set_axis_off()


PARTS = {
    "landscape": (LandscapeFigureSettings, "Landscape"),
}
