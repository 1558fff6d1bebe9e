"""Settings that a paper published beside those used here, and its recipes beside ours."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from showtell.report.plan import TrainedPlan
from showtell.report.published import PublishedSettings, PublishedTables


class SettingsTable(NamedTuple):
    """Published settings beside those of the entries here."""

    title: str
    where: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, Any, tuple[Any, ...]], ...]  # (setting, published, here)


class RecipesTable(NamedTuple):
    """What differs between a published recipe and ours."""

    published: str
    ours: str
    rows: tuple[tuple[str, Any, Any], ...]


def with_epochs(one: TrainedPlan, learned: int | None) -> dict[str, Any]:
    """A recipe, and how often it reads each of so many training videos."""
    drawn = one.training["steps"] * one.training["batch"]
    return {**one.training, "epochs": drawn / learned if learned else None}


def with_updates(learner: Mapping[str, Any]) -> dict[str, Any]:
    """A learner, and its updates for each step of an environment."""
    steps = learner.get("train_freq", 0) * learner.get("environments", 0)
    updates = learner.get("gradient_steps")
    return {**learner, "updates_a_step": updates / steps if updates and steps else None}


def settings_of(table: PublishedSettings, entries: Mapping[str, dict[str, Any]]) -> SettingsTable:
    """A published table of settings beside those of the entries that are used here."""
    columns = tuple(name for name in table.here if name in entries)
    rows = []
    for row in table.rows:
        here = []
        for name in columns:
            value = row.always if row.key is None else leaves(entries[name]).get(row.key)
            here.append(f"{value} {row.unit}" if row.unit and value is not None else value)
        rows.append((row.label, row.published, tuple(here)))
    return SettingsTable(table.title, table.where, columns, tuple(rows))


def recipes_of(tables: PublishedTables, known: Mapping[str, TrainedPlan]) -> Iterator[RecipesTable]:
    """Each pair of recipes that are both used here."""
    for pair in tables.recipes:
        if pair.published in known and pair.ours in known:
            a, b = (leaves(known[name].settings) for name in (pair.published, pair.ours))
            keys = [key for key in sorted({*a, *b}) if a.get(key) != b.get(key)]
            rows = tuple((key, a.get(key), b.get(key)) for key in keys)
            yield RecipesTable(pair.published, pair.ours, rows)


def leaves(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Every value by its dotted key."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= leaves(value, f"{above}{key}.")
        else:
            found[above + key] = value
    return found
