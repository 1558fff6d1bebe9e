"""Packs the videos of an index into tar files of JPEG frames, any of which can be read alone."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from PIL import Image

from showtell.media.frames import resize_picture
from showtell.project.errors import UserError
from showtell.project.files import canonical_json, replacing
from showtell.videos.reading.decode import Decoder, Picture, best_decoder, frames
from showtell.videos.reading.index import read_index, write_quarantine, write_table
from showtell.videos.reading.records import Reason, Refused, VideoError
from showtell.videos.reading.space import writing
from showtell.videos.reading.workers import run

VIDEOS, OFFSETS, SIZES, QUARANTINE = "videos.parquet", "offsets.npy", "sizes.npy", "quarantine.csv"
_IDENTITY = b"showtell"  # key in the metadata of a shard's index
_INDEX = pa.schema(
    [
        ("id", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("offsets", pa.list_(pa.int64())),  # of each frame's JPEG in the tar file
        ("sizes", pa.list_(pa.int32())),
        ("reason", pa.string()),  # null, or the name of the reason why the video has no frames
        ("detail", pa.string()),
    ]
)
_FORMAT = 1


class Packing(NamedTuple):
    """How videos are packed; other settings make other shards."""

    short_side: int = 256
    quality: int = 90
    videos_per_shard: int = 256


class Packed(NamedTuple):
    """How many shards were written and kept, and how many videos they hold and refused."""

    written: int
    kept: int
    videos: int
    refused: int


class _Shard(NamedTuple):
    """A task for one worker."""

    path: Path  # of the tar file; its index stands beside it
    videos: list[dict[str, Any]]  # id, path and number of frames
    identity: str


def shard_path(folder: Path, number: int) -> Path:
    """The tar file of a shard."""
    return folder / f"shard-{number:05d}.tar"


def pack(
    root: Path,
    index: Path,
    folder: Path,
    packing: Packing | None = None,
    splits: Collection[str] = ("train", "validation"),
    workers: int = 0,
    decoder: Decoder | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Packed:
    """Write the shards of an index, those that are not whole yet, and the tables of all of them.

    The bytes depend neither on the number of workers nor on where a run was killed. `progress` is
    called with the number of shards that are whole.
    """
    packing, decoder = packing or Packing(), decoder or best_decoder()
    table = read_index(index)
    table = table.filter(pc.is_in(table["split"], pa.array(sorted(splits), pa.string())))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with writing(folder), FileLock(folder / ".lock").acquire(timeout=0):
            for part in folder.glob(".*.part.*"):  # of a run that was killed
                part.unlink()
            shards = list(_shards(table, root, folder, packing, decoder))
            new = [shard for shard in shards if not _is_whole(shard)]
            written = run(partial(_write, str(root), packing, decoder), new, workers)
            for number, done in enumerate(written, len(shards) - len(new) + 1):
                if done.result is None:
                    raise UserError(
                        f"the process that packed {done.task.path} was killed twice, probably for "
                        "lack of memory; run the same command again with fewer workers."
                    )
                progress(number)
            videos, refused = _write_tables(table, shards, folder)
    except Timeout:
        raise UserError(
            f"{folder} is being packed by another process; wait for it, or stop it."
        ) from None
    return Packed(len(new), len(shards) - len(new), videos, refused)


def scaled(width: int, height: int, short_side: int) -> tuple[int, int]:
    """(width, height) at which the shorter side is `short_side`; an odd size is kept odd."""
    short = min(width, height)
    return tuple((2 * side * short_side + short) // (2 * short) for side in (width, height))  # type: ignore[return-value]


def _shards(
    table: pa.Table, root: Path, folder: Path, packing: Packing, decoder: Decoder
) -> Iterator[_Shard]:
    size = packing.videos_per_shard
    for number, start in enumerate(range(0, len(table), size)):
        videos = table.slice(start, size).select(["id", "path", "frames"]).to_pylist()
        about = {
            "format": _FORMAT,
            "decoder": decoder,
            "videos": _digest(videos, root),
            **packing._asdict(),
        }
        yield _Shard(shard_path(folder, number), videos, canonical_json(about))


def _digest(videos: list[dict[str, Any]], root: Path) -> str:
    """A hash of the videos and of the size of each file: one that was replaced is packed again."""
    files = [root / video["path"] for video in videos]
    sizes = [file.stat().st_size if file.exists() else None for file in files]
    return hashlib.sha256(canonical_json([videos, sizes]).encode()).hexdigest()


def _is_whole(shard: _Shard) -> bool:
    """Whether a shard's index, written last, is of these videos, and its tar file is as long."""
    try:
        metadata = pq.read_schema(shard.path.with_suffix(".parquet")).metadata
        size = shard.path.stat().st_size
    except (OSError, pa.ArrowInvalid):
        return False
    return bool(metadata and metadata.get(_IDENTITY) == _identity(shard, size))


