"""EPIC distances over the strength α or over the size of the network (VLM-RM, Figure 4a, 4b)."""

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from showtell.claims.evidence import methods_matching
from showtell.figures.style import (
    INK,
    SOFT,
    STYLE_COLUMNS,
    panels,
    ramp_colour,
    style,
    styles,
    unordered,
)
from showtell.results.reading import Method, Results
from showtell.results.table import Table, Value
from showtell.study.needs import FigureNeeds
from showtell.study.settings import FigureSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = "parameters"  # of the network: a column of the study, as no sweep sets it
_NUMBERS = ("epic", "low", "high", "states")
_NETWORK = ("network", "network_colour")  # a line; empty where there is one alone
_COLUMNS = ("task", "method", *STYLE_COLUMNS, *_NETWORK, "over", "x", "against", *_NUMBERS)
_AXES = {"alpha": "α, strength of the regularisation", SIZE: "parameters of the network"}


class EpicFigureSettings(FigureSettings):
    """Which EPIC study is drawn, over what."""

    kind: Literal["epic"]
    study: str
    over: str  # a setting that a sweep sets, or: parameters, the size of the network
    methods: str | None = None  # a pattern of those that are drawn; null: all of the study

    def needs(self) -> FigureNeeds:
        """Its study."""
        return FigureNeeds({self.study: "epic"}, ())


