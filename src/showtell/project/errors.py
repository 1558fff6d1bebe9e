"""Errors a person can act on: what was found, where, what was expected, and the cure."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake that the user can correct; printed as one sentence, without a traceback."""


def nearest(found: object, choices: Iterable[str]) -> str:
    """The tail of an error about a name: the closest valid choice, or all of them."""
    known, name = sorted(choices), str(found)  # a file may hold a number where a name is meant
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    close += [choice for choice in known if name and choice.startswith(name)]
    if close:
        return f"did you mean {close[0]!r}?"
    return "valid choices: " + ", ".join(known) + "."
