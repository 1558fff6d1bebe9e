"""What a distance learned, on videos that were held out: the measures of HOLD's Table IV."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from showtell.data.samples import VideoSplits
from showtell.nets.distance import Distance, Stage, histories_of
from showtell.nets.encoder import Frames, Preprocessing
from showtell.training.along_videos import Along, along

if TYPE_CHECKING:
    from torch import Tensor

Numbers = NDArray[np.int64]
Distances = NDArray[np.float32]  # (T - 1,): of each frame before the last to the last
Order = Callable[[int, np.random.Generator], Numbers]


class Network(Protocol):
    """The description of a network."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How a frame becomes what it reads."""
        ...


class Described(Protocol):
    """A network that was trained here."""

    @property
    def network(self) -> Network:
        """Its description."""
        ...


class Embedding(Described, Protocol):
    """An encoder of pictures, whose distance is that of its vectors."""

    def image(self, frames: Frames) -> "Tensor":
        """One vector a frame: (N, D), on the CPU."""
        ...


class Comparing(Described, Distance, Protocol):
    """A network that compares frames with a goal directly."""


Measured = Embedding | Comparing


@runtime_checkable
class Timed(Distance, Protocol):
    """A distance that predicts a time, as HOLD-R does."""

    fps: float  # frames a second, in which it predicts


def _rewound(length: int, _: np.random.Generator) -> Numbers:
    """Forward to the middle, and back to the start."""
    middle = np.arange((length + 1) // 2)
    return np.concatenate([middle, middle[-2::-1]])


# Orders in which the frames of a video are met; the last frame is the goal.
ORDERS: Mapping[str, Order] = {
    "": lambda length, _: np.arange(length),
    "_reversed": lambda length, _: np.arange(length)[::-1],
    "_rewound": _rewound,
    # What is left of a score without any order: 0, or the measure is at fault.
    "_shuffled": lambda length, draws: draws.permutation(length),
}


def measure(
    network: Measured, data: VideoSplits, count: int, draws: np.random.Generator
) -> dict[str, float]:
    """All measures of Table IV in order, rank correlation in other orders, beside pixels."""
    chosen = np.sort(draws.choice(data.rows, min(count, len(data.rows)), replace=False))
    distances: dict[str, list[Distances]] = {name: [] for name in (*ORDERS, "_pixels")}
    rates = [float(data.videos.fps[video]) for video in chosen]
    for video, rate in zip(chosen, rates, strict=True):
        frames = data.videos.read(int(video), np.arange(data.videos.lengths[video]))
        of = _distances(network, frames, rate)
        for name, order in ORDERS.items():
            distances[name].append(of(order(len(frames), draws)))
        pixels = network.network.preprocessing.prepare(frames, "cpu").numpy()
        distances["_pixels"].append(_between(pixels.reshape(len(pixels), -1)))
    found = _measures(distances[""], rates, times=isinstance(network, Timed))
    for name in ("_reversed", "_rewound", "_shuffled"):
        found[f"spearman{name}"] = _measures(distances[name], rates)["spearman"]
    of_pixels = _measures(distances["_pixels"], rates)
    return found | {f"{key}_pixels": of_pixels[key] for key in ("spearman", "misclassified")}


def in_order(network: Measured, data: VideoSplits) -> Along:
    """The measures of all these videos, as they are."""
    distances, rates = [], []
    for video in data.rows:
        frames = data.videos.read(int(video), np.arange(data.videos.lengths[video]))
        rates.append(float(data.videos.fps[video]))
        distances.append(_distances(network, frames, rates[-1])(np.arange(len(frames))))
    return along(distances, rates, times=isinstance(network, Timed))


def _distances(network: Measured, frames: Frames, rate: float) -> Callable[[Numbers], Distances]:
    """The distances along the frames of a video, met in some order; times in its own frames."""
    if not isinstance(network, Distance):
        vectors = network.image(frames).numpy()
        return lambda order: _between(vectors[order])
    scale = rate / network.fps if isinstance(network, Timed) else 1.0

    def of(order: Numbers) -> Distances:
        met = frames[order]
        histories = histories_of(met[None, :-1], network.history)[0]
        return scale * network.between(histories, Stage(picture=met[-1]))

    return of


def _between(vectors: NDArray[np.float32]) -> Distances:
    return np.asarray(np.linalg.norm(vectors[:-1] - vectors[-1], axis=1))


def _measures(
    distances: list[Distances], rates: list[float], *, times: bool = False
) -> dict[str, float]:
    measures = asdict(along(distances, rates, times=times))
    return {key: float(value) for key, value in measures.items() if value is not None}
