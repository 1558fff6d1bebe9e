"""Named parts: worlds, rewards and learners found by name, without importing what is heavy.

A part is a module `showtell/<kind>/<file>.py`, or of a family of them the module named like its
kind in a package (`worlds/<family>/world.py`), that defines `PARTS`, a table from a name in
params.yaml to `(Settings, "ClassName")`; kinds of figures may also stand in
`showtell/papers/<paper>/figures.py`, or in a file whose name ends so. Such a module imports no
torch and no simulator at the top: the parameters of a study are checked in a second, on a
machine that has neither.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, NamedTuple, Union

from pydantic import BaseModel, Field

from showtell.project.errors import UserError, nearest


class Part(NamedTuple):
    """One named part: where its code is and the settings it takes."""

    module: str
    settings: type[BaseModel]
    class_name: str

    @property
    def family(self) -> str:
        """The name of its package where it has one of its own, or of its module."""
        return self.module.split(".")[2]

    def load(self) -> Any:
        """The class itself."""
        return getattr(importlib.import_module(self.module), self.class_name)


@cache
def parts(kind: str) -> dict[str, Part]:
    """All parts of one kind: `worlds`, `rewards` or `learners`."""
    found: dict[str, Part] = {}
    for module in _modules(kind):
        for name, (settings, class_name) in getattr(module, "PARTS", {}).items():
            if name in found:
                raise UserError(
                    f"two {kind} are called {name!r}: {found[name].module} and {module.__name__}; "
                    "rename one."
                )
            found[name] = Part(module.__name__, settings, class_name)
    return found


def examples(kind: str) -> list[dict[str, Any]]:
    """Settings of every part of one kind, as written in params.yaml, for the contract tests.

    They stand in the part's own module as `EXAMPLES`, a list beside `PARTS`.
    """
    return [one for module in _modules(kind) for one in getattr(module, "EXAMPLES", [])]


def part(kind: str, name: str) -> Part:
    """The part of this name, or an error that names the closest one."""
    known = parts(kind)
    if name not in known:
        raise UserError(f"no {kind.removesuffix('s')} is called {name!r}; {nearest(name, known)}")
    return known[name]


def build(kind: str, settings: BaseModel, **context: Any) -> Any:
    """Build the part that these settings name."""
    name: str = settings.kind  # type: ignore[attr-defined]
    return part(kind, name).load()(settings, **context)


def _modules(kind: str) -> Iterator[ModuleType]:
    """The modules that may define parts of one kind."""
    package, family = importlib.import_module(f"showtell.{kind}"), kind.removesuffix("s")
    folders = [Path(folder) for folder in package.__path__]
    for info in pkgutil.iter_modules(map(str, folders)):
        name = f"showtell.{kind}.{info.name}"
        if not info.ispkg:
            yield importlib.import_module(name)
        # Other packages hold what parts need once they are built (networks, simulators): they are
        # not imported here.
        elif any((folder / info.name / f"{family}.py").exists() for folder in folders):
            yield importlib.import_module(f"{name}.{family}")
    if kind == "figures":  # papers have their own
        papers = Path(importlib.import_module("showtell.papers").__path__[0])
        for path in sorted(papers.glob("*/*figures.py")):
            yield importlib.import_module(f"showtell.papers.{path.parent.name}.{path.stem}")


def union(kind: str) -> Any:
    """The type of the settings of every part of one kind, distinguished by `kind`."""
    known = tuple(part.settings for part in parts(kind).values())
    if len(known) == 1:
        return known[0]
    return Annotated[Union[known], Field(discriminator="kind")]  # noqa: UP007 (at run time)
