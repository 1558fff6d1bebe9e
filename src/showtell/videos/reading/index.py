"""The index of a folder of videos: one row for each video that can be used, counted by decoding."""

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from showtell.project.files import replacing
from showtell.videos.reading.decode import Decoder, best_decoder, examine
from showtell.videos.reading.journal import Journal
from showtell.videos.reading.records import Listing, Reason, Refused, Video, VideoError
from showtell.videos.reading.workers import run

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("split", pa.string()),
        ("label", pa.string()),
        ("template", pa.string()),
        ("class_id", pa.int32()),
        ("placeholders", pa.list_(pa.string())),
        ("frames", pa.int32()),
        ("fps", pa.float64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("path", pa.string()),
    ]
)
_RULES = 2  # of what is refused; a journal written under other rules is not used


class Indexed(NamedTuple):
    """How many videos there are in each table."""

    usable: int
    refused: int


def build_index(
    listing: Listing,
    index: Path,
    quarantine: Path,
    journal: Path,
    workers: int = 0,
    decoder: Decoder | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Indexed:
    """Decode every video and write both tables; what the journal knows is not decoded again.

    The tables' bytes depend neither on the number of workers nor on where a run was killed.
    `progress` is called with the number of videos that have been decoded.
    """
    decoder = decoder or best_decoder()
    with Journal(journal, {"decoder": decoder, "rules": _RULES}) as known:
        files = {video.path: _file(listing.root / video.path) for video in listing.videos}
        new = [
            video.path
            for video in listing.videos
            if files[video.path] and known.rows.get(video.path, {}).get("file") != files[video.path]
        ]
        examined = partial(_examine, str(listing.root), decoder)
        for done in run(examined, new, workers):
            row = done.result or {"reason": Reason.CRASHED.name, "detail": ""}
            known.add(done.task, row | {"file": files[done.task]})
            progress(len(known.rows))
        rows = {path: known.rows[path] for path, file in files.items() if file}
    usable, refused = [], list(listing.refused)
    for video in listing.videos:
        row = rows.get(video.path, {"reason": Reason.MISSING.name, "detail": ""})
        if "reason" in row:
            refused.append(Refused(video.id, video.path, Reason[row["reason"]], row["detail"]))
        else:
            usable.append(_row(video, row))
    refused.sort()
    write_table(index, pa.Table.from_pylist(usable, schema=SCHEMA))
    write_quarantine(quarantine, refused)
    return Indexed(len(usable), len(refused))


def read_index(path: Path) -> pa.Table:
    """The index."""
    return pq.read_table(path, schema=SCHEMA)


def write_table(path: Path, table: pa.Table) -> None:
    """Write Parquet, atomically."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_quarantine(path: Path, refused: list[Refused]) -> None:
    """Write the videos that cannot be used as CSV, for a person to read."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(Refused._fields)
        table.writerows((row.id, row.path, row.reason.value, row.detail) for row in refused)


def read_quarantine(path: Path) -> list[Refused]:
    """The rows of such a table."""
    with path.open(newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream)
        return [Refused(r["id"], r["path"], Reason(r["reason"]), r["detail"]) for r in rows]


def _examine(root: str, decoder: Decoder, path: str) -> dict[str, Any]:
    """What the journal keeps of a video."""
    try:
        return examine(Path(root, path), decoder)._asdict()
    except VideoError as fault:
        reason, detail = fault.reason, fault.detail
    except Exception as error:  # whatever a library raises: it is in the table, and the run goes on
        reason, detail = Reason.UNREADABLE, f"{type(error).__name__}: {error}"
    return {"reason": reason.name, "detail": " ".join(detail.split())}


def _file(path: Path) -> list[int]:
    """What tells this file from another at the same place; empty if there is none."""
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


def _row(video: Video, examined: dict[str, Any]) -> dict[str, Any]:
    shape = {key: examined[key] for key in ("frames", "fps", "width", "height")}
    return video._asdict() | shape
