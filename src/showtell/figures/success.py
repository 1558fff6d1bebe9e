"""Success of trained policies: every seed a dot, the IQM with its interval."""

from typing import TYPE_CHECKING, Literal

from showtell.figures.marks import (
    EITHER,
    dot,
    draw_dots,
    draw_either,
    name_either,
    success_rows,
)
from showtell.figures.style import INK, STYLE_COLUMNS, panels, style, styles, styles_in
from showtell.results.estimates import interval
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = ("task", "method", *STYLE_COLUMNS, "policy", "seed", "success", "low", "high", *EITHER)


class SuccessSettings(FigureSettings):
    """The success of every method after its last phase."""

    kind: Literal["success"]


class Success:
    """One row a method, the deterministic policy above the stochastic one."""

    def __init__(self, settings: SuccessSettings) -> None:
        self._settings = settings

    def table(self, results: Results) -> Table:
        """One row a seed, and one (no seed) for the IQM."""
        plan, style_of = results.comparison, styles(results.comparison.methods.values())
        rows: list[tuple[Value, ...]] = []
        for task in plan.tasks:
            for method in plan.methods:
                for policy in plan.policies:
                    key = (method, plan.phases[-1], policy, "success", task)
                    seeds = [
                        (run.seed, scores[policy])
                        for run, scores in sorted(results.scores_of.items())
                        if (run.task, run.method, run.phase) == (task, method, plan.phases[-1])
                    ]
                    if seeds:
                        value, low, high, _ = interval(results, *key)
                        named = (task, method, *style_of[method], policy)
                        either = [
                            interval(results, *key[:3], metric, task).value for metric in EITHER
                        ]
                        rows.append((*named, None, value, low, high, *either))
                        rows += [
                            (*named, seed, score["success"], None, None, *map(score.get, EITHER))
                            for seed, score in seeds
                        ]
        return Table.of(_COLUMNS, rows)

    def draw(self, table: Table) -> "Figure":
        """A panel a task."""
        with style():
            tasks, methods = table.distinct("task"), styles_in(table)
            rows = len(methods)
            figure, axes = panels(len(tasks), 0.55 + len(tasks) * (0.25 + 0.42 * rows))
            for axis, task in zip(axes, tasks, strict=True):
                one_task = table.where(task=task)
                policies = sorted(table.distinct("policy"))
                for row, method in enumerate(methods):
                    for place, policy in enumerate(policies):
                        height = row + (place - (len(policies) - 1) / 2) * 0.36
                        found = one_task.where(method=method, policy=policy)
                        filled = policy == "deterministic"
                        draw_dots(axis, found, height, methods[method].colour, filled)
                        for whole in found.where(seed="").pick(tuple(EITHER)):
                            values = dict(zip(EITHER, map(float, whole), strict=True))
                            draw_either(axis, values, height, methods[method].colour, 0.17)
                success_rows(axis, [entry.label for entry in methods.values()])
                if len(tasks) > 1:
                    axis.set_title(task)
            axes[-1].set_xlabel("episodes that succeed")
            for policy, filled in (("deterministic", True), ("stochastic", False)):
                axes[0].plot([], [], **dot(INK, filled), label=policy)
            name_either(axes[0])
            figure.legend(loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1.2)
            return figure


PARTS = {"success": (SuccessSettings, "Success")}
