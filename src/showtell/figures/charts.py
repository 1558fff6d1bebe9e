"""Figures that many papers share: a table of what is drawn, and the drawing of that table."""

import importlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from showtell.figures.style import INK, PAPER, Look, looks, panels, style
from showtell.project.errors import UserError, nearest
from showtell.results.estimates import interval
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.studies import statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Chart(NamedTuple):
    """One kind of figure. It is drawn from its table alone: the CSV holds all that is seen."""

    table: Callable[[Results], Table]  # without rows where there is nothing to draw yet
    draw: Callable[[Table], "Figure"]


def chart(paper: str, figure: str) -> Chart:
    """The chart that a paper calls by this name."""
    known: dict[str, Chart] = importlib.import_module(f"showtell.papers.{paper}.figures").FIGURES
    if figure not in known:
        raise UserError(f"{paper} has no figure {figure!r}; {nearest(figure, known)}")
    return known[figure]


def alpha(results: Results, method: str) -> float | None:
    """The strength of a method's reward, if it has one."""
    value = results.comparison.methods[method].get("alpha")
    return None if value is None else float(value)


def looks_in(table: Table) -> dict[str, Look]:
    """A look for each method of a table that has the columns `method` and `alpha`."""
    strengths = dict(zip(table.column("method"), table.numbers("alpha"), strict=True))
    return looks(list(strengths), list(strengths.values()))


# --- success: every seed a dot ---


def success_table(results: Results) -> Table:
    """Success a policy after the last phase: one row a seed, and one (no seed) for the IQM."""
    columns = ("task", "method", "alpha", "policy", "seed", "success", "low", "high")
    plan = results.comparison
    rows: list[tuple[Value, ...]] = []
    for task in plan.tasks:
        for method in plan.methods:
            for policy in plan.policies:
                key = (method, plan.phases[-1], policy, "success", task)
                seeds = [
                    (run.seed, scores[policy]["success"])
                    for run, scores in sorted(results.scores_of.items())
                    if (run.task, run.method, run.phase) == (task, method, plan.phases[-1])
                ]
                if seeds:
                    value, low, high, _ = interval(results, *key)
                    named = (task, method, alpha(results, method), policy)
                    rows.append((*named, None, value, low, high))
                    rows += [(*named, seed, score, None, None) for seed, score in seeds]
    return Table.of(columns, rows)


def draw_success(table: Table) -> "Figure":
    """One row a method, the deterministic policy above the stochastic one."""
    with style():
        tasks, look = table.distinct("task"), looks_in(table)
        rows = len(look)
        figure, axes = panels(len(tasks), 0.55 + len(tasks) * (0.25 + 0.42 * rows))
        for axis, task in zip(axes, tasks, strict=True):
            one_task = table.where(task=task)
            policies = sorted(table.distinct("policy"))
            for row, method in enumerate(look):
                for place, policy in enumerate(policies):
                    height = row + (place - (len(policies) - 1) / 2) * 0.36
                    found = one_task.where(method=method, policy=policy)
                    filled = policy == "deterministic"
                    draw_dots(axis, found, height, look[method].colour, filled)
            axis.set_yticks(range(rows), [entry.label for entry in look.values()])
            axis.tick_params(axis="y", length=0, labelcolor=INK)
            axis.set_ylim(rows - 0.45, -0.55)
            axis.set_xlim(-0.03, 1.03)
            axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
            axis.grid(axis="y", visible=False)
            axis.spines["left"].set_visible(False)
            if len(tasks) > 1:
                axis.set_title(task)
        axes[-1].set_xlabel("episodes that succeed")
        for policy, filled in (("deterministic", True), ("stochastic", False)):
            axes[0].plot([], [], **dot(INK, filled), label=policy)
        figure.legend(loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1.2)
        return figure