def _identity(shard: _Shard, size: int) -> bytes:
    return f"{shard.identity} {size}".encode()


def _write(root: str, packing: Packing, decoder: Decoder, shard: _Shard) -> int:
    """Write one shard, then its index; the number of videos in it that could not be packed."""
    rows = []
    shard.path.with_suffix(".parquet").unlink(missing_ok=True)
    with replacing(shard.path) as temporary, temporary.open("wb") as tar:
        for place, video in enumerate(shard.videos):
            rows.append(_write_video(tar, place, video, root, packing, decoder))
        tar.write(bytes(2 * tarfile.BLOCKSIZE))
        size = tar.tell()
    schema = _INDEX.with_metadata({_IDENTITY: _identity(shard, size)})
    write_table(shard.path.with_suffix(".parquet"), pa.Table.from_pylist(rows, schema=schema))
    return sum(row["reason"] is not None for row in rows)


def _write_video(
    tar: IO[bytes], place: int, video: dict[str, Any], root: str, packing: Packing, decoder: Decoder
) -> dict[str, Any]:
    """The video's row; a video that cannot be packed whole leaves nothing in the tar file."""
    start = tar.tell()
    row: dict[str, Any] = {"id": video["id"], "width": 0, "height": 0, "reason": None, "detail": ""}
    offsets, sizes = [], []
    try:
        for number, picture in enumerate(frames(Path(root, video["path"]), decoder)):
            size = scaled(picture.shape[1], picture.shape[0], packing.short_side)
            jpeg = _jpeg(picture, size, packing.quality)
            entry = tarfile.TarInfo(f"{place:05d}-{number:06d}.jpg")
            entry.size = len(jpeg)
            tar.write(entry.tobuf(tarfile.USTAR_FORMAT))
            offsets.append(tar.tell())
            sizes.append(len(jpeg))
            tar.write(jpeg + bytes(-len(jpeg) % tarfile.BLOCKSIZE))
            row["width"], row["height"] = size
        if len(sizes) != video["frames"]:
            detail = f"{len(sizes)} frames, {video['frames']} in the index"
            raise VideoError(Reason.CHANGED, detail)
    except VideoError as fault:
        tar.seek(start)
        tar.truncate()
        offsets, sizes = [], []
        row["reason"], row["detail"] = fault.reason.name, fault.detail
    return row | {"offsets": offsets, "sizes": sizes}


def _jpeg(picture: Picture, size: tuple[int, int], quality: int) -> bytes:
    stream = io.BytesIO()
    try:
        resized = Image.fromarray(resize_picture(picture, *size))
        resized.save(stream, format="JPEG", quality=quality)
    except (OSError, ValueError) as error:  # JPEG takes at most 65,535 pixels a side
        raise VideoError(Reason.UNFIT, str(error)) from None
    return stream.getvalue()


def _write_tables(table: pa.Table, shards: list[_Shard], folder: Path) -> tuple[int, int]:
    """What the reader opens: the place of every frame, and, last, a row a video."""
    (folder / VIDEOS).unlink(missing_ok=True)
    indices = [shard.path.with_suffix(".parquet") for shard in shards]
    for path in {*folder.glob("shard-*")} - {shard.path for shard in shards} - {*indices}:
        path.unlink()  # of an earlier run with more shards
    tables = [pq.read_table(path, schema=_INDEX) for path in indices]
    packed = pa.concat_tables(tables or [_INDEX.empty_table()])
    numbers = np.repeat(np.arange(len(tables), dtype=np.int32), [len(one) for one in tables])
    for name, column in ((OFFSETS, "offsets"), (SIZES, "sizes")):
        with replacing(folder / name) as temporary:
            np.save(temporary, pc.list_flatten(packed[column]).to_numpy())
    whole = pc.is_null(packed["reason"])
    videos = table
    for name, column in (("width", packed["width"]), ("height", packed["height"])):
        videos = videos.set_column(videos.schema.get_field_index(name), name, column)
    videos = videos.append_column("shard", pa.array(numbers)).filter(whole)
    ends = np.cumsum(videos["frames"].to_numpy(), dtype=np.int64)
    videos = videos.append_column("first", pa.array(ends - videos["frames"].to_numpy()))
    bad = packed.select(["id", "reason", "detail"]).append_column("path", table["path"])
    refused = [
        Refused(row["id"], row["path"], Reason[row["reason"]], row["detail"])
        for row in bad.filter(pc.invert(whole)).to_pylist()
    ]
    write_quarantine(folder / QUARANTINE, refused)
    write_table(folder / VIDEOS, videos)
    return len(videos), len(refused)
