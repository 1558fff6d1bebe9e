"""Unpacks Something-Something v2: parts joined as a stream, videos written whole or not at all."""

import gzip
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple
from zipfile import ZipFile

from filelock import FileLock, Timeout

from showtell.project import archives, bounds
from showtell.project.errors import UserError
from showtell.project.files import replacing, write_json
from showtell.videos.reading.labels import ANSWERS, FOLDER, REQUIRED
from showtell.videos.reading.layout import LABELS, MARK, Layout, State, mark
from showtell.videos.reading.parts import Joined, Part
from showtell.videos.reading.space import writing

_BLOCK = 1 << 20
_PART = ".video.part"  # the one video that is being written
_AGAIN = "Download it again."
_OTHER = "It is not Something-Something v2, so it is not unpacked further."
_UNFOLDED = 4  # times what the parts hold: videos do not shrink by gzip
_SMALL = 1 << 30  # bytes that any archive may unfold to


class Need(NamedTuple):
    """What unpacking takes: bytes, beside what is already unpacked."""

    needed: int
    free: int


class Unpacked(NamedTuple):
    """What was done: videos written, and videos that were already there."""

    written: int
    kept: int


def need(layout: Layout) -> Need:
    """Disk space to unpack: videos do not shrink by gzip, so they are as large as their parts."""
    folder = layout.root / FOLDER
    there = 0
    if folder.is_dir():
        with os.scandir(folder) as entries:
            there = sum(entry.stat().st_size for entry in entries if entry.is_file())
    packed = sum(part.size for part in layout.parts)
    if layout.labels_zip is not None:
        with _labels_archive(layout.labels_zip) as archive:
            packed += sum(entry.file_size for entry in archive.infolist())
    margin = packed // 20  # blocks that are not full, folders
    needed = max(0, packed + margin - there)
    return Need(needed, shutil.disk_usage(layout.root).free)


def check_space(layout: Layout, space: Need) -> None:
    """Refuse to begin where the disk is too small."""
    if space.free < space.needed:
        raise UserError(
            f"{layout.root} has {space.free >> 20} MB free, but unpacking Something-Something v2 "
            f"needs {space.needed >> 20} MB; free some, or move the parts to a larger disk."
        )


def unpack(layout: Layout, progress: Callable[[int], None] | None = None) -> Unpacked:
    """Unpack labels and videos into the folder of the parts; what is complete is kept.

    `progress` is called with the bytes of the parts that have been read.
    """
    if layout.state is not State.PACKED:
        raise UserError(layout.sentence)
    check_space(layout, need(layout))
    lock = FileLock(layout.root / ".lock")
    try:
        with writing(layout.root), lock.acquire(timeout=0):
            if layout.labels_zip is not None:
                _unpack_labels(layout.labels_zip, layout.root / LABELS)
            return _unpack_videos(layout, progress) if layout.parts else Unpacked(0, 0)
    except Timeout:
        raise UserError(
            f"{layout.root} is being unpacked by another process; wait for it, or stop it."
        ) from None


def _unpack_videos(layout: Layout, progress: Callable[[int], None] | None) -> Unpacked:
    (layout.root / FOLDER).mkdir(exist_ok=True)
    written = kept = entries = 0
    joined = Joined(layout.parts)
    try:
        with (
            io.BufferedReader(joined, _BLOCK) as stream,
            gzip.GzipFile(fileobj=stream) as archive,
            tarfile.open(fileobj=_Metered(archive, layout.parts), mode="r|") as videos,
        ):
            while (member := videos.next()) is not None:
                videos.members.clear()  # type: ignore[attr-defined]  # 220,000 would be remembered
                entries += 1
                _check_member(layout.root, member, entries)
                content = videos.extractfile(member) if member.isfile() else None
                new = _write(layout.root, member, content)
                written += new is True
                kept += new is False
                if progress is not None:
                    progress(joined.bytes_read)
            while archive.read(_BLOCK):  # gzip compares its checksum at its end
                pass
    except (EOFError, tarfile.TarError, gzip.BadGzipFile, *bounds.ODD) as error:
        raise UserError(
            f"the archive in {layout.root} breaks off or is damaged within part "
            f"{joined.part.number:02d} ({error}); download that part again, or the parts that "
            "follow it if there are more."
        ) from None
    (layout.root / FOLDER / _PART).unlink(missing_ok=True)
    write_json(layout.root / MARK, mark(layout.parts))
    return Unpacked(written, kept)


