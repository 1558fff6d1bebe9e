"""Print an entry of the parameters as it is at one scale, with everything it takes over."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from showtell.project.errors import UserError, nearest
from showtell.study.grid import Grid
from showtell.study.loading import SECTIONS, load
from showtell.study.parameters import Parameters


def show(root: Path, scale: str, name: str, study: Path | None = None) -> str:
    """All entries of this name: of a section, an experiment, or a method by its full name."""
    parameters = load(root, scale, study)
    entries = list(_entries(parameters))
    found = {
        f"{at}.{short}": value for at, short, value in entries if name in (short, f"{at}.{short}")
    }
    if not found:
        known = {key for at, short, _ in entries for key in (short, f"{at}.{short}")}
        raise UserError(f"nothing is called {name!r} at the scale {scale}; {nearest(name, known)}")
    return "\n".join(
        f"# {at}\n{yaml.safe_dump(value, sort_keys=False, allow_unicode=True)}"
        for at, value in found.items()
    )


def _entries(parameters: Parameters) -> Iterator[tuple[str, str, Any]]:
    """(where it stands, its name, its values) of everything that has a name."""
    for section in SECTIONS:
        for name, entry in getattr(parameters, section).items():
            yield section, name, _plain(entry)
    grid = Grid(parameters)
    for paper, name, experiment in grid.experiments():
        yield paper, name, _plain(experiment)
        for full, variant in grid.variants(experiment).items():
            yield (
                f"{paper}.{name}",
                full,
                {
                    "reward": _plain(variant.reward),
                    "learner": variant.method.learner or experiment.train.learner or "task's",
                    "goals": {
                        goal: _plain(settings)
                        for goal, settings in grid.goals(variant.reward.needs()).items()
                    },
                    "phases": grid.phases(experiment, full),
                },
            )


def _plain(entry: Any) -> Any:
    return entry.model_dump(mode="json") if isinstance(entry, BaseModel) else entry
