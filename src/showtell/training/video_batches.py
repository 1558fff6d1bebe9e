"""Batches of videos for HOLD's networks: some frames each, cut, turned and lit anew at every step.

Each batch is a function of its step alone, so that it can be made before its turn, and a training
that goes on meets the same batches.
"""

from collections.abc import Callable
from collections.abc import Generator as Made
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from showtell.data.samples import Videos
from showtell.nets.encoder import Frames
from showtell.project.settings import Frozen

if TYPE_CHECKING:
    from torch import Tensor

Generator = np.random.Generator
Numbers = Callable[[int, Generator], NDArray[np.int64]]  # the length of a video -> its frames
_AHEAD = 2  # batches that are made before their turn


class Augmentation(Frozen):
    """What is changed at random: of a video as a whole, and of each of its frames."""

    smallest_crop: float = Field(gt=0, le=1)  # side of the square, as a share of the shorter side
    flip: bool  # left-right, half of the videos
    colour: NonNegativeFloat  # largest change of a video's colour channels, as a share
    frame_light: NonNegativeFloat  # the same of each frame's brightness
    frame_shift: NonNegativeInt  # largest shift of each frame, in pixels


class Batch(NamedTuple):
    """Frames of some videos, in order of time."""

    pictures: "Tensor"  # (F, K, 3, S, S) in [-1, 1]
    times: NDArray[np.int64]  # (F, K), the frames' numbers
    # Whether a frame was there before: videos shorter than K frames are repeated.
    repeated: NDArray[np.bool_]  # (F, K)
    videos: NDArray[np.int64]  # (F,), their positions


def batches(
    videos: Videos,
    rows: NDArray[np.int64],  # the videos to draw from
    *,
    videos_a_batch: PositiveInt,
    frames_a_video: PositiveInt,
    frames: Literal["consecutive", "spread"] | Numbers,
    augmentation: Augmentation,
    size: int,
    first: int,
    draws: Callable[[int], Generator],  # of a step
) -> "Made[Batch]":
    """One batch a step, from the step `first` on; close it when no more are wanted."""

    def make(step: int) -> Batch:
        generator = draws(step)
        chosen = generator.choice(rows, videos_a_batch, replace=len(rows) < videos_a_batch)
        times = np.stack(
            [
                frames(int(videos.lengths[video]), generator)
                if callable(frames)
                else numbers(int(videos.lengths[video]), frames_a_video, frames, generator)
                for video in chosen
            ]
        )
        made = [
            augmented(videos.read(int(video), of), augmentation, size, generator)
            for video, of in zip(chosen, times, strict=True)
        ]
        import torch

        first_seen = [_first_seen(of) for of in times]
        return Batch(torch.stack(made), times, ~np.stack(first_seen), chosen)

    with ThreadPoolExecutor(1) as ahead:
        waiting = [ahead.submit(make, first + number) for number in range(_AHEAD)]
        step = first + _AHEAD
        while True:
            yield waiting.pop(0).result()
            waiting.append(ahead.submit(make, step))
            step += 1


def numbers(
    length: int, count: int, frames: Literal["consecutive", "spread"], generator: Generator
) -> NDArray[np.int64]:
    """Which frames of a video of this length; a short video is repeated from its start."""
    if frames == "consecutive":
        start = int(generator.integers(max(1, length - count + 1)))
        return np.arange(start, start + count) % length
    if length < count:
        return np.sort(np.arange(count) % length)
    return np.sort(generator.choice(length, count, replace=False))


def augmented(frames: Frames, how: Augmentation, size: int, generator: Generator) -> "Tensor":
    """Frames of one video as a network reads them: (K, 3, S, S) in [-1, 1]."""
    import torch
    from torch.nn.functional import interpolate, pad

    height, width = frames.shape[1:3]
    side = round(min(height, width) * generator.uniform(how.smallest_crop, 1))
    top = int(generator.integers(height - side + 1))
    left = int(generator.integers(width - side + 1))
    cut = np.ascontiguousarray(frames[:, top : top + side, left : left + side])
    pictures = torch.from_numpy(cut).permute(0, 3, 1, 2).float() / 127.5 - 1
    pictures = interpolate(pictures, (size, size), mode="bilinear", antialias=True)
    if how.flip and generator.random() < 0.5:
        pictures = pictures.flip(-1)
    colours = 1 + generator.uniform(-how.colour, how.colour, 3)
    light = 1 + generator.uniform(-how.frame_light, how.frame_light, (len(frames), 1))
    gains = torch.from_numpy((light * colours).astype(np.float32))[:, :, None, None]
    pictures = ((pictures + 1) * gains - 1).clamp(-1, 1)
    if how.frame_shift:
        far = how.frame_shift
        padded = pad(pictures, (far, far, far, far), mode="replicate")
        shifts = generator.integers(0, 2 * far + 1, (len(frames), 2))
        pictures = torch.stack(
            [
                picture[:, y : y + size, x : x + size]
                for picture, (y, x) in zip(padded, shifts, strict=True)
            ]
        )
    return pictures


def _first_seen(times: NDArray[np.int64]) -> NDArray[np.bool_]:
    found = np.zeros(len(times), np.bool_)
    found[np.unique(times, return_index=True)[1]] = True
    return found
