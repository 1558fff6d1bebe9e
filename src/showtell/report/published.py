"""Tables of a paper about its networks and settings, as published: data beside its ledger."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError, model_validator

from showtell.project.errors import UserError
from showtell.project.settings import Frozen

DATA = ("../papers/{paper}/tables.yaml",)
_PAPERS = Path(__file__).parents[1] / "papers"


class PublishedNetwork(Frozen):
    """One network of the paper, and the networks here that answer it."""

    label: str
    published: tuple[str, ...] = ()  # trained here with its recipe
    ours: tuple[str, ...] = ()  # trained here with a recipe of ours
    scores: dict[str, float]  # by the names of metrics.json

    @property
    def answers(self) -> list[tuple[str, str]]:
        """(network here, whose recipe it has)."""
        of = [(name, "published recipe") for name in self.published]
        return of + [(name, "our recipe") for name in self.ours]


class PublishedNetworks(Frozen):
    """The paper's table of networks."""

    where: str
    note: str  # what its numbers compare with
    rows: tuple[PublishedNetwork, ...]


class PublishedSetting(Frozen):
    """One setting of the paper."""

    label: str
    published: int | float | str
    key: str | None = None  # of the entries here, or epochs, or updates_a_step
    always: str | None = None  # what the code uses where it has no such setting
    unit: str = ""  # of ours

    @model_validator(mode="after")
    def _answered(self) -> "PublishedSetting":
        if (self.key is None) == (self.always is None):
            raise ValueError(f"{self.label}: give either `key` or `always`.")
        return self


class PublishedSettings(Frozen):
    """One table of settings."""

    title: str
    where: str
    section: Literal["training", "learners"]
    here: tuple[str, ...]  # entries of that section
    rows: tuple[PublishedSetting, ...]


class Recipes(Frozen):
    """A recipe of ours, and the published one that it changes."""

    published: str
    ours: str


class PublishedTables(Frozen):
    """Everything that a paper published in tables about networks and settings."""

    networks: PublishedNetworks
    settings: tuple[PublishedSettings, ...]
    recipes: tuple[Recipes, ...]

    def grouped(
        self, names: Iterable[str]
    ) -> Iterator[tuple[PublishedNetwork | None, list[tuple[str, str]]]]:
        """(published row, [(network, whose recipe)]); at last the networks without a row."""
        left = list(dict.fromkeys(names))
        for row in self.networks.rows:
            found = [(name, whose) for name, whose in row.answers if name in left]
            left = [name for name in left if name not in dict(found)]
            yield row, found
        if left:
            yield None, [(name, "") for name in left]


def find_tables(paper: str) -> PublishedTables | None:
    """A paper's tables; most papers have none."""
    path = _PAPERS / paper / "tables.yaml"
    if not path.exists():
        return None
    try:
        value: Any = yaml.safe_load(path.read_text())
        return PublishedTables.model_validate(value)
    except (yaml.YAMLError, ValidationError) as error:
        raise UserError(f"{path}: {error}") from None


def table_files(papers: Iterable[str]) -> list[Path]:
    """The tables of those papers that have some."""
    return [path for paper in papers if (path := _PAPERS / paper / "tables.yaml").exists()]