def draw_dots(axis: "Axes", table: Table, height: float, colour: str, filled: bool) -> None:
    """Every seed a dot at this height, the IQM a tick, its interval a line."""
    whole, seeds = table.where(seed=""), [row for row in table.column("seed") if row]
    if not seeds:
        return
    low, high = whole.numbers("low")[0], whole.numbers("high")[0]
    if not math.isnan(low):
        axis.plot([low, high], [height, height], color=colour, linewidth=2.2, alpha=0.55)
    middle = whole.numbers("success")[0]
    axis.plot([middle] * 2, [height - 0.13, height + 0.13], color=colour, linewidth=2.2)
    scores = [table.where(seed=seed).numbers("success")[0] for seed in seeds]
    for place, score in enumerate(scores):
        ties = scores.count(score)  # equal seeds would hide each other: a stack of them
        shift = (scores[:place].count(score) - (ties - 1) / 2) * min(0.24 / ties, 0.07)
        axis.plot([score], [height + shift], **dot(colour, filled), clip_on=False)


def dot(colour: str, filled: bool) -> dict[str, Any]:
    """How a seed is drawn."""
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": 5.0 if filled else 4.4,
        "markerfacecolor": colour if filled else PAPER,
        "markeredgecolor": PAPER if filled else colour,
        "markeredgewidth": 0.6 if filled else 1.1,
    }


# --- learning: what the agent does while it learns ---

_PANELS = {"success": "success while training", "true_return": "true return of an episode"}


def learning_table(results: Results) -> Table:
    """True success and return over steps: IQM rows (no seed) with intervals, and each seed's."""
    columns = ("task", "method", "alpha", "measure", "step", "seed", "value", "low", "high")
    plan = results.comparison
    rows: list[tuple[Value, ...]] = []
    for task in plan.tasks:
        for method in plan.methods:
            for measure in _PANELS:
                steps, lines = results.curves(method, plan.phases[0], task, measure)
                if not steps:
                    continue
                stream = plan.generator("curve", task, method, measure)
                named = (task, method, alpha(results, method), measure)
                middle = statistics.iqm_curve(np.array(list(lines.values())), stream)
                for step, *ends in zip(steps, *middle, strict=True):
                    rows.append((*named, step, None, *map(float, ends)))
                for seed, line in lines.items():
                    rows += [
                        (*named, step, seed, value, None, None)
                        for step, value in zip(steps, line, strict=True)
                    ]
    return Table.of(columns, rows)


def draw_learning(table: Table) -> "Figure":
    """Two panels a task; IQM thick, its interval a band, seeds thin."""
    with style():
        from matplotlib.ticker import EngFormatter, PercentFormatter

        tasks, look = table.distinct("task"), looks_in(table)
        figure, axes = panels(len(tasks) * len(_PANELS), 0.5 + 2.0 * len(tasks) * len(_PANELS))
        places = [(task, measure) for task in tasks for measure in _PANELS]
        for axis, (task, measure) in zip(axes, places, strict=True):
            for method, entry in look.items():
                draw_lines(axis, table.where(task=task, measure=measure, method=method), entry)
            axis.set_title(_PANELS[measure] + (f" · {task}" if len(tasks) > 1 else ""))
            axis.xaxis.set_major_formatter(EngFormatter(sep=""))
            axis.margins(x=0.01)
            if measure == "success":
                axis.set_ylim(-0.03, 1.03)
                axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
            axis.sharex(axes[0])
        axes[-1].set_xlabel("environment steps")
        draw_key(figure, look)
        return figure


def draw_lines(axis: "Axes", table: Table, look: Look) -> None:
    """Rows of `step`, `seed` and `value`: the IQM thick, its interval a band, seeds thin."""
    for seed in [name for name in table.distinct("seed") if name]:
        line = table.where(seed=seed)
        axis.plot(
            line.numbers("step"),
            line.numbers("value"),
            color=look.colour,
            linewidth=0.6,
            alpha=0.45,
        )
    whole = table.where(seed="")
    steps = whole.numbers("step")
    axis.fill_between(
        steps,
        whole.numbers("low"),
        whole.numbers("high"),
        color=look.colour,
        alpha=0.16,
        linewidth=0,
    )
    axis.plot(steps, whole.numbers("value"), color=look.colour, linestyle=look.dashes)


def draw_key(figure: "Figure", look: dict[str, Look]) -> None:
    """Names of the methods above the panels, in their order."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=entry.colour, linestyle=entry.dashes, label=entry.label)
        for entry in look.values()
    ]
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=min(len(handles), 3),
        handlelength=1.6,
        columnspacing=1.2,
    )
