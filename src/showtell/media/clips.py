"""Any clip that a person may hand over: GIF, WebP, video, or a folder of pictures."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from showtell.media.frames import Frames, Picture, centre_crop, resize
from showtell.media.video import video_frames
from showtell.project import bounds
from showtell.project.errors import UserError

_MOVING_PICTURES = {".gif", ".webp", ".apng", ".png"}  # Pillow's; everything else is FFmpeg's
_STILLS = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
_WHITE = 250  # palettes and JPEG leave a page's white a little short of 255
_KEPT_BYTES = 1 << 29  # of frames; a longer clip is read twice, once to count it
_SHORTER = "Cut it shorter, or save it as an MP4, of which only the frames that are used are kept."
_SMALLER = "Save it with fewer pixels: networks read 256 x 256 of them or fewer."
_DAMAGED = (
    *(OSError, EOFError, SyntaxError, ValueError, IndexError, KeyError, TypeError),
    *bounds.ODD,
)


class Clip(NamedTuple):
    """What was taken of a clip, and what it is as a file."""

    frames: Frames  # evenly spaced, a page around them cut off
    found: int  # frames in the file
    size: tuple[int, int]  # width and height in the file


def read_clip(path: Path, count: int | None = None) -> Clip:
    """`count` frames of a clip evenly spaced, or all; transparency is laid on white."""
    if not path.exists():
        raise UserError(f"{path} does not exist; put the clip there, or correct its path.")
    kept: list[Picture] | None = []
    found, sizes, blank = 0, set(), np.zeros((0, 0), bool)
    for frame in _frames(path):
        found += 1
        sizes.add(frame.shape[:2])
        if len(sizes) > 1:
            continue
        white: NDArray[np.bool_] = np.all(frame >= _WHITE, axis=2)
        blank = white if found == 1 else blank & white
        if kept is not None and found * frame.nbytes > _KEPT_BYTES and count is not None:
            kept = None
        if kept is not None:
            bounds.at_most(path, found * frame.nbytes, bounds.HELD_BYTES, "bytes", _SHORTER)
            kept.append(frame)
    _check(path, found, sizes)
    inside = _window(blank)
    picked = range(found) if count is None else _evenly(found, count)
    if kept is None:
        wanted = set(picked)
        again = {n: frame[inside] for n, frame in enumerate(_frames(path)) if n in wanted}
        frames = np.stack([again[n] for n in picked])
    else:
        frames = np.stack([kept[n][inside] for n in picked])
    ((height, width),) = sizes
    return Clip(frames, found, (width, height))


def _check(path: Path, found: int, sizes: set[tuple[int, ...]]) -> None:
    if not found:
        raise UserError(f"{path} holds no frames; give a clip of one frame or more.")
    if len(sizes) > 1:
        smallest, *_, largest = sorted(sizes)
        raise UserError(
            f"{path} holds frames of {len(sizes)} sizes, from {smallest[1]}x{smallest[0]} to "
            f"{largest[1]}x{largest[0]}; make them all one size."
        )


def _window(blank: NDArray[np.bool_]) -> tuple[slice, slice]:
    """What is left without a page around the clip: white in every frame, on all four sides.

    RoboCLIP's kitchen demonstration is a figure saved with its margins, two fifths of it paper.
    """
    rows, columns = np.flatnonzero(~blank.all(axis=1)), np.flatnonzero(~blank.all(axis=0))
    height, width = blank.shape
    framed = len(rows) and rows[0] > 0 and columns[0] > 0
    if not framed or rows[-1] == height - 1 or columns[-1] == width - 1:
        return slice(None), slice(None)  # a clip of nothing but white is left as it is, too
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _evenly(found: int, count: int) -> list[int]:
    """Places evenly spaced, the first and the last included; a short clip repeats some."""
    places: list[int] = np.linspace(0, found - 1, count).round().astype(int).tolist()
    return places


def fit(frames: Frames, width: int, height: int) -> Frames:
    """Cut the middle out at the aspect that is asked for, then resize with antialiasing."""
    full_height, full_width = frames.shape[1:3]
    scale = min(full_width / width, full_height / height)
    # Rounded up to a pixel: a clip may be smaller than one pixel's worth of the other's aspect.
    cut_width = min(full_width, max(1, round(width * scale)))
    cut_height = min(full_height, max(1, round(height * scale)))
    return resize(centre_crop(frames, cut_width, cut_height), width, height)


def _frames(path: Path) -> Iterator[Picture]:
    """Every frame, upright RGB, one after another: each is decoded when it is asked for."""
    if path.is_dir():
        files = list(stills(path))
        bounds.at_most(path, len(files), bounds.MOVING_FRAMES, "pictures", _SHORTER)
        for file in files:
            yield next(_moving_picture(file))
    elif path.suffix.lower() in _MOVING_PICTURES:
        yield from _moving_picture(path)
    else:
        yield from _video(path)


def _video(path: Path) -> Iterator[Picture]:
    """A video of a person: `video_frames` takes a damaged one for a result, to be made again."""
    try:
        yield from video_frames(path)
    except bounds.BoundError:
        raise
    except UserError as error:
        cause = error.__cause__
        if isinstance(cause, IndexError):  # PyAV, asked for the first stream of pictures
            raise UserError(
                f"{path} has no pictures in it, sound alone for example; give a video."
            ) from None
        why = "frames are missing at its end" if cause is None else bounds.said(cause)
        raise UserError(
            f"{path} is damaged, or is no video ({why}); save it again as an MP4, or take another "
            "copy of it."
        ) from None


def _moving_picture(path: Path) -> Iterator[Picture]:
    try:
        with Image.open(path) as image:
            frames = getattr(image, "n_frames", 1)  # counted without decoding one
            bounds.at_most(path, frames, bounds.MOVING_FRAMES, "frames", _SHORTER)
            # Pillow puts frames together that store only what changed; each palette is its own.
            for frame in ImageSequence.Iterator(image):
                pixels = frame.width * frame.height
                bounds.at_most(path, pixels, bounds.PIXELS, "pixels a frame", _SMALLER)
                yield _on_white(frame)
    except UserError:
        raise
    except Image.DecompressionBombError as error:
        found, *_ = map(int, re.findall(r"\d+", str(error)))
        bounds.at_most(path, found, bounds.PIXELS, "pixels a frame", _SMALLER)
        raise
    except UnidentifiedImageError:
        raise UserError(
            f"{path} is not a clip of any kind that is known here; give a GIF, an MP4, a WebM, or "
            "a folder of pictures."
        ) from None
    except _DAMAGED as error:
        raise UserError(
            f"{path} breaks off or is damaged ({bounds.said(error)}); fetch or make it again."
        ) from None


def stills(folder: Path) -> Iterator[Path]:
    """Pictures by name: frame2 before frame10."""
    files = [file for file in folder.iterdir() if file.suffix.lower() in _STILLS]
    digits = [len(file.stem) - len(file.stem.rstrip("0123456789")) for file in files]
    numbered = all(digits)
    keys = [
        (file.stem[:-count] if numbered else file.name, int(file.stem[-count:]) if numbered else 0)
        for file, count in zip(files, digits, strict=True)
    ]
    yield from (file for _, file in sorted(zip(keys, files, strict=True)))


def _on_white(image: Image.Image) -> NDArray[np.uint8]:
    seen = image.convert("RGBA")
    paper = Image.new("RGBA", seen.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(paper, seen).convert("RGB"))
