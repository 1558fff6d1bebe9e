"""Figures of agents that are pretrained on one reward and fine-tuned on another.

One table holds both what the agents do while they learn (curves) and what the policies in between
can do (judged), so that a picture may show the zero-shot point on the curve that leaves it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from showtell.figures.charts import alpha, dot, draw_dots, draw_key, draw_lines, looks_in
from showtell.figures.style import INK, PAPER, SOFT, Look, panels, style
from showtell.results.estimates import interval
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.studies import statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PRETRAIN = "pretrain"
COLUMNS = (
    *("shows", "task", "method", "alpha", "phase", "policy", "measure"),
    *("step", "seed", "value", "low", "high"),
)
_FILLED, _OPEN = "deterministic", "deterministic (oracle)"
_TITLES = {"success": "success", "true_return": "true return"}
_RULE = (0, (2, 2))


def journey_table(
    results: Results, phases: tuple[str, ...], methods: tuple[str, ...] | None = None
) -> Table:
    """Curves and judged policies of these phases, of all methods or of some."""
    plan = results.comparison
    rows: list[tuple[Value, ...]] = []
    for task in plan.tasks:
        for method in plan.methods if methods is None else methods:
            for phase in phases:
                if method in plan.methods and phase in plan.phases_of(method):
                    named = (task, method, alpha(results, method), phase)
                    judged = _judged(results, task, method, phase)
                    curves = _curves(results, task, method, phase)
                    rows += [("judged", *named, *rest) for rest in judged]
                    rows += [("curve", *named, *rest) for rest in curves]
    return Table.of(COLUMNS, rows)


def _judged(results: Results, task: str, method: str, phase: str) -> Iterator[tuple[Value, ...]]:
    """(policy, measure, step, seed, value, low, high): the IQM's row has no seed."""
    for policy in policies_shown(results.comparison.policies):
        for measure, metric in (("success", "success"), ("true_return", "return")):
            scores = results.scores(method, phase, policy, metric, task).get(task)
            if not scores:
                continue
            value, low, high, _ = interval(results, method, phase, policy, metric, task)
            yield policy, measure, None, None, value, low, high
            for seed, score in enumerate(scores):
                yield policy, measure, None, seed, score, None, None


def _curves(results: Results, task: str, method: str, phase: str) -> Iterator[tuple[Value, ...]]:
    for measure in _TITLES:
        steps, lines = results.curves(method, phase, task, measure)
        if not steps:
            continue
        stream = results.comparison.generator("curve", task, method, phase, measure)
        middle = statistics.iqm_curve(np.array(list(lines.values())), stream)
        for step, *ends in zip(steps, *middle, strict=True):
            yield None, measure, step, None, *map(float, ends)
        for seed, line in lines.items():
            for step, value in zip(steps, line, strict=True):
                yield None, measure, step, seed, value, None, None


def policies_shown(policies: tuple[str, ...]) -> tuple[str, ...]:
    """The final policy, and beside it the one that the true return would have chosen."""
    known = tuple(policy for policy in (_FILLED, _OPEN) if policy in policies)
    return known or policies[:1]


# --- zero-shot: what pretraining alone has taught ---


def zero_shot_table(results: Results) -> Table:
    """Pretraining alone: the success of its policies, and the way there."""
    return journey_table(results, (PRETRAIN,))


def draw_zero_shot(table: Table) -> "Figure":
    """A row a method for each task, and below it the success while the agents learn."""
    with style():
        tasks, look = table.distinct("task"), looks_in(table)
        curves = table.where(shows="curve", measure="success")
        heights = [0.32 + 0.3 * len(look)] * len(tasks) + [1.7] * (len(tasks) if curves.rows else 0)
        figure, axes = panels(len(heights), 0.6 + sum(heights), heights)
        judged = table.where(shows="judged", measure="success")
        for axis, task in zip(axes, tasks, strict=False):
            _draw_rows(axis, judged.where(task=task), look)
            axis.set_title(task)
        axes[len(tasks) - 1].set_xlabel("episodes that succeed, zero-shot")
        for axis, task in zip(axes[len(tasks) :], tasks, strict=False):
            for method, entry in look.items():
                draw_lines(axis, curves.where(task=task, method=method), entry)
            _finish_curve(axis, f"success while pretraining · {task}", "success")
        if curves.rows:
            axes[-1].set_xlabel("environment steps")
        _draw_policies(figure, axes[0], judged.distinct("policy"))
        return figure


