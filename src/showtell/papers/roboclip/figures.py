"""The figures of RoboCLIP: alignment, zero-shot success, fine-tuning, filmstrips."""

from typing import TYPE_CHECKING

import numpy as np

from showtell.figures.charts import Chart
from showtell.figures.filmstrips import draw_filmstrips, filmstrip_table
from showtell.figures.fine_tuning import (
    COLUMNS,
    PRETRAIN,
    draw_journey,
    draw_zero_shot,
    journey_table,
    zero_shot_table,
)
from showtell.figures.style import INK, panels, strength_colour, style
from showtell.results.alignment_fit import Fit, fits
from showtell.results.reading import Results
from showtell.results.table import Table, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_ABRUPT = "-abrupt"  # a phase that keeps the old critic, beside one of the same name without it
_TITLES = {
    "correlation": "rank correlation",
    "similarity": "mean cosine",
    "auc": "AUC of success",
    "cosine_auc": "AUC of success, were the cosine paid",
}
_MATRICES = ("correlation", "similarity", "auc")
_FIT = ("correlation", "auc", "cosine_auc")
_NEUTRAL = {"correlation": 0.0, "similarity": None, "auc": 0.5, "cosine_auc": 0.5}
_CELL = (0.92, 0.88)  # of a cell's place, the rest is white
_STRONGEST = 0.45  # opacity: what is written on a cell stays readable


def alignment_table(results: Results) -> Table:
    """Figure 2: how every sentence fits the rollouts of every task."""
    columns = ("method", "task", *Fit._fields)
    plan, tables = results.comparison, results.studies_called("alignment")
    order = list(tables)
    rows: list[tuple[Value, ...]] = []
    for method in plan.methods:
        for task in order:
            found = fits(tables[task].where(method=method))
            found.sort(key=lambda fit: order.index(fit.text) if fit.text in order else len(order))
            rows += [(method, task, *fit) for fit in found]
    return Table.of(columns, rows)


def fit_table(results: Results) -> Table:
    """How every method's reward, with each task's own goal, fits the rollouts of that task."""
    table = alignment_table(results)
    task, text = table.columns.index("task"), table.columns.index("text")
    return Table(table.columns, tuple(row for row in table.rows if row[task] == row[text]))


def draw_alignment(table: Table) -> "Figure":
    """A matrix for each method and each of its numbers: rollouts of a row, sentence of a column."""
    with style():
        shown = [
            (method, column)
            for method in table.distinct("method")
            for column in _MATRICES
            if not np.isnan(table.where(method=method).numbers(column)).all()
        ]
        height = 0.75 + 0.42 * len(table.distinct("task"))
        figure, axes = panels(len(shown), height * len(shown))
        several = len({method for method, _ in shown}) > 1
        for axis, (method, column) in zip(axes, shown, strict=True):
            _draw_texts(axis, table.where(method=method), column)
            axis.set_title(_TITLES[column] + (f" · {method}" if several else ""))
        return figure


def draw_fit(table: Table) -> "Figure":
    """A matrix for each number: reward of a row's method, rollouts of a column's task."""
    with style():
        methods, tasks = table.distinct("method"), table.distinct("task")
        height = 0.75 + 0.42 * len(methods)
        figure, axes = panels(len(_FIT), height * len(_FIT))
        for axis, column in zip(axes, _FIT, strict=True):
            numbers = _matrix(table, column, "method", "task")
            _draw_matrix(axis, numbers, _NEUTRAL[column])
            _label(axis, methods, tasks)
            axis.set_title(_TITLES[column])
        return figure


def _matrix(table: Table, column: str, down: str, across: str) -> "NDArray[np.float64]":
    found = dict(zip(table.pick((down, across)), table.numbers(column), strict=True))
    heads = table.distinct(across)
    return np.array(
        [[found.get((row, head), np.nan) for head in heads] for row in table.distinct(down)]
    )


def _draw_texts(axis: "Axes", table: Table, column: str) -> None:
    """Every sentence on every task's rollouts; a task's own is framed, its best is bold."""
    numbers = _matrix(table, column, "task", "text")
    tasks, texts = table.distinct("task"), table.distinct("text")
    _draw_matrix(axis, numbers, _NEUTRAL[column])
    for row, task in enumerate(tasks):
        if not np.isnan(numbers[row]).all():
            best = row * len(texts) + int(np.nanargmax(numbers[row]))
            axis.texts[best].set_fontweight("bold")
        if task in texts:
            _frame_cell(axis, texts.index(task), row)
    _label(axis, tasks, [f"“{text}”" for text in texts])


