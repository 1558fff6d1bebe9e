"""The networks that were trained here and the videos they learned from, beside published tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from showtell.project.files import read_json
from showtell.report.plan import PaperPlan, TrainedPlan
from showtell.report.published import PublishedTables, find_tables
from showtell.report.recipes import (
    RecipesTable,
    SettingsTable,
    recipes_of,
    settings_of,
    with_epochs,
    with_updates,
)
from showtell.report.videos import VideosRead, videos_of
from showtell.study.layout import Layout


class Column(NamedTuple):
    """One column of the table of networks; a cell has a line for each measure."""

    title: str
    lines: tuple[str, ...]  # what each line is, where the title does not say it
    measures: tuple[str, ...]  # keys of metrics.json


_CODED = ("as coded", "as printed")
_TIME = ("index", "time left")
COLUMNS = (
    Column("Rank correlation", (), ("spearman",)),
    Column("Misclassified", _CODED, ("misclassified", "misclassified_printed")),
    Column("Hinge loss", _CODED, ("hinge", "hinge_printed")),
    Column("Squared error, frames²", _TIME, ("squared_coded", "squared")),
    Column("Mean error, frames", _TIME, ("absolute_coded", "absolute")),
    Column("Reversed", (), ("spearman_reversed",)),
    Column("Rewound", (), ("spearman_rewound",)),
    Column("Shuffled", (), ("spearman_shuffled",)),
    Column("Pixels", ("correlation", "misclassified"), ("spearman_pixels", "misclassified_pixels")),
)


def shown(score: float, *, published: bool) -> str:
    """A measure of a network: as it was published, or with three digits."""
    return str(score) if published else f"{score:.3g}".replace("-", "\N{MINUS SIGN}")


class Line(NamedTuple):
    """One network of the table: a published one, or one that is trained here."""

    name: str
    about: str
    published: bool
    scores: Mapping[str, float]
    waiting: bool  # trained here, but not yet


@dataclass(frozen=True)
class Networks:
    """What one paper's page says of networks trained on videos."""

    lines: tuple[Line, ...]
    note: str
    where: str
    expected: int
    trained: int
    videos: tuple[VideosRead, ...]
    settings: tuple[SettingsTable, ...]
    recipes: tuple[RecipesTable, ...]


def networks_of(plan: PaperPlan, paper: str, layout: Layout) -> Networks | None:
    """The networks of a paper that learn from videos; None where it has none."""
    known = {name: one for name, one in plan.networks.items() if one.videos is not None}
    if not known:
        return None
    tables = find_tables(paper)
    paths = {name: layout.encoder(name) / "metrics.json" for name in known}
    scores = {name: read_json(path) for name, path in paths.items() if path.exists()}
    videos = {name: videos_of(layout, name, about) for name, about in plan.videos.items()}
    entries = {
        "training": {n: with_epochs(one, _learned(one, videos)) for n, one in known.items()},
        "learners": {n: with_updates(learner) for n, learner in plan.learners.items()},
    }
    return Networks(
        lines=tuple(_lines(tables, known, scores, videos)),
        note=tables.networks.note if tables else "",
        where=tables.networks.where if tables else "",
        expected=len(known),
        trained=len(scores),
        videos=tuple(videos.values()),
        settings=tuple(settings_of(of, entries[of.section]) for of in tables.settings)
        if tables
        else (),
        recipes=tuple(recipes_of(tables, known)) if tables else (),
    )


def _lines(
    tables: PublishedTables | None,
    known: Mapping[str, TrainedPlan],
    scores: Mapping[str, dict[str, Any]],
    videos: Mapping[str, VideosRead],
) -> Iterator[Line]:
    groups = tables.grouped(known) if tables else iter([(None, [(name, "") for name in known])])
    for row, names in groups:
        if row is not None:
            absent = "no such network here" if not row.answers else "not trained at this scale"
            yield Line(row.label, "" if names else absent, True, row.scores, False)
        for name, of in names:
            about = _about(known[name], videos, scores.get(name, {}), of)
            found = {key: float(x) for key, x in scores.get(name, {}).items() if is_number(x)}
            yield Line(name, about, False, found, name not in scores)


def is_number(value: Any) -> bool:
    """Whether a value of metrics.json is a measure."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _about(
    one: TrainedPlan,
    videos: Mapping[str, VideosRead],
    scores: Mapping[str, Any],
    recipe_of: str,
) -> str:
    """The recipe, the architecture, and how much the network learned from."""
    recipe = one.training
    architecture = dict(one.encoder.get("architecture") or {})
    kind = architecture.pop("kind", one.encoder["kind"])
    shape = [f"{key.replace('_', ' ')} {value}" for key, value in sorted(architecture.items())]
    learned = _learned(one, videos)
    parts = [
        *([recipe_of] if recipe_of else []),
        f"{kind} ({', '.join(shape)})" if shape else kind,
        f"{recipe['steps']:,} steps of {recipe['batch']} videos",
        *([f"{learned:,} training videos"] if learned is not None else []),
        *([f"{scores['videos']:.0f} held-out videos"] if "videos" in scores else []),
    ]
    return " · ".join(parts)


def _learned(one: TrainedPlan, videos: Mapping[str, VideosRead]) -> int | None:
    """The number of its training videos, where they have been read."""
    of = videos.get(one.videos or "")
    return None if of is None else of.splits.get("train")
