"""One colour for each method of a page, whichever experiments it is in.

Figures are drawn an experiment at a time, and give out colours in the order of its methods. A page
exchanges them, so that a method keeps the colour that it had in the first experiment.
"""

from collections.abc import Mapping
from typing import NamedTuple

from showtell.figures.style import INK, SOFT, MethodStyle, styles, unordered
from showtell.results.reading import Comparison

# For methods that come when the figures' own colours are given out; legible on either page.
_MORE = ("#8c6d31", "#7f7f0e", "#5254a3", "#ad494a", "#17a2b8", "#7b4173", "#637939", "#a0522d")
_FIXED = {INK, SOFT}  # the true reward, no reward


class Colours(NamedTuple):
    """How the methods of one experiment look on a page."""

    styles: dict[str, MethodStyle]
    exchanged: dict[str, str]  # colour in the experiment's figures -> colour on the page


def of_page(comparisons: Mapping[str, Comparison]) -> dict[str, Colours]:
    """Experiment -> the colours of its methods on one page."""
    known: dict[str, str] = {}  # method -> its colour
    return {name: _of(plan, known) for name, plan in comparisons.items()}


def _of(plan: Comparison, known: dict[str, str]) -> Colours:
    drawn = styles(plan.methods.values())
    alike: dict[str, list[str]] = {}  # colour -> the methods that a figure draws in it
    for method, style in drawn.items():
        if style.colour not in _FIXED:
            alike.setdefault(style.colour, []).append(method)
    exchanged: dict[str, str] = {}
    for colour, methods in alike.items():
        before = [known[m] for m in methods if m in known and known[m] not in exchanged.values()]
        if before:
            exchanged[colour] = before[0]
    for colour in alike:
        if colour not in exchanged:
            exchanged[colour] = _free(colour, known, exchanged)
    found = {
        method: style._replace(colour=exchanged.get(style.colour, style.colour))
        for method, style in drawn.items()
    }
    for method, style in found.items():
        known.setdefault(method, style.colour)
    return Colours(found, {old: new for old, new in exchanged.items() if old != new})


def _free(colour: str, known: Mapping[str, str], exchanged: Mapping[str, str]) -> str:
    """The figure's own colour if no other method has it, else one that fewest methods have."""
    first_six = list(unordered_once())
    choices = [colour, *first_six, *_MORE]
    free = [one for one in dict.fromkeys(choices) if one not in exchanged.values()]
    has = list(known.values())
    return min(free, key=has.count)


def unordered_once() -> tuple[str, ...]:
    """The figures' colours that have no order, each once."""
    found: list[str] = []
    for colour in unordered():
        if colour in found:
            break
        found.append(colour)
    return tuple(found)
