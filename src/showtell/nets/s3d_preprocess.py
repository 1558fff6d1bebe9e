"""How a clip of any length and size becomes what S3D reads: all that decides it, as data."""

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveInt, model_validator

from showtell.media.frames import centre_crop, resize
from showtell.nets.encoder import Clips
from showtell.project.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, device


class ClipPreprocessing(BaseModel):
    """Which frames of a clip are read, how large, and in which numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: PositiveInt
    size: tuple[PositiveInt, PositiveInt]  # height, width
    sampling: Literal["evenly", "every-fourth"]  # the second misses the end, as RoboCLIP's code
    values: Literal["0-1", "0-255"]
    fit: Literal["crop", "squash"]  # a clip of another shape: its middle, or all of it

    @model_validator(mode="after")
    def _even(self) -> "ClipPreprocessing":
        try:
            check_even(self.frames, *self.size)
        except UserError as error:
            raise ValueError(str(error)) from None
        return self

    def picked(self, length: int) -> NDArray[np.int64]:
        """The frames that are read of a clip of this length.

        Clips that were picked already stay as they are. `every-fourth` does not know a length:
        shorter clips are read whole, as RoboCLIP's code reads its demonstrations.
        """
        if self.sampling == "evenly":
            return np.linspace(0, length - 1, self.frames).round().astype(np.int64)
        return np.arange(0, length, 4 if length > self.frames else 1, dtype=np.int64)

    def prepare(self, clips: Clips, device: "device | str" = "cpu") -> "Tensor":
        """Clips (N, T, H, W, 3) as S3D's input (N, 3, frames, height, width), float32."""
        import torch

        if clips.ndim != 5 or clips.shape[-1] != 3 or clips.dtype != np.uint8 or not clips.size:
            raise ValueError(f"clips are {clips.dtype} {clips.shape}, not uint8 (N, T, H, W, 3)")
        picked = self.picked(clips.shape[1])
        check_even(len(picked), *self.size)
        if not np.array_equal(picked, np.arange(clips.shape[1])):
            clips = clips[:, picked]
        if clips.shape[2:4] != self.size:
            flat = self._fitted(clips.reshape(-1, *clips.shape[2:]))
            clips = flat.reshape(*clips.shape[:2], *flat.shape[1:])
        # Channels stay the fastest in memory: what convolutions read best on CPUs and GPUs.
        raw = torch.from_numpy(np.ascontiguousarray(clips)).to(device).permute(0, 4, 1, 2, 3)
        return raw.float().div_(255) if self.values == "0-1" else raw.float()

    def _fitted(self, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = self.size
        if self.fit == "crop":  # the largest window of the right shape
            rows, columns = frames.shape[1:3]
            frames = centre_crop(
                frames,
                width=max(1, min(columns, round(rows * width / height))),
                height=max(1, min(rows, round(columns * height / width))),
            )
        return resize(frames, width, height, "bilinear")


def check_even(frames: int, height: int, width: int) -> None:
    """Refuse a clip that cannot be cut into blocks of 2x2x2."""
    sides = (frames, height, width)
    if any(side < 2 or side % 2 for side in sides):
        nearest = [max(2, side - side % 2) for side in sides]
        raise UserError(
            f"S3D reads an even number of frames, rows and columns, not {frames} frames of "
            f"{height}x{width} (height x width); nearest is {nearest[0]} frames of "
            f"{nearest[1]}x{nearest[2]}: change the clip, or `frames` and `picture` of the encoder."
        )