def _draw_matrix(axis: "Axes", numbers: "NDArray[np.float64]", neutral: float | None) -> None:
    low = float(np.nanmin(numbers)) if neutral is None else neutral
    most = float(np.nanmax(np.abs(numbers - low), initial=0.0)) or 1.0
    for (row, place), number in np.ndenumerate(numbers):
        _draw_cell(axis, place, row, (float(number) - low) / most)
        written = "–" if np.isnan(number) else f"{number:.2f}"
        axis.text(place, row, written, ha="center", va="center", fontsize=8)


def _label(axis: "Axes", rows: list[str], columns: list[str]) -> None:
    axis.set_xlim(-0.55, len(columns) - 0.45)
    axis.set_ylim(len(rows) - 0.45, -0.55)
    axis.set_xticks(range(len(columns)), columns)
    axis.set_yticks(range(len(rows)), rows)
    if len(columns) > 4:
        axis.tick_params(axis="x", labelrotation=90)
    axis.tick_params(length=0)
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)


def _draw_cell(axis: "Axes", x: int, y: int, share: float) -> None:
    """Blue above what is neutral, orange below."""
    from matplotlib.patches import Rectangle

    colour = strength_colour(0.0 if not share < 0 else 0.75)
    opacity = 0.0 if share != share else _STRONGEST * min(abs(share), 1.0)
    axis.add_patch(
        Rectangle((x - 0.46, y - 0.44), *_CELL, color=colour, alpha=opacity, linewidth=0)
    )


def _frame_cell(axis: "Axes", x: int, y: int) -> None:
    """Sentence and task belong together here."""
    from matplotlib.patches import Rectangle

    axis.add_patch(
        Rectangle((x - 0.46, y - 0.44), *_CELL, fill=False, edgecolor=INK, linewidth=1.6)
    )


def finetuning_table(results: Results) -> Table:
    """Figures 3 and 6: who is fine-tuned, and who is paid the true reward from the start."""
    plan = results.comparison
    phases = tuple(phase for phase in plan.phases if not phase.endswith(_ABRUPT))
    later = set(phases) - {PRETRAIN}
    methods = tuple(
        method
        for method, reward in plan.methods.items()
        if later & set(plan.phases_of(method)) or reward["kind"] == "true_reward"
    )
    table = journey_table(results, phases, methods)
    # Without a step of fine-tuning there is no journey to draw.
    return table if any(table.where(phase=phase).rows for phase in later) else _nothing(table)


def critic_table(results: Results) -> Table:
    """The paper's limitation: the reward switched under the old critic, and with a new one."""
    plan = results.comparison
    rows: list[tuple[str, ...]] = []
    for phase in [phase for phase in plan.phases if phase.endswith(_ABRUPT)]:
        gentle = phase.removesuffix(_ABRUPT)
        for method in plan.methods:
            if {phase, gentle} <= set(plan.phases_of(method)):
                rows += _renamed(results, method, gentle, "critic fitted anew")
                rows += _renamed(results, method, phase, "old critic")
    return Table(COLUMNS, tuple(rows))


def _renamed(results: Results, method: str, phase: str, words: str) -> list[tuple[str, ...]]:
    """One phase of a method as a method of its own, with the policy that it starts from."""
    start = journey_table(results, (PRETRAIN,), (method,)).where(shows="judged")
    at = COLUMNS.index("method")
    return [
        (*row[:at], f"{method}, {words}", *row[at + 1 :])
        for row in (*start.rows, *journey_table(results, (phase,), (method,)).rows)
    ]


def _nothing(table: Table) -> Table:
    return Table(table.columns, ())


_ZERO_SHOT = Chart(zero_shot_table, draw_zero_shot)
FIGURES: dict[str, Chart] = {
    "alignment": Chart(alignment_table, draw_alignment),
    "fit": Chart(fit_table, draw_fit),
    "language": _ZERO_SHOT,
    "finetuning": Chart(finetuning_table, draw_journey),
    "critic": Chart(critic_table, draw_journey),
    "kitchen": _ZERO_SHOT,
    "filmstrips": Chart(filmstrip_table, draw_filmstrips),
    "one-demo": Chart(finetuning_table, draw_journey),
    "out-of-domain": _ZERO_SHOT,
    "edited": _ZERO_SHOT,
    "ablations": _ZERO_SHOT,
}
