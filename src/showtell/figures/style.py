"""How every figure looks: colours, type, and files that are the same bytes every time."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain, cycle, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from showtell.project.files import replacing
from showtell.results.reading import Method
from showtell.results.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 4.1  # inches: text is as large on a phone as it is drawn
INK, SOFT, GRID, PAPER = "#1c1f26", "#6b7280", "#dfe2e8", "#ffffff"
# Ordered from weak to strong, in lightness too: readable without colour vision and in print.
_WEAK_TO_STRONG = ("#2f3f9e", "#7a3fb0", "#c0398a", "#e0603c", "#d99a00")
# The same on a dark page. Figures are drawn for a light one; the report exchanges the colours.
_ON_DARK = ("#8fa2ff", "#bd93f2", "#f07fc0", "#ff9c7d", "#ffc94d")
_DARK = {INK: "#eceef2", SOFT: "#9aa3b2", GRID: "#343a46", PAPER: "#181b22"}
# Okabe and Ito's colours for methods that have no order.
_UNORDERED = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_STEPS = 100
_DASHES: dict[str, Any] = {
    "solid": "-",
    "dashed": (0, (4, 1.6)),
    "dotted": (0, (1, 1.4)),
    "broken": (0, (6, 1.4, 1, 1.4)),
}
STYLE_COLUMNS = ("label", "colour", "line")  # of a figure's table, beside `method`


class MethodStyle(NamedTuple):
    """How one method is drawn."""

    label: str
    colour: str
    line: str  # solid, dashed, dotted or broken

    @property
    def dashes(self) -> Any:
        """The line as matplotlib takes it."""
        return _DASHES[self.line]


def styles(methods: Iterable[Method]) -> dict[str, MethodStyle]:
    """A style for each method: swept ones have a colour of the ramp, in the order of the sweep.

    No two methods look alike, up to twelve: a colour that comes again has a broken line.
    """
    methods = list(methods)
    swept = [method.name for method in methods if method.variant]
    colours, lines = unordered(), _lines()
    true_lines = iter(["dashed", *repeat("broken", len(methods))])
    found: dict[str, MethodStyle] = {}
    for method in methods:
        name, label, role = method.name, method.label, method.role
        if role == "true reward":
            found[name] = MethodStyle(label, INK, next(true_lines))
        elif role == "no reward":
            found[name] = MethodStyle(label, SOFT, "dotted")
        elif name in swept:
            share = swept.index(name) / max(len(swept) - 1, 1)
            found[name] = MethodStyle(label, ramp_colour(share), "solid")
        else:
            found[name] = MethodStyle(label, next(colours), next(lines))
    return found


def _lines() -> Iterator[str]:
    """Beside `unordered`."""
    return chain(repeat("solid", len(_UNORDERED)), repeat("broken"))


def unordered() -> Iterator[str]:
    """Colours that have no order, again and again."""
    return cycle(_UNORDERED)


def styles_in(table: Table) -> dict[str, MethodStyle]:
    """The style of each method of a table that has the columns of styles."""
    return {name: MethodStyle(*style) for name, *style in table.pick(("method", *STYLE_COLUMNS))}


def ramp_colour(share: float) -> str:
    """The colour at a share, from 0 to 1, of the ramp from weak to strong."""
    return _ramp(_WEAK_TO_STRONG, round(min(max(share, 0.0), 1.0) * _STEPS))


@cache
def dark_of() -> dict[str, str]:
    """Every colour that figures use -> its colour on a dark page."""
    ramp = {_ramp(_WEAK_TO_STRONG, i): _ramp(_ON_DARK, i) for i in range(_STEPS + 1)}
    return _DARK | ramp


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib's settings for every figure."""
    import matplotlib as mpl

    settings: Any = {
        # Matplotlib brings this font along, so a layout does not depend on the machine.
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.titlesize": 9,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 8.5,
        "axes.labelcolor": SOFT,
        "axes.edgecolor": GRID,
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": "none",
        "figure.constrained_layout.use": True,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "text.color": INK,
        "xtick.color": GRID,
        "ytick.color": GRID,
        "xtick.labelcolor": SOFT,
        "ytick.labelcolor": SOFT,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "svg.fonttype": "none",  # text stays text: sharp, searchable, in the page's font
        "svg.hashsalt": "showtell",  # element ids would be random otherwise
        "pdf.fonttype": 42,
    }
    with mpl.rc_context(settings):
        yield


def save(figure: "Figure", svg: Path, pdf: Path | None = None) -> None:
    """Write a figure; equal figures are equal files, on any day."""
    with style():
        _settle(figure)
        with replacing(svg) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})
        if pdf is not None:
            # It tells every table of every font that it embeds.
            logging.getLogger("fontTools.subset").setLevel(logging.WARNING)
            nothing = {"CreationDate": None, "Creator": None, "Producer": None}
            with replacing(pdf) as temporary:
                figure.savefig(temporary, format="pdf", metadata=nothing)


def _settle(figure: "Figure") -> None:
    """Fix where the axes are: the layout's solver rounds now this way, now that."""
    if figure.get_layout_engine() is None:
        return
    figure.draw_without_rendering()
    for axis in figure.axes:
        left, bottom, width, height = axis.get_position(original=True).bounds
        axis.set_position((round(left, 6), round(bottom, 6), round(width, 6), round(height, 6)))
    figure.set_layout_engine("none")


def panels(
    rows: int, height: float, ratios: list[float] | None = None
) -> tuple["Figure", list["Axes"]]:
    """A figure of panels one below another: a phone is narrow."""
    # Not pyplot: it keeps global state and looks for a display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    axes = figure.subplots(rows, 1, squeeze=False, gridspec_kw={"height_ratios": ratios})
    return figure, list(axes[:, 0])


def _ramp(stops: tuple[str, ...], step: int) -> str:
    """The colour `step` hundredths of the way through the stops."""
    place = step / _STEPS * (len(stops) - 1)
    left = min(int(place), len(stops) - 2)
    share = place - left
    pairs = zip(_rgb(stops[left]), _rgb(stops[left + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