class Epic:
    """EPIC distance over a swept setting or over size, with its interval over states."""

    def __init__(self, settings: EpicFigureSettings) -> None:
        self._settings = settings

    def table(self, results: Results) -> Table:
        """EPIC distance to the success of a state, or to labels by people; one row a method."""
        methods, over = results.comparison.methods, self._settings.over
        style_of = styles(methods.values())
        rows: list[tuple[Value, ...]] = []
        for task, table in results.study_tables(self._settings.study).items():
            truth = "labels" if "labels" in table.distinct("against") else "success"
            found = table.where(against=truth, versus="")
            names = methods_matching(self._settings.methods or "*", found.column("method"))
            x_of = _sizes(found) if over == SIZE else _set(methods, over)
            names = [name for name in names if name in methods and name in x_of]
            networks = _networks([methods[name] for name in names], _sizes(found), over)
            for name in names:
                (numbers,) = found.where(method=name).pick(_NUMBERS)
                line = networks.get(str(methods[name].reward.get("goal")), ("", ""))
                named = (task, name, *style_of[name], *line)
                rows.append((*named, over, x_of[name], truth, *numbers))
        return Table.of(_COLUMNS, rows)

    def draw(self, table: Table) -> "Figure":
        """A panel a task, a line a network."""
        with style():
            tasks, over = table.distinct("task"), table.column("over")[0]
            networks = [name for name in table.distinct("network") if name]
            key = 0.18 * -(-len(networks) // 2)
            figure, axes = panels(len(tasks), 0.35 + key + 2.2 * len(tasks))
            for axis, task in zip(axes, tasks, strict=True):
                of_task = table.where(task=task)
                for network in of_task.distinct("network"):
                    _draw_line(axis, of_task.where(network=network), over)
                highest = max(of_task.numbers("high"))
                axis.set_ylim(0, 1.02 if highest > 0.78 else 0.8)
                axis.margins(x=0.06)
                _finish(axis, of_task, over)
                truth = {"labels": " to people"}.get(of_task.column("against")[0], "")
                axis.set_ylabel(f"EPIC distance{truth}" + (f" · {task}" if len(tasks) > 1 else ""))
            axes[-1].set_xlabel(_AXES.get(over, over))
            if networks:
                figure.legend(
                    *axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=2
                )
            return figure


def _draw_line(axis: "Axes", line: Table, over: str) -> None:
    """The points of one network, or of all of them over their size."""
    x, y = line.numbers("x"), line.numbers("epic")
    network, colour = line.column("network")[0], line.column("network_colour")[0] or SOFT
    if over == SIZE:
        _draw_fit(axis, x, y)
        _name_points(axis, line)
    else:
        order = np.argsort(x)
        named: dict[str, Any] = {"label": network} if network else {}
        axis.plot(np.array(x)[order], np.array(y)[order], color=colour, linewidth=1.0, **named)
    ends = zip(x, y, line.numbers("low"), line.numbers("high"), line.column("colour"), strict=True)
    for at, value, *interval, own in ends:
        mark = colour if network else own
        axis.plot([at] * 2, interval, color=mark, linewidth=2.6, alpha=0.5)
        axis.plot([at], [value], "o", color=mark, markersize=5.5 if not network else 4.0)


def _draw_fit(axis: "Axes", x: list[float], y: list[float]) -> None:
    """The straight line through EPIC and the logarithm of the size."""
    known = [(math.log10(at), value) for at, value in zip(x, y, strict=True) if value == value]
    if len(known) > 1:
        logs, values = np.array(known).T
        slope, offset = np.polyfit(logs, values, 1)
        ends = np.array([logs.min(), logs.max()])
        axis.plot(10**ends, slope * ends + offset, color=SOFT, linewidth=1.0, linestyle="--")


def _name_points(axis: "Axes", line: Table) -> None:
    """The method by each point, away from the nearer edge; above and below, so that none meet."""
    names = sorted(line.pick(("label", "x", "epic")), key=lambda one: float(one[1]))
    middle = np.median([float(x) for _, x, _ in names])
    for place, (label, x, value) in enumerate(names):
        if value:
            left = float(x) <= middle
            axis.annotate(
                label,
                (float(x), float(value)),
                (6 if left else -6, -16 if place % 2 else 9),
                textcoords="offset points",
                ha="left" if left else "right",
                color=INK,
                fontsize=7.5,
            )


def _finish(axis: "Axes", table: Table, over: str) -> None:
    if over == SIZE:
        from matplotlib.ticker import EngFormatter, NullFormatter

        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(EngFormatter(sep=""))
        axis.xaxis.set_minor_formatter(NullFormatter())
    else:
        axis.set_xticks(sorted(set(table.numbers("x"))))


def _sizes(table: Table) -> dict[str, float]:
    """Method -> the size of its network, where the study knows it."""
    if SIZE not in table.columns:  # of an older study
        return {}
    pairs = zip(table.column("method"), table.numbers(SIZE), strict=True)
    return {name: size for name, size in pairs if size == size}


def _set(methods: dict[str, Method], over: str) -> dict[str, float]:
    """Method -> what the sweep set."""
    return {
        name: float(method.variant[over])
        for name, method in methods.items()
        if over in method.variant
    }


def _networks(
    methods: list[Method], sizes: dict[str, float], over: str
) -> dict[str, tuple[str, str]]:
    """Goal -> name and colour of its line, where several goals are drawn over one setting.

    Each network has a goal of its own. Networks of several sizes have colours in that order.
    """
    first = {str(method.reward.get("goal")): method for method in reversed(methods)}
    if over == SIZE or len(first) < 2:
        return {}
    ordered = sorted(first, key=lambda goal: sizes.get(first[goal].name, 0.0))
    several = len({sizes.get(method.name) for method in first.values()}) == len(first)
    plain = unordered()
    return {
        goal: (
            _less_setting(first[goal], over),
            ramp_colour(place / (len(ordered) - 1)) if several else next(plain),
        )
        for place, goal in enumerate(ordered)
    }


def _less_setting(method: Method, over: str) -> str:
    """The label of a method without what its sweep set: `RN50` of `RN50, α = 0.5`."""
    value = f"{method.variant[over]:g}"
    parts = [part for part in method.label.split(", ") if not part.endswith(f"= {value}")]
    return ", ".join(parts) or "first network"


PARTS = {"epic": (EpicFigureSettings, "Epic")}
