"""How large a file from elsewhere may be: asked of its header, before anything is unfolded.

Each bound is far above what the papers use. What is above it is refused with what was found, the
bound, and what to do; a file that claims more than it holds costs neither minutes nor memory.
"""

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from showtell.project.errors import UserError

PIXELS = 40_000_000  # of one picture: a frame of 8K has 33 million
MOVING_FRAMES = 10_000  # of a GIF, WebP or APNG, or pictures in a folder: 6 minutes at 25 a second
CLIP_PIXELS = 1 << 36  # decoded of one video: an hour of 1920 x 1080 at 9 frames a second
HELD_BYTES = 4 << 30  # of frames in memory at once
VIDEO_BYTES = 1 << 30  # of one video in an archive; those of Something-Something v2 have 0.1 MB
ARCHIVE_MEMBERS = 1_000_000  # Something-Something v2 has 220,847 videos
ZIP_MEMBERS = 10_000
LABEL_BYTES = 1 << 29  # of one file of labels; the longest that is published has 30 MB
ARRAY_BYTES = 4 << 30  # of an NPZ or NPY file, unfolded
HEADER_BYTES = 4 << 20  # of a safetensors file: 30,000 tensors; the largest CLIP has 2,000
JSON_BYTES = 1 << 28
YAML_BYTES = 1 << 23

# What libraries raise where a file claims what cannot be: none of it says which file.
ODD = (
    *(MemoryError, RecursionError, NotImplementedError, OverflowError, ArithmeticError),
    *(zlib.error, struct.error, zipfile.BadZipFile, zipfile.LargeZipFile),
)


class BoundError(UserError, ValueError):
    """A file that is larger than is read; readers that refuse odd values refuse it too."""


def at_most(what: object, found: int, bound: int, unit: str, cure: str) -> None:
    """Refuse a file of more than so many pixels, frames, members or bytes."""
    if found > bound:
        raise BoundError(
            f"{what} has {found:,} {unit}; at most {bound:,} are read. {sentence(cure)}"
        )


def check_size(path: Path, bound: int, cure: str) -> None:
    """Refuse a file of too many bytes on disk; one that is missing is its reader's to name."""
    if path.is_file():
        at_most(path, path.stat().st_size, bound, "bytes", cure)


def check_safetensors(path: Path, cure: str) -> None:
    """Refuse a header that claims more than a network has; the library takes minutes for it."""
    with path.open("rb") as stream:
        size = stream.read(8)
    if len(size) == 8:  # else it is cut off, which the library says
        (header,) = struct.unpack("<Q", size)
        at_most(f"the header of {path}", header, HEADER_BYTES, "bytes", cure)


def loads(text: str | bytes) -> Any:
    """JSON; one that is nested too deep is a ValueError as other wrong JSON is."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("lists and mappings within each other have no end") from None


def sentence(cure: str) -> str:
    """A cure as a sentence of its own."""
    return f"{cure[:1].upper()}{cure[1:].removesuffix('.')}."


def said(error: BaseException) -> str:
    """The first line of what a library said."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
