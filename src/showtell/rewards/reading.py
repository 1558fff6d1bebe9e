"""Draws the frames that a reward reads, in parts that fit in memory."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.rendering.scene import Frames, Snapshots, View
from showtell.rewards.reward import Reads

Draw = Callable[[Snapshots, View], Frames]

FRAME_BYTES = 256 << 20  # frames of a part of a longer batch; two parts may be held at once


class ReadFrames(NamedTuple):
    """The frames of E episodes, as the fields of `Episodes`."""

    frames: NDArray[np.uint8] | None  # (E, K, H, W, 3)
    start_frames: NDArray[np.uint8] | None  # (E, H, W, 3)


def frames_for(
    reads: Reads, snapshots: Snapshots, draw: Draw | None, starts: Snapshots | None = None
) -> ReadFrames:
    """Draw what `reads` names of episodes (E, T, D), and of their start states (E, D)."""
    view = reads.view
    if view is None:
        return ReadFrames(None, None)
    if draw is None:
        raise ValueError("the reward reads frames, but this caller has no render pool")
    if reads.start and starts is None:
        raise ValueError("the reward reads start frames, but this caller has no start snapshots")
    moments = snapshots[:, reads.steps(snapshots.shape[1])]
    flat = draw(moments.reshape(-1, moments.shape[-1]), view)
    frames = flat.reshape(*moments.shape[:2], *flat.shape[1:])
    return ReadFrames(frames, draw(starts, view) if reads.start and starts is not None else None)


def parts(episodes: int, horizon: int, *several: Reads) -> Iterator[slice]:
    """Consecutive parts of `episodes` whose frames, for all of `several`, fit in memory."""
    pixels = sum(
        (len(reads.steps(horizon)) + reads.start) * reads.view.height * reads.view.width
        for reads in several
        if reads.view is not None
    )
    size = max(1, FRAME_BYTES // (3 * pixels)) if pixels else max(1, episodes)
    for first in range(0, episodes, size):
        yield slice(first, min(first + size, episodes))
