"""Rollouts whose frames and distances a study recorded: a slider moves through both."""

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from showtell.figures.style import SOFT, MethodStyle
from showtell.report.graphics import page_colour
from showtell.results.distances import curve
from showtell.results.reading import Results
from showtell.results.table import Table

_KINDS = {"script": "A success of the script", "miss": "A miss: the thing stays"}
_OWN = "same"  # the scene of the goal image, which the frames are of
_QUALITY = 80
_LEFT, _WIDTH, _HEIGHT = 6.0, 308.0, 100.0
_MOST = 2.0  # times the distance at the start; what is above is cut


@dataclass(frozen=True)
class Slider:
    """Frames along one rollout, and each distance to the goal along it."""

    title: str
    task: str
    strip: str  # a data URI: the frames side by side
    count: int
    ratio: str  # of a frame: width / height
    curves: Markup
    styles: tuple[MethodStyle, ...]
    others: tuple[str, ...]  # distances that no method trains on here, in grey


def sliders_of(found: Results, style_of: Mapping[str, MethodStyle]) -> Iterator[Slider]:
    """A rollout of each kind that a study of distances has frames of."""
    from showtell.studies.study import read_strips  # here: most pages have none

    for (task, study), path in found.strips.items():
        table = found.studies.get((task, study))
        if table is None or found.comparison.studies[study]["study"]["kind"] != "distances":
            continue
        strips = read_strips(path)
        for kind in (kind for kind in _KINDS if kind in strips):
            lines = _lines(table, kind)
            frames = strips[kind]
            height, width = frames.shape[1:3]
            yield Slider(
                _KINDS[kind],
                task,
                _jpeg(np.concatenate(list(frames), axis=1)),
                len(frames),
                f"{width} / {height}",
                _drawn(lines, style_of),
                tuple(style_of[method] for method in lines if method in style_of),
                tuple(method for method in lines if method not in style_of),
            )


def _lines(table: Table, kind: str) -> dict[str, list[float]]:
    """Method -> the distances along the first rollout of a kind, as shares of the first one."""
    found: dict[str, list[float]] = {}
    for method in table.distinct("method"):
        rows = table.where(method=method, scene=_OWN, kind=kind)
        if rows.rows:
            along = curve(Table(rows.columns, rows.rows[:1]), "distances")[0]
            found[method] = [float(value) for value in along / along[0]]
    return found


def _drawn(lines: Mapping[str, list[float]], style_of: Mapping[str, MethodStyle]) -> Markup:
    """The distances over the episode: those that methods train on above the others."""
    order = sorted(lines, key=lambda method: method in style_of)
    paths = "".join(_path(lines[method], style_of.get(method)) for method in order)
    base = f'<line class="axis" x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>'
    at = f'<line class="at" x1="{_LEFT}" x2="{_LEFT}" y1="0" y2="{_HEIGHT}"/>'
    size = f'viewBox="0 0 {_WIDTH + 2 * _LEFT:g} {_HEIGHT + 2:g}"'
    return Markup(f'<svg class="along" {size} aria-hidden="true">{base}{paths}{at}</svg>')


def _path(values: list[float], style: MethodStyle | None) -> str:
    colour = page_colour(SOFT if style is None else style.colour)
    step = _WIDTH / max(len(values) - 1, 1)
    points = " ".join(
        f"{_LEFT + step * k:.1f},{_HEIGHT * (1 - min(max(value, 0.0), _MOST) / _MOST):.1f}"
        for k, value in enumerate(values)
    )
    thin = ";stroke-width:1;stroke-opacity:.5" if style is None else ""
    return f'<polyline points="{points}" style="stroke:{colour}{thin}"/>'


def _jpeg(picture: np.ndarray) -> str:
    from PIL import Image

    written = io.BytesIO()
    Image.fromarray(picture).save(written, format="JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(written.getvalue()).decode()
