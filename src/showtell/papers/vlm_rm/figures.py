"""The figures of VLM-RM: reward landscapes, EPIC, learning and success."""

from typing import TYPE_CHECKING

import numpy as np

from showtell.figures.charts import (
    Chart,
    draw_learning,
    draw_success,
    learning_table,
    looks_in,
    success_table,
)
from showtell.figures.style import INK, SOFT, panels, strength_colour, style
from showtell.results.reading import Results
from showtell.results.table import Table, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GOALS = {"pole_angle": 0.0, "car_position": 0.5}  # the vertical lines of Figure 2
_AXES = {"pole_angle": "pole angle (rad)", "car_position": "position of the car"}


def landscape_table(results: Results) -> Table:
    """Rewards over one variable, raw and rescaled to 0–1 as in Figure 2."""
    columns = ("task", "method", "alpha", "variable", "x", "reward", "rescaled", "true_reward")
    rows: list[tuple[Value, ...]] = []
    for task, table in results.studies_called("landscape").items():
        variable = results.study_settings("landscape")["variable"]
        for row in table.pick(("method", "alpha", variable, "reward", "rescaled", "true_reward")):
            method, strength, *numbers = row
            if strength:
                rows.append((task, method, strength, variable, *numbers))
    return Table.of(columns, rows)


def draw_landscape(table: Table) -> "Figure":
    """Figure 2a: one curve an α, coloured as in a colour bar; the goal is marked."""
    with style():
        tasks = table.distinct("task")
        figure, axes = panels(1 + len(tasks), 0.45 + 2.5 * len(tasks), [0.06] + [1.0] * len(tasks))
        strengths = sorted(set(table.numbers("alpha")))
        _draw_bar(axes[0], strengths)
        for axis, task in zip(axes[1:], tasks, strict=True):
            one_task = table.where(task=task)
            variable = one_task.column("variable")[0]
            _draw_goal(axis, one_task, variable)
            for method, look in looks_in(one_task).items():
                line = one_task.where(method=method)
                axis.plot(line.numbers("x"), line.numbers("rescaled"), color=look.colour)
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


def _draw_bar(axis: "Axes", strengths: list[float]) -> None:
    """The strengths that exist, side by side: a colour bar of as many steps."""
    count = len(strengths)
    for place, strength in enumerate(strengths):
        axis.axvspan(place, place + 1, color=strength_colour(strength), linewidth=0)
    axis.set_xlim(0, count)
    axis.set_xticks(
        [place + 0.5 for place in range(count)], [f"{strength:g}" for strength in strengths]
    )
    axis.tick_params(axis="both", length=0, labeltop=True, labelbottom=False, left=False)
    axis.set_yticks([0.5], ["α"])
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)


def epic_table(results: Results) -> Table:
    """EPIC distance to the success of a state, as in the paper; one row a strength."""
    columns = ("task", "method", "alpha", "epic", "low", "high", "states")
    rows: list[tuple[Value, ...]] = []
    for task, table in results.studies_called("epic").items():
        for method, strength, *numbers in table.where(against="success").pick(columns[1:]):
            if strength:
                rows.append((task, method, strength, *numbers))
    return Table.of(columns, rows)


def draw_epic(table: Table) -> "Figure":
    """EPIC over α, with its interval over states."""
    with style():
        tasks = table.distinct("task")
        figure, axes = panels(len(tasks), 0.35 + 2.2 * len(tasks))
        for axis, task in zip(axes, tasks, strict=True):
            line = table.where(task=task)
            x, y = line.numbers("alpha"), line.numbers("epic")
            low, high = line.numbers("low"), line.numbers("high")
            axis.plot(x, y, color=SOFT, linewidth=1.0)
            for strength, value, *ends in zip(x, y, low, high, strict=True):
                colour = strength_colour(strength)
                axis.plot([strength] * 2, ends, color=colour, linewidth=2.6, alpha=0.5)
                axis.plot([strength], [value], "o", color=colour, markersize=5.5)
            axis.set_ylim(0, 1.02 if max(high) > 0.75 else 0.8)
            axis.set_xlim(-0.06, 1.06)
            axis.set_xticks(sorted({0.0, 0.25, 0.5, 0.75, 1.0} | set(x)))
            axis.set_ylabel("EPIC distance" + (f" · {task}" if len(tasks) > 1 else ""))
        axes[-1].set_xlabel("α, strength of the regularisation")
        return figure


FIGURES: dict[str, Chart] = {
    "landscape": Chart(landscape_table, draw_landscape),
    "learning": Chart(learning_table, draw_learning),
    "success": Chart(success_table, draw_success),
    "epic": Chart(epic_table, draw_epic),
}
