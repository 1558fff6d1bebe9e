"""Batches of videos for HOLD's networks: some frames each, cut, turned and lit anew at every step.

Each batch is a function of its step alone, so that it can be made before its turn, and a training
that goes on meets the same batches.
"""

from collections.abc import Callable
from collections.abc import Generator as Made
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from showtell.data.samples import Videos
from showtell.nets.encoder import Frames
from showtell.project.settings import Frozen
from showtell.training.rand_augment import RandAugment, rand_augment

if TYPE_CHECKING:
    from torch import Tensor

Generator = np.random.Generator
Numbers = Callable[[int, Generator], NDArray[np.int64]]  # the length of a video -> its frames
_AHEAD = 2  # batches that are made before their turn


class LightAugmentation(Frozen):
    """What is changed at random: of a video as a whole, and of each of its frames."""

    kind: Literal["light"]  # ours
    smallest_crop: float = Field(gt=0, le=1)  # side of the square, as a share of the shorter side
    flip: bool  # left-right, half of the videos
    colour: NonNegativeFloat  # largest change of a video's colour channels, as a share
    frame_light: NonNegativeFloat  # the same of each frame's brightness
    frame_shift: NonNegativeInt  # largest shift of each frame, in pixels


class ScaleAugmentation(Frozen):
    """What is changed at random of a video as a whole, as published: all frames share it."""

    kind: Literal["scale"]  # published
    enlarged: float = Field(ge=1)  # the shorter side before the crop, over the picture's side
    # Height and width are multiplied by one number each, between these two.
    scales: tuple[PositiveFloat, PositiveFloat]
    flip: bool  # left-right, half of the videos
    rand_augment: RandAugment | None  # changes of colour and cut-out squares


# Ours changes frames one by one as well; the published one is stronger, and shared by all frames.
Augmentation = Annotated[LightAugmentation | ScaleAugmentation, Field(discriminator="kind")]


class Batch(NamedTuple):
    """Frames of some videos, in order of time."""

    pictures: "Tensor"  # (F, K, 3, S, S) in [-1, 1]; with two views (F, 2 K, 3, S, S)
    times: NDArray[np.int64]  # (F, K), the frames' numbers
    # Whether a frame was there before: videos shorter than K frames are repeated.
    repeated: NDArray[np.bool_]  # (F, K)
    videos: NDArray[np.int64]  # (F,), their positions
    fps: NDArray[np.float64]  # (F,)


def batches(
    videos: Videos,
    rows: NDArray[np.int64],  # the videos to draw from
    *,
    videos_a_batch: PositiveInt,
    frames: Numbers,
    augmentation: Augmentation,
    size: int,
    first: int,
    draws: Callable[[int], Generator],  # of a step
    views: int = 1,  # how often each frame is changed at random, one view after the other
) -> "Made[Batch]":
    """One batch a step, from the step `first` on; close it when no more are wanted."""

    def make(step: int) -> Batch:
        generator = draws(step)
        chosen = generator.choice(rows, videos_a_batch, replace=len(rows) < videos_a_batch)
        times = np.stack([frames(int(videos.lengths[video]), generator) for video in chosen])
        made = [
            augmented(videos.read(int(video), of), augmentation, size, generator, views)
            for video, of in zip(chosen, times, strict=True)
        ]
        import torch

        first_seen = [_first_seen(of) for of in times]
        return Batch(torch.stack(made), times, ~np.stack(first_seen), chosen, videos.fps[chosen])

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


def pair(length: int, history: int, generator: Generator) -> NDArray[np.int64]:
    """Which frames: a history and a later goal, every pair of newest frame and goal as likely.

    The history is repeated from the video's first frame, as a reward does at a reset.
    """
    newest, goal = np.sort(generator.choice(length, 2, replace=False))
    return np.append(before(newest[None], history)[0], goal)


def before(newest: NDArray[np.int64], history: int) -> NDArray[np.int64]:
    """The frames that end with each of these: (N,) -> (N, history)."""
    found: NDArray[np.int64] = np.maximum(newest[:, None] + np.arange(1 - history, 1), 0)
    return found


def augmented(
    frames: Frames, how: Augmentation, size: int, generator: Generator, views: int = 1
) -> "Tensor":
    """Frames of one video as a network reads them, in each view: (K · views, 3, S, S) in [-1, 1].

    All views of a video are flipped, or none: a thing is moved to the left in all of them.
    """
    import torch

    flip = how.flip and generator.random() < 0.5
    change = _scaled if isinstance(how, ScaleAugmentation) else _lit
    pictures = torch.cat([change(frames, how, size, generator) for _ in range(views)])
    return pictures.flip(-1) if flip else pictures


def _lit(frames: Frames, how: Augmentation, size: int, generator: Generator) -> "Tensor":
    """One crop and colour for all frames, then each frame's own light and shift."""
    import torch
    from torch.nn.functional import interpolate, pad

    assert isinstance(how, LightAugmentation)
    height, width = frames.shape[1:3]
    side = round(min(height, width) * generator.uniform(how.smallest_crop, 1))
    top = int(generator.integers(height - side + 1))
    left = int(generator.integers(width - side + 1))
    cut = np.ascontiguousarray(frames[:, top : top + side, left : left + side])
    pictures = torch.from_numpy(cut).permute(0, 3, 1, 2).float() / 127.5 - 1
    pictures = interpolate(pictures, (size, size), mode="bilinear", antialias=True)
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


def _scaled(frames: Frames, how: Augmentation, size: int, generator: Generator) -> "Tensor":
    """Height and width scaled apart, one crop, and RandAugment: alike for all frames."""
    import torch
    from torch.nn.functional import interpolate

    assert isinstance(how, ScaleAugmentation)
    sides = np.array(frames.shape[1:3])
    scales = size * how.enlarged / sides.min() * generator.uniform(*how.scales, 2)
    height, width = np.maximum(np.rint(sides * scales).astype(int), size)
    raw = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
    resized = interpolate(raw, (int(height), int(width)), mode="bilinear", antialias=True)
    top, left = (
        int(generator.integers(height - size + 1)),
        int(generator.integers(width - size + 1)),
    )
    cut = resized[:, :, top : top + size, left : left + size].permute(0, 2, 3, 1)
    changed = cut.round().clamp(0, 255).byte().numpy()
    if how.rand_augment is not None:
        changed = rand_augment(changed, how.rand_augment, generator)
    return torch.from_numpy(changed).permute(0, 3, 1, 2).float() / 127.5 - 1


def _first_seen(times: NDArray[np.int64]) -> NDArray[np.bool_]:
    found = np.zeros(len(times), np.bool_)
    found[np.unique(times, return_index=True)[1]] = True
    return found
