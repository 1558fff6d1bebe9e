"""One colour for each method of a page, whichever experiments and figures it is in.

Figures are drawn an experiment at a time, and give out colours in the order of its methods. A page
exchanges them, so that a method keeps the colour that it had in the first experiment.
"""

from collections.abc import Mapping

from showtell.figures.style import GRID, INK, PAPER, SOFT, MethodStyle, styles, unordered
from showtell.results.reading import Comparison

# For methods that come when the figures' own colours are given out; legible on either page.
_MORE = ("#8c6d31", "#7f7f0e", "#5254a3", "#ad494a", "#17a2b8", "#7b4173", "#637939", "#a0522d")
_FIXED = {INK, SOFT, GRID, PAPER}  # text and axes too; the true reward, no reward


def of_page(comparisons: Mapping[str, Comparison]) -> dict[str, dict[str, MethodStyle]]:
    """Experiment -> how its methods look on one page."""
    known: dict[str, str] = {}  # method -> its colour
    return {name: _of(plan, known) for name, plan in comparisons.items()}


def exchange(drawn: Mapping[str, MethodStyle], page: Mapping[str, MethodStyle]) -> dict[str, str]:
    """Colour in a figure -> colour on its page: a permutation, so that no two become one."""
    found: dict[str, str] = {}
    for method, style in drawn.items():
        old, new = style.colour, page[method].colour if method in page else style.colour
        if {old, new} & _FIXED or old in found or new in found.values():
            continue
        found[old] = new
    # What a new colour stood for takes the colour that has become free.
    taken = [new for new in found.values() if new not in found]
    free = [old for old in found if old not in found.values()]
    found |= dict(zip(taken, free, strict=True))
    return {old: new for old, new in found.items() if old != new}


def _of(plan: Comparison, known: dict[str, str]) -> dict[str, MethodStyle]:
    drawn = styles(plan.methods.values())
    alike: dict[str, list[str]] = {}  # colour -> the methods that a figure draws in it
    for method, style in drawn.items():
        if style.colour not in _FIXED:
            alike.setdefault(style.colour, []).append(method)
    given: dict[str, str] = {}
    for colour, methods in alike.items():
        before = [known[m] for m in methods if m in known and known[m] not in given.values()]
        if before:
            given[colour] = before[0]
    for colour in alike:
        if colour not in given:
            given[colour] = _free(colour, known, given)
    found = {
        method: style._replace(colour=given.get(style.colour, style.colour))
        for method, style in drawn.items()
    }
    for method, style in found.items():
        known.setdefault(method, style.colour)
    return found


def _free(colour: str, known: Mapping[str, str], given: Mapping[str, str]) -> str:
    """The figure's own colour if no other method has it, else one that fewest methods have."""
    choices = dict.fromkeys([colour, *_unordered(), *_MORE])
    has = list(known.values())
    return min((one for one in choices if one not in given.values()), key=has.count)


def _unordered() -> list[str]:
    """The figures' colours that have no order, each once."""
    found: list[str] = []
    for colour in unordered():
        if colour in found:
            break
        found.append(colour)
    return found
