"""Zero-shot success: what policies do that learned from the first phase alone."""

from typing import TYPE_CHECKING, Literal

from showtell.figures.marks import (
    EITHER,
    dot,
    draw_dots,
    draw_either,
    draw_lines,
    finish_curve,
    name_either,
    success_rows,
)
from showtell.figures.phases import FINAL, ORACLE, phase_table
from showtell.figures.style import INK, MethodStyle, panels, style, styles_in
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class ZeroShotSettings(FigureSettings):
    """The success of every method after the first phase, and while it learned."""

    kind: Literal["zero_shot"]


class ZeroShot:
    """Every seed a dot, the IQM a tick; below, the success while the agents learned."""

    def __init__(self, settings: ZeroShotSettings) -> None:
        self._settings = settings

    def table(self, results: Results) -> Table:
        """Curves and scores of the first phase."""
        return phase_table(results, results.comparison.phases[:1])

    def draw(self, table: Table) -> "Figure":
        """A row a method for each task, and below it the success while the agents learn."""
        with style():
            tasks, methods = table.distinct("task"), styles_in(table)
            curves = table.where(shows="curve", measure="success")
            heights = [0.32 + 0.3 * len(methods)] * len(tasks)
            heights += [1.7] * (len(tasks) if curves.rows else 0)
            figure, axes = panels(len(heights), 0.6 + sum(heights), heights)
            scores = table.where(shows="score", measure="success")
            for axis, task in zip(axes, tasks, strict=False):
                _draw_rows(axis, table.where(shows="score", task=task), methods)
                axis.set_title(task)
            axes[len(tasks) - 1].set_xlabel("episodes that succeed, zero-shot")
            for axis, task in zip(axes[len(tasks) :], tasks, strict=False):
                for method, entry in methods.items():
                    draw_lines(axis, curves.where(task=task, method=method), entry)
                finish_curve(axis, f"{task}, while pretraining", "success")
                axis.set_ylabel("success")
            if curves.rows:
                axes[-1].set_xlabel("environment steps")
            _draw_policies(figure, axes[0], scores.distinct("policy"))
            return figure


def _draw_rows(axis: "Axes", table: Table, methods: dict[str, MethodStyle]) -> None:
    policies = table.distinct("policy")
    for row, method in enumerate(methods):
        for place, policy in enumerate(policies):
            height = row + (place - (len(policies) - 1) / 2) * 0.36
            of, colour = table.where(method=method, policy=policy), methods[method].colour
            found = _with_success(of.where(measure="success"))
            draw_dots(axis, found, height, colour, policy != ORACLE)
            whole = {metric: of.where(measure=metric, seed="") for metric in EITHER}
            either = {
                metric: rows.numbers("value")[0] for metric, rows in whole.items() if rows.rows
            }
            draw_either(axis, either, height, colour, 0.2 if len(policies) == 1 else 0.15)
    success_rows(axis, [entry.label for entry in methods.values()])


def _with_success(table: Table) -> Table:
    """The column `value` under the name by which dots are drawn."""
    return Table(tuple("success" if c == "value" else c for c in table.columns), table.rows)


def _draw_policies(figure: "Figure", axis: "Axes", policies: list[str]) -> None:
    names = {FINAL: "at the end of training", ORACLE: "best by true return"}
    for policy in policies:
        axis.plot([], [], **dot(INK, policy != ORACLE), label=names.get(policy, policy))
    name_either(axis)
    figure.legend(
        *axis.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=2,
        handletextpad=0.2,
        columnspacing=1.2,
    )


PARTS = {"zero_shot": (ZeroShotSettings, "ZeroShot")}