def _draw_rows(axis: "Axes", table: Table, look: dict[str, Look]) -> None:
    policies = table.distinct("policy")
    for row, method in enumerate(look):
        for place, policy in enumerate(policies):
            height = row + (place - (len(policies) - 1) / 2) * 0.36
            found = _with_success(table.where(method=method, policy=policy))
            draw_dots(axis, found, height, look[method].colour, policy != _OPEN)
    axis.set_yticks(range(len(look)), [entry.label for entry in look.values()])
    axis.tick_params(axis="y", length=0, labelcolor=INK)
    axis.set_ylim(len(look) - 0.45, -0.55)
    axis.set_xlim(-0.03, 1.03)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
    axis.grid(axis="y", visible=False)
    axis.spines["left"].set_visible(False)


def _with_success(table: Table) -> Table:
    """The column `value` under the name by which dots are drawn."""
    return Table(tuple("success" if c == "value" else c for c in table.columns), table.rows)


def _draw_policies(figure: "Figure", axis: "Axes", policies: list[str]) -> None:
    names = {_FILLED: "at the end of training", _OPEN: "best by true return (oracle)"}
    for policy in policies:
        axis.plot([], [], **dot(INK, policy != _OPEN), label=names.get(policy, policy))
    figure.legend(
        *axis.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=2,
        handletextpad=0.2,
        columnspacing=1.2,
    )


# --- journeys: pretraining, the zero-shot point, fine-tuning ---


def draw_journey(table: Table) -> "Figure":
    """Success and true return on one axis of steps; the reward switches at 0, as in Figure 3.

    An agent that is paid the true reward from the start begins at 0.
    """
    with style():
        tasks, look = table.distinct("task"), looks_in(table)
        places = [(task, measure) for task in tasks for measure in _TITLES]
        figure, axes = panels(len(places), 0.6 + 1.9 * len(places))
        for axis, (task, measure) in zip(axes, places, strict=True):
            rows = table.where(task=task, measure=measure)
            for method, entry in look.items():
                _draw_way(axis, rows.where(method=method), entry)
            axis.axvline(0, color=SOFT, linewidth=0.9, linestyle=_RULE)
            _finish_curve(axis, f"{_TITLES[measure]} · {task}", measure)
            axis.sharex(axes[0])
        axes[-1].set_xlabel("environment steps before and after the reward is switched")
        draw_key(figure, look)
        return figure


def _draw_way(axis: "Axes", table: Table, look: Look) -> None:
    """One method: its curve through all phases, and its policies where they stand."""
    curves, judged = table.where(shows="curve"), table.where(shows="judged")
    later = [phase for phase in curves.distinct("phase") if phase != PRETRAIN]
    whole = curves.where(phase=PRETRAIN).numbers("step")
    before = max(whole, default=0.0) if later else 0.0
    for phase in curves.distinct("phase"):
        shift = before if phase == PRETRAIN else 0.0
        draw_lines(axis, _shifted(curves.where(phase=phase), shift), look)
    for phase in judged.distinct("phase"):
        steps = curves.where(phase=phase).numbers("step")
        stands = max(steps, default=0.0) - (before if phase == PRETRAIN else 0.0)
        policy = judged.distinct("policy")[0]
        _draw_judged(axis, judged.where(phase=phase, policy=policy, seed=""), stands, look)


def _shifted(table: Table, by: float) -> Table:
    at = table.columns.index("step")
    rows = [(*row[:at], repr(float(row[at]) - by), *row[at + 1 :]) for row in table.rows]
    return Table(table.columns, tuple(rows))


def _draw_judged(axis: "Axes", table: Table, step: float, look: Look) -> None:
    if not table.rows:
        return
    value, low, high = (table.numbers(name)[0] for name in ("value", "low", "high"))
    axis.plot([step, step], [low, high], color=look.colour, linewidth=1.4, zorder=4)
    axis.plot(
        [step],
        [value],
        "o",
        markersize=6,
        markerfacecolor=look.colour,
        markeredgecolor=PAPER,
        clip_on=False,
        zorder=5,
    )


def _finish_curve(axis: "Axes", title: str, measure: str) -> None:
    from matplotlib.ticker import EngFormatter, PercentFormatter

    axis.set_title(title)
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    axis.margins(x=0.02)
    if measure == "success":
        axis.set_ylim(-0.03, 1.03)
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
