"""Pictures in memory and in PNG files: resize, crop, strips and contact sheets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]  # (H, W, 3), upright RGB
Frames = NDArray[np.uint8]  # (N, H, W, 3)
Filter = Literal["nearest", "bilinear", "bicubic"]


def resize(frames: Frames, width: int, height: int, how: Filter = "bicubic") -> Frames:
    """Resize every frame, averaging where it shrinks so that thin things stay visible."""
    resized = np.empty((len(frames), height, width, 3), dtype=np.uint8)
    for target, frame in zip(resized, frames, strict=True):
        target[:] = resize_picture(frame, width, height, how)
    return resized


def resize_picture(picture: Picture, width: int, height: int, how: Filter = "bicubic") -> Picture:
    """Resize one picture; see `resize`."""
    if picture.shape[:2] == (height, width):
        return picture
    # Pillow widens its filters when it shrinks: antialiased, unlike OpenCV or an old torchvision.
    resampling = Image.Resampling[how.upper()]
    return np.asarray(Image.fromarray(picture).resize((width, height), resampling))


def crop(frames: Frames, left: int, top: int, width: int, height: int) -> Frames:
    """Cut the same window out of one picture or of every frame."""
    full_height, full_width = frames.shape[-3:-1]
    if not (0 <= left <= full_width - width and 0 <= top <= full_height - height):
        raise ValueError(
            f"a window of {width}x{height} at ({left}, {top}) does not lie within "
            f"{full_width}x{full_height} frames"
        )
    return frames[..., top : top + height, left : left + width, :]


def centre_crop(frames: Frames, width: int, height: int) -> Frames:
    """Cut the middle out of one picture or of every frame."""
    full_height, full_width = frames.shape[-3:-1]
    return crop(frames, (full_width - width) // 2, (full_height - height) // 2, width, height)


def strip(frames: Frames, count: int, gap: int = 4) -> Picture:
    """Show `count` frames side by side, evenly spaced, the first and the last included."""
    picked = np.linspace(0, len(frames) - 1, count).round().astype(int)
    return contact_sheet(frames[picked], columns=count, gap=gap)


def contact_sheet(frames: Frames | Sequence[Picture], columns: int, gap: int = 4) -> Picture:
    """Lay frames of one size out row by row, on white."""
    height, width = frames[0].shape[:2]
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    sheet = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, dtype=np.uint8
    )
    for number, frame in enumerate(frames):
        top = number // columns * (height + gap)
        left = number % columns * (width + gap)
        sheet[top : top + height, left : left + width] = frame
    return sheet


def write_png(path: Path, picture: Picture) -> None:
    """Write one picture, without loss."""
    Image.fromarray(picture).save(path, format="PNG")


def read_png(path: Path) -> Picture:
    """Read one picture as RGB."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
