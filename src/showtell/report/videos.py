"""Videos of people that networks learned from: how many, which are refused, and Table V."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from showtell.project.files import read_json
from showtell.results.table import Table
from showtell.study.layout import Layout


class Counted(NamedTuple):
    """A row of Table V: (published, counted here) of the action, of the object and of both."""

    task: str
    template: str
    object: str
    numbers: tuple[tuple[int, int], ...]


class Refused(NamedTuple):
    """Videos that cannot be used for one reason."""

    reason: str
    videos: int
    example: str  # the first of them


@dataclass(frozen=True)
class VideosRead:
    """Some videos that networks learn from."""

    name: str
    about: str
    note: str
    videos: int | None  # None: not read yet
    frames: int
    splits: Mapping[str, int]
    refused: tuple[Refused, ...]
    counted: tuple[Counted, ...]
    quarantine: Path | None


def videos_of(layout: Layout, name: str, settings: Mapping[str, Any]) -> VideosRead:
    """What is known of some videos at this moment."""
    folder = layout.videos(name)
    manifest = read_json(folder / "shards.json") if (folder / "shards.json").exists() else None
    quarantine = folder / "quarantine.csv"
    listed = Table.read(quarantine) if manifest and quarantine.exists() else None
    return VideosRead(
        name=name,
        about=str(settings["kind"]).replace("_", " "),
        note=manifest["note"] if manifest else "",
        videos=manifest["videos"] if manifest else None,
        frames=manifest["frames"] if manifest else 0,
        splits=_splits(folder / "videos.parquet") if manifest else {},
        refused=tuple(_refused(manifest["refused"], listed)) if manifest else (),
        counted=tuple(counted(_counts(folder / "counts.csv"))),
        quarantine=quarantine if listed else None,
    )


def _splits(path: Path) -> dict[str, int]:
    """Split -> its videos."""
    if not path.exists():
        return {}
    import pyarrow.parquet as pq  # here: most pages need no Arrow

    found = pq.read_table(path, columns=["split"])["split"].value_counts()
    return {str(row["values"]): int(row["counts"]) for row in found.to_pylist()}


def _refused(reasons: Mapping[str, int], listed: Table | None) -> Iterator[Refused]:
    rows = list(listed.pick(("reason", "id", "detail"))) if listed else []
    for reason, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0])):
        first = next(((video, detail) for why, video, detail in rows if why == reason), ("", ""))
        yield Refused(reason, count, ": ".join(part for part in first if part))


def _counts(path: Path) -> dict[str, tuple[int, ...]]:
    """Task -> its videos with the action, with the object and with both."""
    if not path.exists():
        return {}
    rows = Table.read(path).pick(("task", "action", "object_named", "both"))
    return {task: tuple(map(int, numbers)) for task, *numbers in rows}


def counted(found: Mapping[str, tuple[int, ...]]) -> Iterator[Counted]:
    """Table V: published numbers of each task beside these; none of videos without labels."""
    from showtell.videos.reading.counts import TASKS  # here: most pages need no label files

    if not any(number for numbers in found.values() for number in numbers):
        return
    for task in TASKS:
        if task.name in found:
            numbers = tuple(zip(task.published, found[task.name], strict=True))
            yield Counted(task.name, task.template, task.object, numbers)
