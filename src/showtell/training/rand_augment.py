"""RandAugment as HOLD's networks were trained with it: a few random changes that all frames share.

Twelve operations, none of which moves a pixel. The magnitude's scale ends at 10, but the published
recipe has 20, at which Posterize and Solarize do nothing [c].
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveInt

from showtell.nets.encoder import Frames
from showtell.project.settings import Frozen

Floats = NDArray[np.float32]
Operation = Callable[[Frames, float, np.random.Generator], Frames]

_SCALE = 10  # magnitude at which an operation is at its intended strongest
_GREY = 128
# Cutout's half side at magnitude 10, as a share of the published pictures: 40 of 256 pixels.
_CUT = 40 / 256


class RandAugment(Frozen):
    """How many changes, and how strong."""

    layers: PositiveInt  # operations, one after the other, each of them any of the twelve
    magnitude: NonNegativeFloat  # of 10; published 20


def rand_augment(frames: Frames, how: RandAugment, generator: np.random.Generator) -> Frames:
    """Frames of one video after the same random operations: (N, H, W, 3)."""
    for number in generator.integers(len(OPERATIONS), size=how.layers):
        operation = OPERATIONS[list(OPERATIONS)[number]]
        frames = operation(frames, how.magnitude / _SCALE, generator)
    return frames


def _table(frames: Frames, values: NDArray[np.floating] | NDArray[np.integer]) -> Frames:
    """Each value of a pixel replaced by another: 256 for all, or (N, 256, 3)."""
    table = np.clip(values, 0, 255).astype(np.uint8)
    if table.ndim == 1:
        of_all: Frames = table[frames]
        return of_all
    flat = frames.reshape(len(frames), -1, 3)
    found: Frames = np.take_along_axis(table, flat.astype(np.intp), axis=1)
    return found.reshape(frames.shape)


def _blend(away_from: Floats, frames: Frames, factor: float) -> Frames:
    """From a degenerate picture (factor 0) to the picture (1), and beyond."""
    found = away_from + factor * (frames.astype(np.float32) - away_from)
    return np.clip(found, 0, 255).astype(np.uint8)


def _grey(frames: Frames) -> Floats:
    found: Floats = frames.astype(np.float32) @ np.array([0.2989, 0.587, 0.114], np.float32)
    return found[..., None]


def _factor(strength: float) -> float:
    return strength * 1.8 + 0.1


def _auto_contrast(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    """Each channel of a frame stretched from its lowest and highest value to 0 and 255."""
    low = frames.min((1, 2)).astype(np.float32)[:, None]
    high = frames.max((1, 2)).astype(np.float32)[:, None]
    flat = high <= low  # a channel of one value stays as it is
    scale = np.where(flat, 1, 255 / np.where(flat, 1, high - low))
    levels = np.arange(256, dtype=np.float32)[None, :, None]
    return _table(frames, (levels - np.where(flat, 0, low)) * scale)


def _equalize(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    """Each channel of a frame with about as many pixels of every value, as Pillow does it."""
    tables = np.empty((len(frames), 256, 3), np.int64)
    for frame, table in zip(frames, tables, strict=True):
        for channel in range(3):
            counts = np.bincount(frame[..., channel].ravel(), minlength=256)
            step = (counts.sum() - counts[counts > 0][-1]) // 255
            below = np.concatenate([[0], np.cumsum(counts)[:-1]])
            table[:, channel] = (below + step // 2) // step if step else np.arange(256)
    return _table(frames, tables)


def _invert(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    return 255 - frames


def _posterize(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    """So many of a value's highest bits: 4 at magnitude 10, all 8 at 20."""
    lost = max(0, 8 - int(strength * 4))
    return _table(frames, np.arange(256) >> lost << lost)


def _solarize(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    """Values from a threshold on inverted: from 256, which none has, at magnitude 10."""
    levels = np.arange(256)
    return _table(frames, np.where(levels < int(strength * 256), levels, 255 - levels))


def _solarize_add(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    """Dark values raised by 110 at magnitude 10."""
    levels = np.arange(256)
    return _table(frames, np.where(levels < 128, levels + int(strength * 110), levels))


def _colour(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    return _blend(_grey(frames), frames, _factor(strength))


def _contrast(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    """Away from the mean grey of each frame."""
    mean = _grey(frames).mean((1, 2, 3), keepdims=True, dtype=np.float32)
    return _blend(mean, frames, _factor(strength))


def _brightness(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    return _table(frames, np.arange(256) * _factor(strength))


def _sharpness(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    """Away from the mean of nine pixels, of which the middle one counts five times."""
    smooth = frames.astype(np.float32)
    height, width = frames.shape[1:3]
    if min(height, width) > 2:  # pixels at the edge have no nine: they stay
        whole = smooth.copy()
        nine = sum(
            whole[:, y : height - 2 + y, x : width - 2 + x] for y in range(3) for x in range(3)
        )
        smooth[:, 1:-1, 1:-1] = np.floor((nine + 4 * whole[:, 1:-1, 1:-1]) / 13)
    return _blend(smooth, frames, _factor(strength))


def _cutout(frames: Frames, strength: float, draws: np.random.Generator) -> Frames:
    """A grey square about a random pixel, at one place in all frames."""
    height, width = frames.shape[1:3]
    half = int(strength * _CUT * min(height, width))
    y, x = int(draws.integers(height)), int(draws.integers(width))
    found = frames.copy()
    found[:, max(0, y - half) : y + half, max(0, x - half) : x + half] = _GREY
    return found


OPERATIONS: Mapping[str, Operation] = {
    "identity": lambda frames, strength, draws: frames,
    "auto_contrast": _auto_contrast,
    "equalize": _equalize,
    "invert": _invert,
    "posterize": _posterize,
    "solarize": _solarize,
    "colour": _colour,
    "contrast": _contrast,
    "brightness": _brightness,
    "sharpness": _sharpness,
    "cutout": _cutout,
    "solarize_add": _solarize_add,
}
