"""What no value of the parameters may be, whatever its type: endless, absurd, no name of a path."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from showtell.project.errors import UserError
from showtell.study.settings import Picture

LARGEST = 1e9  # of any number; the largest of the papers is 1e7
_LARGEST_SIDE = 4096  # of a picture, in pixels
_LONGEST = 100  # letters of a name
_IN_A_PATH = re.compile(r"[A-Za-z0-9_.+-]{1,60}")
# Names of folders beside those of papers, and beside those of tasks.
_TAKEN = {
    "papers": ("models", "demos", "goals", "videos", "tables", "records", "report"),
    "experiments": ("report",),
    "tasks": ("compare", "figures", "studies"),
}


def refuse_odd(values: Any, source: str) -> None:
    """Raise one sentence about the first value that is no word, no number and no collection."""
    for at, value in _leaves(values, ()):
        where = f"{source}: {'.'.join(map(str, at))}"
        if at and not isinstance(at[-1], int | str):
            raise UserError(f"{where}: the key is a {type(at[-1]).__name__}; write a word.")
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if not math.isfinite(value):
            raise UserError(f"{where}: found {value}; expected a finite number.")
        if abs(value) > LARGEST and at != ("seed",):
            raise UserError(f"{where}: found {value}; no number may exceed {LARGEST:g}.")


def _leaves(value: Any, at: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            # A number as a key would be taken for a place in a list.
            yield from _leaves(inner, (*at, str(key) if isinstance(key, int) else key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*at, index))
    else:
        yield at, value


def taken_as_another(parameters: Any, values: Any, at: str = "") -> Iterator[str]:
    """A sentence for each value that a type has taken for another: `true` for the number 1."""
    if isinstance(parameters, Picture) and max(parameters.width, parameters.height) > _LARGEST_SIDE:
        found = f"{parameters.width} x {parameters.height}"
        yield f"{at}: found {found} pixels; a picture has at most {_LARGEST_SIDE} a side."
    if isinstance(parameters, BaseModel):
        parameters = {name: getattr(parameters, name) for name in type(parameters).model_fields}
    if isinstance(parameters, Mapping) and isinstance(values, Mapping):
        for name in parameters.keys() & values.keys():
            inner = f"{at}.{name}" if at else str(name)
            yield from taken_as_another(parameters[name], values[name], inner)
    elif isinstance(parameters, list | tuple) and isinstance(values, list):
        for index, (one, value) in enumerate(zip(parameters, values, strict=False)):
            yield from taken_as_another(one, value, f"{at}.{index}")
    elif isinstance(values, bool) and not isinstance(parameters, bool):
        yield f"{at}: found {str(values).lower()}; expected {type(parameters).__name__}."
    elif isinstance(values, str) and isinstance(parameters, int | float):
        yield f"{at}: found the text {values!r}; write the number without quotes."


def unusable_names(parameters: Any) -> Iterator[str]:
    """A sentence for each name that cannot be a folder of results."""
    for paper, entry in parameters.papers.items():
        yield from _taken("papers", f"papers.{paper}", paper)
        for name, experiment in entry.experiments.items():
            at = f"papers.{paper}.experiments.{name}"
            yield from _taken("experiments", at, name)
            for own in (name, *experiment.methods, *experiment.studies, *experiment.figures):
                yield from _unusable(f"{at}: {own}", own)
            for task in experiment.tasks:
                yield from _taken("tasks", f"{at}.tasks", task)
            for method, settings in experiment.methods.items():
                for key, swept in settings.sweep.items():
                    for value in swept:
                        if _IN_A_PATH.fullmatch(f"{value}") is None:
                            yield (
                                f"{at}.methods.{method}.sweep.{key}: {value!r} becomes part of a "
                                "folder's name: use letters, digits and . _ + - (60 at most)."
                            )
    for section in type(parameters).model_fields:
        entries = getattr(parameters, section)
        for name in entries if isinstance(entries, Mapping) else ():
            yield from _unusable(f"{section}.{name}", name)


def _unusable(at: str, name: str) -> Iterator[str]:
    if ".." in name or name.endswith(".") or len(name) > _LONGEST:
        yield f"{at}: a name has at most {_LONGEST} letters, no two dots in a row and none last."


def _taken(kind: str, at: str, name: str) -> Iterator[str]:
    if name in _TAKEN[kind]:
        yield f"{at}: {name!r} is the name of a folder of results; choose another one."
