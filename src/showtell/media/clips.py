"""Any clip that a person may hand over: GIF, WebP, video, or a folder of pictures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from showtell.media.frames import Frames, centre_crop, resize
from showtell.media.video import read_video
from showtell.project.errors import UserError

_MOVING_PICTURES = {".gif", ".webp", ".apng", ".png"}  # Pillow's; everything else is FFmpeg's
_STILLS = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
_WHITE = 250  # palettes and JPEG leave a page's white a little short of 255


def read_clip(path: Path) -> Frames:
    """All frames as upright RGB, (N, H, W, 3); transparency is laid on white."""
    if not path.exists():
        raise UserError(f"{path} does not exist; put the clip there, or correct its path.")
    if path.is_dir():
        frames = _folder(path)
    elif path.suffix.lower() in _MOVING_PICTURES:
        frames = _moving_picture(path)
    else:
        frames = list(read_video(path)[0])
    if not frames:
        raise UserError(f"{path} holds no frames; give a clip of one frame or more.")
    sizes = sorted({frame.shape[:2] for frame in frames})
    if len(sizes) > 1:
        raise UserError(
            f"{path} holds frames of {len(sizes)} sizes, from {sizes[0][1]}x{sizes[0][0]} to "
            f"{sizes[-1][1]}x{sizes[-1][0]}; make them all one size."
        )
    return np.stack(frames)


def trim(frames: Frames) -> Frames:
    """Cut off a page around the clip: white in every frame, on all four sides.

    RoboCLIP's kitchen demonstration is a figure saved with its margins, two fifths of it paper.
    """
    blank: NDArray[np.bool_] = np.all(frames >= _WHITE, axis=(0, 3))  # (H, W)
    rows, columns = np.flatnonzero(~blank.all(axis=1)), np.flatnonzero(~blank.all(axis=0))
    if not len(rows):  # a clip of nothing but white is left as it is
        return frames
    height, width = blank.shape
    framed = rows[0] > 0 and columns[0] > 0 and rows[-1] < height - 1 and columns[-1] < width - 1
    if not framed:
        return frames
    return frames[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def resample(frames: Frames, count: int) -> Frames:
    """`count` frames evenly spaced, the first and the last included; a short clip repeats some."""
    picked = np.linspace(0, len(frames) - 1, count).round().astype(int)
    return np.asarray(frames[picked])


def fit(frames: Frames, width: int, height: int) -> Frames:
    """Cut the middle out at the aspect that is asked for, then resize with antialiasing."""
    full_height, full_width = frames.shape[1:3]
    scale = min(full_width / width, full_height / height)
    # Rounded up to a pixel: a clip may be smaller than one pixel's worth of the other's aspect.
    cut_width = min(full_width, max(1, round(width * scale)))
    cut_height = min(full_height, max(1, round(height * scale)))
    return resize(centre_crop(frames, cut_width, cut_height), width, height)


def _moving_picture(path: Path) -> list[NDArray[np.uint8]]:
    try:
        with Image.open(path) as image:
            # Pillow puts frames together that store only what changed; each palette is its own.
            return [_on_white(frame) for frame in ImageSequence.Iterator(image)]
    except UnidentifiedImageError:
        raise UserError(
            f"{path} is not a clip of any kind that is known here; give a GIF, an MP4, a WebM, or "
            "a folder of pictures."
        ) from None
    except (OSError, EOFError, SyntaxError, ValueError, IndexError) as error:
        raise UserError(
            f"{path} breaks off or is damaged ({error}); fetch or make it again."
        ) from None


def _folder(path: Path) -> list[NDArray[np.uint8]]:
    return [picture for file in stills(path) for picture in _moving_picture(file)[:1]]


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
