"""Marks that several figures share: dots of seeds, lines with intervals, the key of methods."""

import math
from typing import TYPE_CHECKING, Any

from showtell.figures.style import INK, PAPER, WIDTH, MethodStyle
from showtell.results.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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


EITHER = {
    "success_any": ("v", "success at any step, IQM"),
    "success_final": ("^", "success at the end, IQM"),
}


def draw_either(
    axis: "Axes", values: dict[str, float], height: float, colour: str, away: float = 0.2
) -> None:
    """Success at any step from above and at the end from below: the IQM of each."""
    for metric, value in values.items():
        marker, _ = EITHER[metric]
        place = height + (-away if marker == "v" else away)
        axis.plot([value], [place], **_either(marker, colour), clip_on=False)


def name_either(axis: "Axes") -> None:
    """The two marks in a legend."""
    for marker, label in EITHER.values():
        axis.plot([], [], **_either(marker, INK), label=label)


def _either(marker: str, colour: str) -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": marker,
        "markersize": 3.4,
        "markerfacecolor": colour,
        "markeredgecolor": "none",
    }


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


def draw_lines(axis: "Axes", table: Table, style: MethodStyle) -> None:
    """Rows of `step`, `seed` and `value`: the IQM thick, its interval a band, seeds thin."""
    for seed in [name for name in table.distinct("seed") if name]:
        line = table.where(seed=seed)
        axis.plot(
            line.numbers("step"),
            line.numbers("value"),
            color=style.colour,
            linewidth=0.6,
            alpha=0.45,
        )
    whole = table.where(seed="")
    steps = whole.numbers("step")
    axis.fill_between(
        steps,
        whole.numbers("low"),
        whole.numbers("high"),
        color=style.colour,
        alpha=0.16,
        linewidth=0,
    )
    axis.plot(steps, whole.numbers("value"), color=style.colour, linestyle=style.dashes)


def draw_key(figure: "Figure", styles: dict[str, MethodStyle]) -> None:
    """Names of the methods above the panels, in their order."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=entry.colour, linestyle=entry.dashes, label=entry.label)
        for entry in styles.values()
    ]
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=_columns([entry.label for entry in styles.values()]),
        handlelength=1.6,
        columnspacing=1.2,
    )


def _columns(labels: list[str]) -> int:
    """Up to three, where the names fit beside each other; names go down the columns."""
    letter, mark = 0.062, 0.38  # inches: a letter of the key's size; a line and the space around it
    for columns in (3, 2):
        rows = -(-len(labels) // columns)
        parts = [labels[at : at + rows] for at in range(0, len(labels), rows)]
        if sum(mark + letter * max(map(len, part)) for part in parts) <= WIDTH:
            return min(len(labels), columns)
    return 1


def success_rows(axis: "Axes", labels: list[str]) -> None:
    """An axis of shares of episodes, with one row a method."""
    axis.set_yticks(range(len(labels)), labels)
    axis.tick_params(axis="y", length=0, labelcolor=INK)
    axis.set_ylim(len(labels) - 0.45, -0.55)
    axis.set_xlim(-0.03, 1.03)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
    axis.grid(axis="y", visible=False)
    axis.spines["left"].set_visible(False)


def finish_curve(axis: "Axes", title: str, measure: str) -> None:
    """Title and axes of a panel of curves."""
    from matplotlib.ticker import EngFormatter, PercentFormatter

    axis.set_title(title)
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    axis.margins(x=0.02)
    if measure == "success":
        axis.set_ylim(-0.03, 1.03)
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
