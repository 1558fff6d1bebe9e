"""What a distance learned, on videos that were held out: the measures of HOLD's Table IV."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from showtell.data.samples import VideoSplits
from showtell.nets.encoder import Frames, Preprocessing
from showtell.training.along_videos import along

if TYPE_CHECKING:
    from torch import Tensor

Numbers = NDArray[np.int64]
Vectors = NDArray[np.float32]  # (T, D)


class Network(Protocol):
    """The description of a network."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How a frame becomes what it reads."""
        ...


class Measured(Protocol):
    """An encoder of pictures, trained here."""

    @property
    def network(self) -> Network:
        """Its description."""
        ...

    def image(self, frames: Frames) -> "Tensor":
        """One vector a frame: (N, D), on the CPU."""
        ...


def _rewound(length: int, _: np.random.Generator) -> Numbers:
    """Forward to the middle, and back to the start."""
    middle = np.arange((length + 1) // 2)
    return np.concatenate([middle, middle[-2::-1]])


# Orders in which the frames of a video are met; the last frame is the goal.
ORDERS: Mapping[str, Callable[[int, np.random.Generator], Numbers]] = {
    "": lambda length, _: np.arange(length),
    "_reversed": lambda length, _: np.arange(length)[::-1],
    "_rewound": _rewound,
    # What is left of a score without any order: 0, or the measure is at fault.
    "_shuffled": lambda length, draws: draws.permutation(length),
}


def measure(
    encoder: Measured, data: VideoSplits, count: int, draws: np.random.Generator
) -> dict[str, float]:
    """All measures of Table IV in order, rank correlation in other orders, beside pixels."""
    chosen = np.sort(draws.choice(data.rows, min(count, len(data.rows)), replace=False))
    videos = {"": [], "_pixels": []}  # type: dict[str, list[Vectors]]
    for video in chosen:
        frames = data.videos.read(int(video), np.arange(data.videos.lengths[video]))
        videos[""].append(encoder.image(frames).numpy())
        pixels = encoder.network.preprocessing.prepare(frames, "cpu").numpy()
        videos["_pixels"].append(pixels.reshape(len(pixels), -1))
    rates = [float(data.videos.fps[video]) for video in chosen]
    found: dict[str, float] = {}
    for name, order in ORDERS.items():
        found |= {
            f"{key}{name}": value
            for key, value in _along(videos[""], rates, order, draws).items()
            if not name or key == "spearman"
        }
    pixels_along = _along(videos["_pixels"], rates, ORDERS[""], draws)
    return found | {f"{key}_pixels": pixels_along[key] for key in ("spearman", "misclassified")}


def _along(
    videos: list[Vectors],
    rates: list[float],
    order: Callable[[int, np.random.Generator], Numbers],
    draws: np.random.Generator,
) -> dict[str, float]:
    distances = []
    for vectors in videos:
        met = vectors[order(len(vectors), draws)]
        distances.append(np.linalg.norm(met[:-1] - met[-1], axis=1))
    measures = asdict(along(distances, rates, times=False))
    return {key: float(value) for key, value in measures.items() if value is not None}
