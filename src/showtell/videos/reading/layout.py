"""What a folder of videos is: Something-Something v2 in one of its states, or a user's own."""

import hashlib
import json
import os
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from showtell.project.errors import UserError
from showtell.videos.reading import parts as part_files
from showtell.videos.reading.labels import FOLDER, REQUIRED, SUFFIX, labelled
from showtell.videos.reading.parts import Part
from showtell.videos.reading.records import Listing, Reason, Refused, Video

VIDEOS = frozenset({".mp4", ".webm", ".gif", ".mov", ".mkv", ".avi", ".m4v"})
LABELS = "labels"
MARK = ".unpacked.json"  # the parts that were unpacked to the end: name -> bytes
_PAGE = "the page of Something-Something v2 at Qualcomm"


class State(StrEnum):
    """What can be done with a folder."""

    READY = "ready"  # videos and labels lie there
    PACKED = "packed"  # parts or labels are to be unpacked
    OWN = "own"  # videos without labels
    WRONG = "wrong"  # something is missing or broken


class Layout(NamedTuple):
    """The state of a folder, and one sentence about it."""

    root: Path
    state: State
    sentence: str
    parts: tuple[Part, ...] = ()
    labels_zip: Path | None = None  # where labels/ is not complete


def detect(root: Path) -> Layout:
    """What this folder holds; the sentence says what is missing or wrong."""
    try:
        return _detect(root)
    except UserError as error:
        return Layout(root, State.WRONG, str(error))


def listing(layout: Layout, validation_share: float = 0.0) -> Listing:
    """The videos of a folder: by its labels, or a user's own, split by a hash of each name."""
    if layout.state is State.OWN:
        videos, refused = own_videos(layout.root, validation_share)
    elif layout.state is State.READY:
        videos, refused = _labelled_videos(layout.root)
    else:
        raise UserError(layout.sentence)
    return Listing(layout.root, videos, refused)


def own_videos(root: Path, validation_share: float) -> tuple[list[Video], list[Refused]]:
    """The videos in a folder and its subfolders by path, which is also their id."""
    videos, refused = [], []
    for path in sorted(_videos_below(root)):
        try:
            digest = hashlib.sha256(path.encode()).digest()
        except UnicodeEncodeError:  # tables hold UTF-8
            shown = path.encode(errors="backslashreplace").decode()
            refused.append(Refused(shown, shown, Reason.UNREADABLE, "its name is not UTF-8"))
            continue
        place = int.from_bytes(digest[:8]) / 2**64
        videos.append(Video(path, "validation" if place < validation_share else "train", path))
    return videos, refused


def _labelled_videos(root: Path) -> tuple[list[Video], list[Refused]]:
    videos, refused = labelled(root / LABELS)
    known = {video.id for video in videos} | {row.id for row in refused}
    for number in sorted(_numbers(root) - known):
        path = f"{FOLDER}/{number}{SUFFIX}"
        refused.append(Refused(number, path, Reason.UNLABELLED))
    return videos, refused


def _detect(root: Path) -> Layout:
    if not root.is_dir():
        raise UserError(
            f"{root} does not exist; put the parts and the labels of Something-Something v2 there, "
            "or videos of your own."
        )
    parts = tuple(part_files.find(root))
    folder, labels, labels_zip = root / FOLDER, root / LABELS, _labels_zip(root)
    if not (parts or folder.is_dir() or (labels / "labels.json").exists() or labels_zip):
        return _own(root)
    if parts:
        part_files.check(parts)
    absent = [name for name in REQUIRED if not (labels / name).is_file()]
    if absent and labels_zip is None:
        raise UserError(
            f"{labels} lacks {', '.join(absent)}; download labels.zip from {_PAGE} into {root}."
        )
    present = _numbers(root)
    if not parts and not present:
        raise UserError(
            f"{root} has the labels of Something-Something v2, but neither its parts ({FOLDER}-00 "
            f"and so on) nor the folder {FOLDER}; download the parts from {_PAGE} into {root}."
        )
    if absent:
        sentence = f"{root} has {_told(parts)}labels to unpack: {labels_zip}."
        return Layout(root, State.PACKED, sentence, parts, labels_zip)
    named = _named(labels)
    missing = len(named - present)
    if parts and missing and not unpacked(root, parts):
        sentence = (
            f"{root} has {_told(parts)}{len(named) - missing} of {len(named)} labelled videos "
            "unpacked."
        )
        return Layout(root, State.PACKED, sentence, parts)
    sentence = f"{root} holds {len(named) - missing} of {len(named)} labelled videos"
    if missing and parts:
        sentence += f"; its parts, which were unpacked to the end, do not hold the other {missing}"
    elif missing:
        sentence += (
            f"; {missing} are missing: if only the first part was unpacked, the parts were joined "
            f"before each was unzipped; put them into {root} as they came"
        )
    return Layout(root, State.READY, f"{sentence}.", parts)


def unpacked(root: Path, parts: Collection[Part]) -> bool:
    """Whether exactly these parts were unpacked to the end."""
    try:
        return bool(json.loads((root / MARK).read_text()) == mark(parts))
    except (OSError, ValueError):
        return False


def mark(parts: Collection[Part]) -> dict[str, int]:
    """What tells these parts from others."""
    return {f"{part.number:02d}": part.size for part in parts}


def _own(root: Path) -> Layout:
    count = len(_videos_below(root))
    if not count:
        kinds = ", ".join(sorted(VIDEOS))
        raise UserError(
            f"{root} holds no videos ({kinds}) and no part of Something-Something v2 "
            f"({FOLDER}-00.zip and so on); put either there."
        )
    return Layout(root, State.OWN, f"{root} holds {count} videos without labels.")


def _told(parts: Collection[Part]) -> str:
    if not parts:
        return ""
    zipped = sum(part.member is not None for part in parts)
    return f"{len(parts)} parts to unpack, {zipped} of them still zipped, and "


def _labels_zip(root: Path) -> Path | None:
    # Qualcomm's name is longer than the one that everybody uses.
    found = [root / "labels.zip", *sorted(root.glob("20bn-something-something*labels*.zip"))]
    return next((path for path in found if path.is_file()), None)


def _numbers(root: Path) -> set[str]:
    """Ids of the files in the flat folder."""
    folder = root / FOLDER
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries]
    return {
        name.removesuffix(SUFFIX)
        for name in names
        if name.endswith(SUFFIX) and not name.startswith(".")
    }


def _named(labels: Path) -> set[str]:
    videos, refused = labelled(labels)
    return {video.id for video in videos} | {row.id for row in refused}


def _videos_below(root: Path) -> list[str]:
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(folder, name).relative_to(root).as_posix()
            for name in files
            if Path(name).suffix.lower() in VIDEOS and not name.startswith(".")
        ]
    return found
