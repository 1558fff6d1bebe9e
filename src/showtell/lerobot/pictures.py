"""A batch of LeRobot as episodes: its pictures, at the size that a reward reads."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from showtell.media.clips import fit
from showtell.project.errors import UserError, nearest
from showtell.rewards.reward import Episodes, Reads

if TYPE_CHECKING:
    from torch import Tensor

_SHAPES = "(B, 3, H, W), or (B, T, 3, H, W) for videos"


def episodes_of(pictures: "Tensor", key: str, reads: Reads) -> Episodes:
    """Each sample as an episode of T steps, one where it is a single picture.

    A reward that also reads the frame after reset is given the first frame of a video as that.
    """
    assert reads.view is not None
    if pictures.ndim not in (4, 5) or pictures.shape[-3] != 3:
        found = tuple(pictures.shape)
        raise UserError(f"batch[{key!r}] has the shape {found}; pictures are {_SHAPES}.")
    videos = pictures if pictures.ndim == 5 else pictures[:, None]
    size = reads.view.width, reads.view.height
    flat = fit(_bytes(videos.flatten(0, 1), key), *size)
    frames = flat.reshape(*videos.shape[:2], *flat.shape[1:])
    start_frames = None
    if reads.start and frames.shape[1] > 1:
        start_frames, frames = frames[:, 0], frames[:, 1:]
    shape = frames.shape[:2]
    return Episodes(
        observations=np.zeros((*shape, 1), np.float32),
        actions=np.zeros((*shape, 1), np.float32),
        true_rewards=np.zeros(shape, np.float32),
        successes=np.zeros(shape, np.bool_),
        frames=frames[:, reads.steps(shape[1])],
        start_frames=start_frames,
    )


def _bytes(pictures: "Tensor", key: str) -> NDArray[np.uint8]:
    """(N, 3, H, W) in [0, 1], as LeRobot reads them, or already bytes: (N, H, W, 3)."""
    values = pictures.detach().cpu().permute(0, 2, 3, 1).numpy()
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise UserError(
            f"batch[{key!r}] has values from {low:.3g} to {high:.3g}; pictures are in [0, 1] or "
            "uint8: give them before they are normalised, for this reward normalises them itself."
        )
    return np.asarray((values * 255).round(), dtype=np.uint8)


def pictures_in(batch: Mapping[str, Any], key: str) -> "Tensor":
    """The entry of a batch that holds the pictures."""
    if key not in batch:
        raise UserError(
            f"the batch has no {key!r}; {nearest(key, batch)} The name stands in input_features "
            "of config.json; name another with `image=` when the model is made."
        )
    pictures: Tensor = batch[key]
    return pictures
