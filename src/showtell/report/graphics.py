"""Pictures inside a page: figures in its colours, and small strips."""

import base64
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from showtell.figures.chart import chart
from showtell.figures.style import dark_of, save
from showtell.project.files import canonical_json
from showtell.results.table import Table
from showtell.studies.statistics import Estimate

VIDEO_BYTES = 600_000  # a larger video is linked, not carried along

_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_ID = re.compile(r'(\bid="|href="#|url\(#)')
_SIZE = re.compile(r' (?:width|height)="[^"]*pt"')


def drawn(settings: dict[str, Any], table: Table) -> str:
    """A figure of this table as SVG."""
    return _drawn(canonical_json(settings), table)


# The live page is rebuilt often, and most of its figures have not changed.
@lru_cache(maxsize=32)
def _drawn(settings: str, table: Table) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "figure.svg"
        save(chart(json.loads(settings)).draw(table), path)
        return path.read_text()


def inline(svg: str, name: str, exchanged: Mapping[str, str] = MappingProxyType({})) -> str:
    """An SVG file as an element of a page: no fixed size, ids of its own, the page's colours."""
    element = svg[svg.index("<svg") :]
    head, _, body = element.partition(">")
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = _ID.sub(rf"\g<1>{name}-", body)
    element = f'{_SIZE.sub("", head, count=2)} id="{name}" role="img">{body}'
    return _COLOUR.sub(lambda m: page_colour(exchanged.get(m[0], m[0])), element)


def again(svg: str) -> str:
    """The same figure at another place of its page, without its bytes."""
    (view,) = re.findall(r'viewBox="[^"]*"', svg.partition(">")[0])
    (name,) = re.findall(r' id="([^"]*)" role', svg.partition(">")[0])
    return f'<svg {view} role="img"><use href="#{name}"/></svg>'


def page_colour(colour: str) -> str:
    """A colour of a figure, exchanged on a dark page."""
    return f"var(--c{colour[1:]},{colour})" if colour in dark_of() else colour


def dark_colours(page: str) -> str:
    """The CSS variables for a dark page, of the colours that this page uses."""
    pairs = [f"--c{a[1:]}:{b}" for a, b in dark_of().items() if f"var(--c{a[1:]}," in page]
    return ";".join(pairs)


def video(path: Path) -> str | None:
    """A small video as a data URI; None where it is too large for any page."""
    if path.stat().st_size > VIDEO_BYTES:
        return None
    return "data:video/mp4;base64," + base64.b64encode(path.read_bytes()).decode()


def strip(
    number: Estimate,
    line: float | None,
    band: tuple[float, float] | None,
    span: tuple[float, float],
    colour: str,
) -> str:
    """A number on a short axis, with its interval and what it is held against."""

    def x(at: float) -> str:
        share = (at - span[0]) / (span[1] - span[0])
        return f"{6 + 128 * min(max(share, 0.0), 1.0):.1f}"

    paint = page_colour(colour)
    value, low, high, _ = number
    parts = ['<line class="axis" x1="6" x2="134" y1="9" y2="9"/>']
    if band is not None:
        width = float(x(band[1])) - float(x(band[0]))
        parts.append(f'<rect class="band" x="{x(band[0])}" width="{width:.1f}" y="3" height="12"/>')
    if line is not None:
        parts.append(f'<line class="held" x1="{x(line)}" x2="{x(line)}" y1="1" y2="17"/>')
    if low is not None and high is not None:
        parts.append(
            f'<line x1="{x(low)}" x2="{x(high)}" y1="9" y2="9" style="stroke:{paint}" '
            'stroke-width="5" stroke-opacity=".35" stroke-linecap="round"/>'
        )
    parts.append(f'<circle cx="{x(value)}" cy="9" r="4.2" style="fill:{paint}"/>')
    return f'<svg class="strip" viewBox="0 0 140 18" aria-hidden="true">{"".join(parts)}</svg>'


def span_of(values: list[float]) -> tuple[float, float]:
    """The axis for these numbers: 0–1 where they fit in it, else a little more than they span."""
    low, high = min(values), max(values)
    if low >= 0 and high <= 1 and high > 0.2:
        return 0.0, 1.0
    if low >= -1 and high <= 1 and high - low > 0.4:
        return -1.0, 1.0
    room = 0.3 * (high - low) or 1.0
    return low - room, high + room
