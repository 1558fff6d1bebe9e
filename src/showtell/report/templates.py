"""The templates of the pages, and how numbers look in them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from showtell.claims.descriptions import judged
from showtell.figures.style import INK, MethodStyle
from showtell.project.files import canonical_json
from showtell.report import graphics
from showtell.report.networks import shown
from showtell.report.paper import JudgedClaim
from showtell.studies.statistics import Estimate, spread_name

DATA = ("*.html.j2", "style.css", "page.js")
_HERE = Path(__file__).parent
_BADGES = {
    "reproduced": ("good", "✓"),
    "not reproduced": ("bad", "✕"),
    "inconclusive": ("open", "?"),
    "waiting": ("wait", "…"),
    "cannot be tested at this scale": ("none", "⊘"),
    "not run at this scale": ("none", "–"),
    "not implemented": ("none", "○"),
}


def render(template: str, **context: Any) -> str:
    """A page from its template."""
    page: str = (
        _environment()
        .get_template(template)
        .render(
            style=Markup((_HERE / "style.css").read_text()),
            script=Markup((_HERE / "page.js").read_text()),
            **context,
        )
    )
    page = page.replace(" %", "\N{NO-BREAK SPACE}%")  # a number keeps its unit
    return page.replace("/*dark*/", graphics.dark_colours(page))


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "judged": judged,
        "badge": lambda outcome: _BADGES[outcome],
        "percent": _percent,
        "number": _number,
        "duration": _duration,
        "value": _value,
        "score": shown,
        "spread": spread_name,
        "swatch": _swatch,
        "strips": _strips,
        "breakable": _breakable,
        "svg": Markup,
        "again": lambda svg: Markup(graphics.again(svg)),
        "moment": lambda text: text.replace("T", " ")[:16],
    }
    return environment


def _percent(estimate: Estimate) -> Markup:
    return _with_interval(estimate, lambda value: f"{100 * value:.0f}", " %")


def _number(estimate: Estimate) -> Markup:
    return _with_interval(estimate, _three_digits, "")


def _three_digits(value: float) -> str:
    """Three digits; larger numbers in full, with their thousands apart."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}".replace(",", "\u202f")


def _with_interval(estimate: Estimate, show: Callable[[float], str], unit: str) -> Markup:
    value, low, high, _ = estimate
    text = Markup("<b>{}{}</b>").format(show(value), unit)
    if low is not None and high is not None:
        text += Markup(' <span class="ci">[{}, {}]</span>').format(show(low), show(high))
    return text


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _value(value: Any) -> str:
    """A parameter as a reader wants it: 3 000 000, not 3000000."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.4g}"
    return "—" if value is None else canonical_json(value).replace(",", ", ").replace('"', "")


def _breakable(key: str) -> Markup:
    """A dotted key that a narrow page may break after a dot."""
    return Markup("<wbr>").join(part + "." for part in key.split(".")[:-1]) + Markup(
        "<wbr>{}"
    ).format(key.rpartition(".")[2])


def _swatch(style: MethodStyle) -> Markup:
    """A dot in the method's colour, hollow for a broken line, and its name."""
    colour = graphics.page_colour(style.colour)
    filled = f"background:{colour}" if style.line != "broken" else f"border:.16em solid {colour}"
    return Markup('<span class="method"><i style="{}"></i>{}</span>').format(filled, style.label)


def _strips(entry: JudgedClaim) -> list[tuple[MethodStyle, Markup, str]]:
    """(method, its strip, what was found) for each method of a verdict."""
    verdict = entry.verdict
    numbers = [n for part in verdict.parts for n in (part.value, part.low, part.high)]
    numbers += [verdict.line, *(verdict.band or ())]
    span = graphics.span_of([number for number in numbers if number is not None])
    return [
        (
            # A study also measures distances that no method trains on.
            style := entry.styles.get(part.method, MethodStyle(part.method, INK, "solid")),
            Markup(
                graphics.strip(
                    Estimate(part.value, part.low, part.high, 0),
                    verdict.line,
                    verdict.band,
                    span,
                    style.colour,
                )
            ),
            part.text,
        )
        for part in verdict.parts
    ]
