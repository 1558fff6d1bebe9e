"""The figures of RoboCLIP: how rewards fit rollouts, as matrices."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from showtell.figures.style import INK, panels, ramp_colour, style
from showtell.results.agents_fit import AgentsFit, agents_fit
from showtell.results.alignment_fit import Fit, fits, script_fit
from showtell.results.reading import Results
from showtell.results.table import Table, Value
from showtell.study.needs import FigureNeeds
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_TITLES = {
    "correlation": "rank correlation",
    "similarity": "mean cosine",
    "auc": "AUC of success",
    "cosine_auc": "AUC of success by the cosine",
    "noise_auc": "AUC of success by the script's noise alone",
}
_AGENTS = {
    "auc": "AUC, agents of other rewards",
    "cosine_auc": "the same by the cosine",
    "own_auc": "AUC, agents of this reward",
    "own_success": "their success",
}
_MATRICES = ("correlation", "similarity", "auc")
_FIT = ("correlation", "auc", "cosine_auc", "noise_auc")
_NEUTRAL = {"correlation": 0.0, "similarity": None} | dict.fromkeys(_FIT[1:], 0.5)
_CELL = (0.92, 0.88)  # of a cell's place, the rest is white
_STRONGEST = 0.45  # opacity: what is written on a cell stays readable


class _OfStudy(FigureSettings):
    study: str

    def needs(self) -> FigureNeeds:
        """Its alignment study."""
        return FigureNeeds({self.study: "alignment"}, ())


class AlignmentFigureSettings(_OfStudy):
    """Which alignment study is drawn, every sentence on every task's rollouts."""

    kind: Literal["alignment"]


class FitFigureSettings(_OfStudy):
    """Which alignment study is drawn, each task's own goal alone."""

    kind: Literal["fit"]


class AgentsFigureSettings(FigureSettings):
    """Which study of trained agents' episodes is drawn."""

    kind: Literal["agents"]
    study: str

    def needs(self) -> FigureNeeds:
        """Its study of agents."""
        return FigureNeeds({self.study: "agents"}, ())


class Alignment:
    """Figure 2: how every sentence fits the rollouts of every task."""

    def __init__(self, settings: AlignmentFigureSettings) -> None:
        self._study = settings.study

    def table(self, results: Results) -> Table:
        """A row a method, task and sentence.

        The script's noise, in place of a score, stands beside the sentences of the first method.
        """
        table, study = _fits(results, self._study), results.study_tables(self._study)
        first = list(dict.fromkeys(table.pick(("method", "label"))))[:1]
        noise = [
            (name, label, task, *script_fit(measured))
            for name, label in first
            for task, measured in study.items()
        ]
        return Table(table.columns, table.rows + Table.of(table.columns, noise).rows)

    def draw(self, table: Table) -> "Figure":
        """A matrix for each method and number: a row a task, a column a sentence."""
        with style():
            shown = [
                (method, column)
                for method in table.distinct("label")
                for column in _MATRICES
                if not np.isnan(table.where(label=method).numbers(column)).all()
            ]
            height = 0.75 + 0.42 * len(table.distinct("task"))
            figure, axes = panels(len(shown), height * len(shown))
            several = len({method for method, _ in shown}) > 1
            for axis, (method, column) in zip(axes, shown, strict=True):
                _draw_texts(axis, table.where(label=method), column)
                axis.set_title(_TITLES[column] + (f" · {method}" if several else ""))
            return figure


class Fits:
    """How every method's reward, with each task's own goal, fits the rollouts of that task."""

    def __init__(self, settings: FitFigureSettings) -> None:
        self._study = settings.study

    def table(self, results: Results) -> Table:
        """A row a method and task."""
        table = _fits(results, self._study)
        task, text = table.columns.index("task"), table.columns.index("text")
        return Table(table.columns, tuple(row for row in table.rows if row[task] == row[text]))

    def draw(self, table: Table) -> "Figure":
        """A matrix for each number: reward of a row's method, rollouts of a column's task."""
        with style():
            methods, tasks = table.distinct("label"), table.distinct("task")
            height = 0.75 + 0.42 * len(methods)
            figure, axes = panels(len(_FIT), height * len(_FIT))
            for axis, column in zip(axes, _FIT, strict=True):
                numbers = _matrix(table, column, "label", "task")
                _draw_matrix(axis, numbers, _NEUTRAL[column])
                _label(axis, methods, tasks)
                axis.set_title(_TITLES[column])
            return figure


class AgentsFits:
    """How every measured reward ranks the episodes of trained agents."""

    def __init__(self, settings: AgentsFigureSettings) -> None:
        self._study = settings.study

    def table(self, results: Results) -> Table:
        """A row a method and task."""
        plan = results.comparison
        rows: list[tuple[Value, ...]] = [
            (name, method.label, task, *agents_fit(table, plan, name))
            for name, method in plan.methods.items()
            for task, table in results.study_tables(self._study).items()
            if name in table.distinct("method")
        ]
        return Table.of(("method", "label", "task", *AgentsFit._fields), rows)

    def draw(self, table: Table) -> "Figure":
        """A matrix for each number: reward of a row's method, agents of a column's task."""
        with style():
            methods, tasks = table.distinct("label"), table.distinct("task")
            shown = [c for c in _AGENTS if not np.isnan(table.numbers(c)).all()]
            height = 0.75 + 0.42 * len(methods)
            figure, axes = panels(len(shown), height * len(shown))
            for axis, column in zip(axes, shown, strict=True):
                neutral = 0.0 if column == "own_success" else 0.5
                _draw_matrix(axis, _matrix(table, column, "label", "task"), neutral)
                _label(axis, methods, tasks)
                axis.set_title(_AGENTS[column])
            return figure


def _fits(results: Results, study: str) -> Table:
    columns = ("method", "label", "task", *Fit._fields)
    plan, tables = results.comparison, results.study_tables(study)
    order = list(tables)
    rows: list[tuple[Value, ...]] = []
    for name, method in plan.methods.items():
        for task in order:
            found = fits(tables[task].where(method=name))
            found.sort(key=lambda fit: order.index(fit.text) if fit.text in order else len(order))
            rows += [(name, method.label, task, *fit) for fit in found]
    return Table.of(columns, rows)


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

    colour = ramp_colour(0.0 if not share < 0 else 0.75)
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


PARTS = {
    "alignment": (AlignmentFigureSettings, "Alignment"),
    "fit": (FitFigureSettings, "Fits"),
    "agents": (AgentsFigureSettings, "AgentsFits"),
}