class _Metered(io.RawIOBase):
    """What tarfile reads of the archive; it ends where the archive unfolds to more than videos do.

    A header may claim a name or a text of any length, which tarfile would read into memory.
    """

    def __init__(self, archive: gzip.GzipFile, parts: Sequence[Part]) -> None:
        self._archive, self._read = archive, 0
        self._place = parts[0].path.parent
        self._most = _UNFOLDED * sum(part.path.stat().st_size for part in parts) + _SMALL

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Some bytes more."""
        block = self._archive.read(len(buffer))
        buffer[: len(block)] = block
        self._read += len(block)
        bounds.at_most(f"the archive in {self._place}", self._read, self._most, "bytes", _OTHER)
        return len(block)


def _check_member(root: Path, member: tarfile.TarInfo, entries: int) -> None:
    bounds.at_most(f"the archive in {root}", entries, bounds.ARCHIVE_MEMBERS, "members", _OTHER)
    what = f"{member.name!r} in the archive in {root}"
    bounds.at_most(what, member.size, bounds.VIDEO_BYTES, "bytes", _OTHER)
    if member.issparse():
        raise UserError(f"{what} is a sparse file, which no video is. {_OTHER}")


def _write(root: Path, member: tarfile.TarInfo, content: IO[bytes] | None) -> bool | None:
    """Whether the video was written; None for the folder itself."""
    name = _name(root, member)
    if name is None:
        return None
    assert content is not None
    target = root / FOLDER / name
    if target.is_file() and not target.is_symlink() and target.stat().st_size == member.size:
        return False
    part = root / FOLDER / _PART
    with part.open("wb") as stream:
        shutil.copyfileobj(content, stream, _BLOCK)
    # No fsync for each of 220,000 videos: one that a power cut leaves short is written again.
    part.replace(target)
    return True


def _name(root: Path, member: tarfile.TarInfo) -> str | None:
    """The video's name within the flat folder; an archive may write nothing else."""
    path = PurePosixPath(member.name)
    steps = path.parts
    if member.isdir() and steps in {(), (FOLDER,)}:
        return None
    flat = len(steps) == 1 or (len(steps) == 2 and steps[0] == FOLDER)
    plain = bool(steps) and not steps[-1].startswith(".") and not set(steps[-1]) & set("\\:\0")
    if not (member.isfile() and flat and plain and steps[-1] != "/"):
        kind = "file" if member.isfile() else "entry that is no plain file"
        raise UserError(
            f"the archive in {root} holds the {kind} {member.name!r}, but only videos in {FOLDER}/ "
            "were expected; it is not Something-Something v2, so it is not unpacked further."
        )
    return steps[-1]


def _unpack_labels(path: Path, folder: Path) -> None:
    with _labels_archive(path) as archive:
        entries = {PurePosixPath(entry.filename).name: entry for entry in archive.infolist()}
        absent = [name for name in REQUIRED if name not in entries]
        if absent:
            raise UserError(f"{path} lacks {', '.join(absent)}; download labels.zip again.")
        # Known names only, into one folder: what else the file holds is left in it.
        for name in (*REQUIRED, ANSWERS):
            if name in entries:
                entry, what = entries[name], f"{name} in {path}"
                bounds.at_most(what, entry.file_size, bounds.LABEL_BYTES, "bytes", _AGAIN)
                with (
                    archives.member(archive, entry, path, _AGAIN) as source,
                    replacing(folder / name) as target,
                ):
                    _copy(source, target, path)


def _copy(source: IO[bytes], target: Path, archive: Path) -> None:
    try:
        with target.open("wb") as stream:
            shutil.copyfileobj(source, stream, _BLOCK)
    except (EOFError, *bounds.ODD) as error:
        raise UserError(f"{archive} is damaged ({error}); download it again.") from None


def _labels_archive(path: Path) -> ZipFile:
    return archives.opened_zip(path, _AGAIN)
