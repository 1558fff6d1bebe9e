"""Histograms of the reward over goal states and all others (VLM-RM, Figure 7)."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from showtell.figures.style import INK, PAPER, SOFT, STYLE_COLUMNS, panels, style, styles, styles_in
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.study.needs import FigureNeeds
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SEPARATION = ("auc", "goal_mean", "other_mean")
_KINDS = {"0": ("other states", SOFT), "1": ("goal states", INK)}


class GoalStatesFigureSettings(FigureSettings):
    """Which study of goal states is drawn."""

    kind: Literal["goal_states"]
    study: str

    def needs(self) -> FigureNeeds:
        """Its study."""
        return FigureNeeds({self.study: "goal_states"}, ())


class GoalStatesFigure:
    """Two histograms a method, one below another by size; dotted lines are the means."""

    def __init__(self, settings: GoalStatesFigureSettings) -> None:
        self._study = settings.study

    def table(self, results: Results) -> Table:
        """Share of the goal states, and of the others, in each bin; one row a bin."""
        style_of = styles(results.comparison.methods.values())
        rows: list[tuple[Value, ...]] = []
        for task, table in results.study_tables(self._study).items():
            for method in table.distinct("method"):
                if method not in style_of:
                    continue
                of = table.where(method=method)
                (means,) = of.where(shows="separation", versus="").pick(_SEPARATION)
                bins = of.where(shows="histogram")
                for goal in bins.distinct("goal"):
                    counted = bins.where(goal=goal)
                    counts = np.array(counted.numbers("states"))
                    named = (task, method, *style_of[method], *means, goal)
                    rows += [
                        (*named, at, int(count), float(count / max(counts.sum(), 1)))
                        for at, count in zip(counted.numbers("at"), counts, strict=True)
                    ]
        columns = ("task", "method", *STYLE_COLUMNS, *_SEPARATION, "goal", "at", "states", "share")
        return Table.of(columns, rows)

    def draw(self, table: Table) -> "Figure":
        """A panel a task and method."""
        with style():
            shown = [(t, m) for t in table.distinct("task") for m in table.distinct("method")]
            shown = [(t, m) for t, m in shown if table.where(task=t, method=m).rows]
            figure, axes = panels(len(shown), 0.6 + 1.25 * len(shown))
            several = len(table.distinct("task")) > 1
            for axis, (task, method) in zip(axes, shown, strict=True):
                one = table.where(task=task, method=method)
                _draw_histograms(axis, one)
                auc = one.numbers("auc")[0]
                title = styles_in(one)[method].label + (f" · {task}" if several else "")
                axis.set_title(title)
                axis.set_title(
                    f"AUC {auc:.2f}" if auc == auc else "constant", loc="right", color=SOFT
                )
            axes[-1].set_xlabel("reward, in standard deviations from its mean")
            handles, labels = axes[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside upper left", ncols=2)
            return figure


def _draw_histograms(axis: "Axes", table: Table) -> None:
    for goal, (name, colour) in _KINDS.items():
        one = table.where(goal=goal)
        if not one.rows:
            continue
        at, shares = one.numbers("at"), one.numbers("share")
        width = at[1] - at[0] if len(at) > 1 else 1.0
        axis.bar(
            at, shares, width, color=colour, alpha=0.45, edgecolor=PAPER, linewidth=0.3, label=name
        )
        mean = one.numbers("goal_mean" if goal == "1" else "other_mean")[0]
        if mean == mean:
            axis.axvline(mean, color=colour, linewidth=1.2, linestyle=(0, (1, 1.4)))
    axis.margins(x=0.01)
    axis.set_yticks([])
    axis.grid(axis="y", visible=False)
    axis.set_ylabel("share")


PARTS = {"goal_states": (GoalStatesFigureSettings, "GoalStatesFigure")}
