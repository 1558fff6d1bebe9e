"""The face of an encoder: pictures, clips and sentences in, vectors of one space out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, PositiveInt, ValidationError

from showtell.project.errors import UserError
from showtell.project.files import read_json
from showtell.project.settings import Frozen
from showtell.study.registry import part

if TYPE_CHECKING:
    from torch import Tensor, device

    from showtell.nets.distance import Distance

Frames = NDArray[np.uint8]  # (N, H, W, 3), upright RGB
Clips = NDArray[np.uint8]  # (N, T, H, W, 3)
Channels = tuple[float, float, float]


class Encoder(Protocol):
    """A frozen network. Every method takes what it can and gives float32 vectors."""

    dimensions: int
    frames: int | None  # of a clip; None for networks of single pictures
    normalised: bool  # all of length 1; else as long as they come, which products then weigh
    # Of the sentences that it was trained on here, or its dictionary; None: it knows every word.
    words: frozenset[str] | None

    def image(self, frames: Frames) -> "Tensor":
        """One vector a frame: (N, D), on the CPU."""
        ...

    def video(self, clips: Clips) -> "Tensor":
        """One vector a clip: (N, D), on the CPU."""
        ...

    def text(self, sentences: list[str]) -> "Tensor":
        """One vector a sentence: (N, D), on the CPU."""
        ...


def load(settings: BaseModel, weights: Path, network: Path) -> "Encoder | Distance":
    """The network that these settings name, with weights and description from files."""
    name: str = settings.kind  # type: ignore[attr-defined]
    encoder: Encoder | Distance = part("nets", name).load().load(settings, weights, network)
    return encoder


def in_batches(
    inputs: NDArray[np.uint8], batch: int, encode: Callable[[NDArray[np.uint8]], "Tensor"]
) -> "Tensor":
    """What a network says of pictures or clips, some at once; there is at least one of them."""
    import torch

    parts = [inputs[first : first + batch] for first in range(0, len(inputs), batch)]
    with torch.inference_mode():
        return torch.cat([encode(part) for part in parts])


class Preprocessing(Frozen):
    """How a frame becomes what a network reads: all that decides it, as data."""

    size: tuple[PositiveInt, PositiveInt]  # height, width
    mean: Channels
    std: Channels
    interpolation: Literal["bicubic", "bilinear"]
    fit: Literal["squash", "crop", "pad"]  # both sides · the shorter side, cut · the longer, black
    antialias: bool

    def prepare(self, frames: Frames, device: "device | str") -> "Tensor":
        """Frames as a network's input: (N, 3, h, w) float32."""
        import torch

        _check_frames(frames)
        raw = torch.from_numpy(np.ascontiguousarray(frames)).to(device)
        # Resizing is done on floats and not clamped, as VLM-RM's code does: bicubic weights leave
        # [0, 1] a little. On bytes it would be much faster and up to 0.1 away.
        pictures = self._fitted(raw.permute(0, 3, 1, 2).contiguous().float() / 255)
        mean = torch.tensor(self.mean, device=device)[:, None, None]
        std = torch.tensor(self.std, device=device)[:, None, None]
        return (pictures - mean) / std

    def _fitted(self, pictures: "Tensor") -> "Tensor":
        """Resize to `size`, each fit in its own way."""
        from torchvision.transforms.functional import InterpolationMode as Mode
        from torchvision.transforms.functional import center_crop, resize

        height, width = self.size
        rows, columns = pictures.shape[-2:]
        size = [height, width]
        if self.fit == "crop":  # sides are rounded as torchvision and open_clip round them
            scale = max(height / rows, width / columns)
            size = [max(height, int(rows * scale)), max(width, int(columns * scale))]
        elif self.fit == "pad":
            scale = min(height / rows, width / columns)
            size = [max(1, round(rows * scale)), max(1, round(columns * scale))]
        resized: Tensor = resize(
            pictures, size, interpolation=Mode(self.interpolation), antialias=self.antialias
        )
        fitted: Tensor = center_crop(resized, [height, width])  # pads with black where too small
        return fitted


def _check_frames(frames: Any) -> None:
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
        raise ValueError(f"frames are {frames.dtype} {frames.shape}, not uint8 (N, H, W, 3)")


def read_error(path: Path, expected: str, cure: str, error: Exception) -> UserError:
    """The sentence for a file that cannot be read."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return UserError(f"{path} is not {expected} ({first}); {cure}")


Described = TypeVar("Described", bound=BaseModel)


def read_described(
    path: Path, of: type[Described], expected: str, settings: BaseModel, fields: Sequence[str]
) -> Described:
    """The contents of model.json, if they are of the network that the settings ask for."""
    again = "make it again with: make reproduce"
    try:
        described = of.model_validate(read_json(path))
    except (OSError, ValueError, ValidationError) as error:
        raise read_error(path, expected, f"delete it and {again}", error) from None
    for field in fields:
        found, wanted = getattr(described, field), getattr(settings, field)
        if found != wanted:
            raise UserError(
                f"{path} says {field} = {found}, but the parameters say {wanted}; delete {path} "
                f"and {again}"
            )
    return described
