"""Learning curves: what the agents do while they learn."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from showtell.figures.marks import draw_key, draw_lines
from showtell.figures.style import STYLE_COLUMNS, panels, style, styles, styles_in
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.studies import statistics
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = (
    *("task", "method", *STYLE_COLUMNS, "measure"),
    *("step", "seed", "value", "low", "high"),
)
_PANELS = {"success": "success while training", "true_return": "true return of an episode"}


class LearningSettings(FigureSettings):
    """The learning curves of the first phase."""

    kind: Literal["learning"]


class Learning:
    """True success and return over steps: the IQM thick, its interval a band, seeds thin."""

    def __init__(self, settings: LearningSettings) -> None:
        self._settings = settings

    def table(self, results: Results) -> Table:
        """IQM rows (no seed) with intervals, and each seed's."""
        plan, style_of = results.comparison, styles(results.comparison.methods.values())
        rows: list[tuple[Value, ...]] = []
        for task in plan.tasks:
            for method in plan.methods:
                for measure in _PANELS:
                    steps, lines = results.curves(method, plan.phases[0], task, measure)
                    if not steps:
                        continue
                    stream = plan.generator("curve", task, method, measure)
                    named = (task, method, *style_of[method], measure)
                    middle = statistics.iqm_curve(np.array(list(lines.values())), stream)
                    for step, *ends in zip(steps, *middle, strict=True):
                        rows.append((*named, step, None, *map(float, ends)))
                    for seed, line in lines.items():
                        rows += [
                            (*named, step, seed, value, None, None)
                            for step, value in zip(steps, line, strict=True)
                        ]
        return Table.of(_COLUMNS, rows)

    def draw(self, table: Table) -> "Figure":
        """Two panels a task."""
        with style():
            from matplotlib.ticker import EngFormatter, PercentFormatter

            tasks, methods = table.distinct("task"), styles_in(table)
            figure, axes = panels(len(tasks) * len(_PANELS), 0.5 + 2.0 * len(tasks) * len(_PANELS))
            places = [(task, measure) for task in tasks for measure in _PANELS]
            for axis, (task, measure) in zip(axes, places, strict=True):
                for method, entry in methods.items():
                    draw_lines(axis, table.where(task=task, measure=measure, method=method), entry)
                axis.set_title(_PANELS[measure] + (f" · {task}" if len(tasks) > 1 else ""))
                axis.xaxis.set_major_formatter(EngFormatter(sep=""))
                axis.margins(x=0.01)
                if measure == "success":
                    axis.set_ylim(-0.03, 1.03)
                    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
                axis.sharex(axes[0])
            axes[-1].set_xlabel("environment steps")
            draw_key(figure, methods)
            return figure


PARTS = {"learning": (LearningSettings, "Learning")}
