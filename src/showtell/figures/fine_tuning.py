"""Agents that learn from one reward and go on with another: curves and scores of both phases."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from showtell.figures.marks import draw_key, draw_lines, finish_curve
from showtell.figures.phases import COLUMNS, TITLES, phase_table
from showtell.figures.style import PAPER, SOFT, MethodStyle, panels, style, styles_in, unordered
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.study.needs import FigureNeeds
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RULE = (0, (2, 2))


class FineTuningSettings(FigureSettings):
    """Which phases of fine-tuning are drawn after the first phase."""

    kind: Literal["fine_tuning"]
    phases: tuple[str, ...] = Field(min_length=1)

    def needs(self) -> FigureNeeds:
        """Its phases."""
        return FigureNeeds({}, self.phases)


class PhaseSwitchSettings(FigureSettings):
    """Which phases of fine-tuning, of the same methods, are compared."""

    kind: Literal["phase_switch"]
    compare: tuple[str, ...] = Field(min_length=2)

    def needs(self) -> FigureNeeds:
        """The phases that are compared."""
        return FigureNeeds({}, self.compare)


class _Phases:
    """Success and true return on one axis of steps; the reward switches at 0."""

    def draw(self, table: Table) -> "Figure":
        """A panel a task and measure; a method without a later phase begins at 0."""
        with style():
            tasks, methods = table.distinct("task"), styles_in(table)
            places = [(task, measure) for task in tasks for measure in TITLES]
            figure, axes = panels(len(places), 0.6 + 1.9 * len(places))
            first = table.column("phase")[0]
            for axis, (task, measure) in zip(axes, places, strict=True):
                rows = table.where(task=task, measure=measure)
                for method, entry in methods.items():
                    _draw_method(axis, rows.where(method=method), entry, first)
                axis.axvline(0, color=SOFT, linewidth=0.9, linestyle=_RULE)
                finish_curve(axis, f"{TITLES[measure]} · {task}", measure)
                axis.sharex(axes[0])
            axes[-1].set_xlabel("environment steps before and after the reward is switched")
            draw_key(figure, methods)
            return figure


class FineTuning(_Phases):
    """The methods that are fine-tuned, beside training on the true reward alone."""

    def __init__(self, settings: FineTuningSettings) -> None:
        self._phases = settings.phases

    def table(self, results: Results) -> Table:
        """Curves and scores; without rows while no agent has been fine-tuned."""
        plan = results.comparison
        methods = tuple(
            name
            for name, method in plan.methods.items()
            if set(self._phases) & set(plan.phases_of(name)) or method.role == "true reward"
        )
        table = phase_table(results, (plan.phases[0], *self._phases), methods)
        later = [table.where(phase=phase).rows for phase in self._phases]
        return table if any(later) else Table(table.columns, ())


class PhaseSwitch(_Phases):
    """One method that goes on in several ways from the same policy."""

    def __init__(self, settings: PhaseSwitchSettings) -> None:
        self._phases = settings.compare

    def table(self, results: Results) -> Table:
        """Each phase of a method as a method of its own, with the policy that it starts from."""
        plan, colours = results.comparison, unordered()
        rows: list[tuple[str, ...]] = []
        for method in plan.methods:
            if set(self._phases) <= set(plan.phases_of(method)):
                for phase in self._phases:
                    colour = next(colours)
                    rows += _as_own_method(results, method, phase, colour)
        return Table(COLUMNS, tuple(rows))


def _as_own_method(results: Results, method: str, phase: str, colour: str) -> list[tuple[str, ...]]:
    later = phase_table(results, (phase,), (method,)).rows
    if not later:
        return []
    label = f"{results.comparison.methods[method].label}, {phase}"
    start = phase_table(results, results.comparison.phases[:1], (method,)).where(shows="score").rows
    at = COLUMNS.index("method")
    named = (f"{method}, {phase}", *MethodStyle(label, colour, "solid"))
    return [(*row[:at], *named, *row[at + len(named) :]) for row in (*start, *later)]


def _draw_method(axis: "Axes", table: Table, style: MethodStyle, first: str) -> None:
    """One method: its curve through all phases, and its policies where they stand."""
    curves, scores = table.where(shows="curve"), table.where(shows="score")
    later = [phase for phase in curves.distinct("phase") if phase != first]
    whole = curves.where(phase=first).numbers("step")
    before = max(whole, default=0.0) if later else 0.0
    for phase in curves.distinct("phase"):
        shift = before if phase == first else 0.0
        draw_lines(axis, _shifted(curves.where(phase=phase), shift), style)
    for phase in scores.distinct("phase"):
        steps = curves.where(phase=phase).numbers("step")
        stands = max(steps, default=0.0) - (before if phase == first else 0.0)
        policy = scores.distinct("policy")[0]
        _draw_score(axis, scores.where(phase=phase, policy=policy, seed=""), stands, style)


def _shifted(table: Table, by: float) -> Table:
    at = table.columns.index("step")
    rows = [(*row[:at], repr(float(row[at]) - by), *row[at + 1 :]) for row in table.rows]
    return Table(table.columns, tuple(rows))


def _draw_score(axis: "Axes", table: Table, step: float, style: MethodStyle) -> None:
    if not table.rows:
        return
    value, low, high = (table.numbers(name)[0] for name in ("value", "low", "high"))
    axis.plot([step, step], [low, high], color=style.colour, linewidth=1.4, zorder=4)
    axis.plot(
        [step],
        [value],
        "o",
        markersize=6,
        markerfacecolor=style.colour,
        markeredgecolor=PAPER,
        clip_on=False,
        zorder=5,
    )


PARTS = {
    "fine_tuning": (FineTuningSettings, "FineTuning"),
    "phase_switch": (PhaseSwitchSettings, "PhaseSwitch"),
}
