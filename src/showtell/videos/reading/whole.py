"""A folder of videos from what was downloaded to shards: unpacked, indexed, packed, listed."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from showtell.project.errors import UserError
from showtell.project.files import sha256, write_json, write_text
from showtell.videos.reading import counts
from showtell.videos.reading.index import build_index, read_index, read_quarantine, write_quarantine
from showtell.videos.reading.layout import State, detect, listing
from showtell.videos.reading.pack import QUARANTINE, Packing, pack
from showtell.videos.reading.records import Listing
from showtell.videos.reading.shards import Videos
from showtell.videos.reading.unpack import need, unpack

INDEX, COUNTS, SHARDS = "index.parquet", "counts.csv", "shards.json"
_EVERY_S = 10.0  # between two lines of the log
_log = logging.getLogger(__name__)


class Read(NamedTuple):
    """What was read: videos that can be used, and those that cannot, by reason."""

    videos: int
    frames: int
    refused: dict[str, int]


def read(
    source: Path, folder: Path, packing: Packing, held_out: float, note: str, workers: int
) -> Read:
    """Write the index, the shards, the quarantine table, Table V and the list of shards."""
    listed = _listing(source, held_out)
    folder.mkdir(parents=True, exist_ok=True)
    _log.info("%s: %d videos are listed", source, len(listed.videos))
    found = build_index(
        listed,
        folder / INDEX,
        folder / "unread.csv",
        folder / "journal.jsonl",
        workers,
        progress=_progress("indexed", len(listed.videos)),
    )
    unread = read_quarantine(folder / "unread.csv")
    if found.usable == 0:
        why = f", the first because {unread[0].reason}" if unread else ""
        raise UserError(f"{source} has no video that can be used: {len(unread)} are refused{why}.")
    index = read_index(folder / INDEX)
    frames = int(pc.sum(index["frames"]).as_py())
    _log.info("packing %d videos of %d frames in all", found.usable, frames)
    packed = pack(
        source,
        folder / INDEX,
        folder,
        packing,
        workers=workers,
        progress=_progress("shards packed", -(-found.usable // packing.videos_per_shard)),
    )
    refused = sorted([*unread, *read_quarantine(folder / QUARANTINE)])
    write_quarantine(folder / QUARANTINE, refused)
    (folder / "unread.csv").unlink()
    _write_counts(folder / COUNTS, listed)
    reasons = dict(Counter(row.reason.value for row in refused))
    videos = Videos(folder)
    report = Read(packed.videos, int(videos.lengths.sum()), reasons)
    shards = {path.name: sha256(path) for path in sorted(folder.glob("shard-*.tar"))}
    write_json(folder / SHARDS, {**report._asdict(), "note": note, "shards": shards})
    return report


def _listing(source: Path, held_out: float) -> Listing:
    layout = detect(source)
    if layout.state is State.PACKED:
        space = need(layout)
        _log.info(
            "%s Unpacking takes %d MB of disk; %d MB are free.",
            *(layout.sentence, space.needed >> 20, space.free >> 20),
        )
        total = sum(part.size for part in layout.parts) >> 20
        unpack(layout, _progress("MB unpacked", total, unit=1 << 20))
        layout = detect(source)
    return listing(layout, held_out)


def _write_counts(path: Path, listed: Listing) -> None:
    """Table V; of videos without labels it has zeros."""
    found = counts.count(listed.videos)
    lines = ["task,template,object,action,object_named,both"]
    lines += [
        f"{task.name},{task.template},{task.object},{','.join(map(str, found[task.name]))}"
        for task in counts.TASKS
    ]
    write_text(path, "\n".join(lines) + "\n")


def _progress(what: str, total: int, unit: int = 1) -> Callable[[int], None]:
    """Writes a line to the log now and then."""
    last = time.monotonic()

    def report(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            _log.info("%d of %d %s", done // unit, total, what)

    return report
