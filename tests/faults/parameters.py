"""One value of params.yaml or of a scale is changed: refused with a sentence, or a study."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from showtell.project.errors import UserError
from showtell.study import loading
from showtell.study.grid import Grid
from tests.faults.table import Row

BEFORE = "12,705: 10,846 sentences, 1,854 accepted, 5 tracebacks"
ROOT = Path(__file__).resolve().parents[2]
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 10**9, 10**30, 0.5, -0.5, 1e300),
    *(float("inf"), float("-inf"), float("nan")),
    *("", " ", "x", "../x", "a/b", "-rf", "é", "x" * 5000, "1", "null"),
    *([], [1], ["x"], {}, {"x": 1}, {"kind": "x"}),
)


def campaign(dice: random.Random, most: int) -> Iterator[Row]:
    """One row."""
    whole = loading.base(ROOT)
    places = [place for place in _places(whole) if place]
    came = []
    for _ in range(most):
        place, value = dice.choice(places), dice.choice(ODD)
        came.append(outcome(changed(whole, place, value), place, value))
    yield Row.of("one value of the parameters changed", BEFORE, came)


def outcome(values: Any, place: tuple[Any, ...], value: Any) -> str:
    """What reading the parameters and laying out their grid came to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "base", lambda root: values)
        try:
            grid = Grid(loading.load(ROOT, "smoke"))
            for paper, name, _ in grid.experiments():
                list(grid.cells(paper, name))
        except UserError:
            return "a sentence"
        except Exception as error:
            at = ".".join(map(str, place))
            return f"WRONG: {at} = {str(value)[:20]!r}: {type(error).__name__}: {str(error)[:80]}"
    return "accepted"


def changed(values: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy with one value in another's place."""
    whole = dict(values)
    at = whole
    for key in place[:-1]:
        at[key] = copy.copy(at[key])
        at = at[key]
    at[place[-1]] = value
    return whole


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = enumerate(value)
    for key, one in inner:
        yield from _places(one, (*at, key))
