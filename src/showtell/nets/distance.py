"""The interface of a distance: how far the last frames of an episode are from a goal."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from showtell.nets.encoder import Encoder, Frames
from showtell.project.errors import UserError

Vector = NDArray[np.float32]  # (D,), of length 1 where the encoder's are
Picture = NDArray[np.uint8]  # (H, W, 3), upright RGB
Histories = NDArray[np.uint8]  # (N, K, H, W, 3): K consecutive frames, the newest last
Metric = Literal["l2", "cosine"]


@dataclass(frozen=True)
class Stage:
    """One goal, in the forms that networks read."""

    embedding: Vector | None = None
    picture: Picture | None = None


@runtime_checkable
class Distance(Protocol):
    """A frozen network that compares frames with a goal directly."""

    history: int  # K, the number of frames it reads

    def between(self, histories: Histories, goal: Stage) -> NDArray[np.float32]:
        """The distance of each history to the goal: (N,), smaller is closer."""
        ...


class OfEncoder:
    """The distance between two embeddings: HOLD-C, R3M or CLIP used as a distance."""

    history = 1

    def __init__(self, encoder: Encoder, metric: Metric) -> None:
        self._encoder = encoder
        self._metric = metric

    def between(self, histories: Histories, goal: Stage) -> NDArray[np.float32]:
        """‖f(s) − f(g)‖₂, or 1 − cos(f(s), f(g)), of the newest frame: (N,)."""
        if goal.embedding is None:
            raise UserError(
                "a distance between embeddings needs a goal with an embedding, but this goal is a "
                "picture only; set `encoder` of the goal, or `distance: pixels` of the reward."
            )
        vectors = self._encoder.image(histories[:, -1]).numpy()
        if self._metric == "l2":
            return np.asarray(np.linalg.norm(vectors - goal.embedding, axis=1), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(goal.embedding)
        return np.asarray(1 - vectors @ goal.embedding / lengths, dtype=np.float32)


class OfPixels:
    """‖s − g‖₂ of pixels in [0, 1]: the baseline "L2" of HOLD (section V-B)."""

    history = 1

    def __init__(self, *, square: bool) -> None:
        """`square`: compare the central squares alone, as HOLD does with wide pictures."""
        self._square = square

    def between(self, histories: Histories, goal: Stage) -> NDArray[np.float32]:
        """The distance of the newest frame: (N,)."""
        frames, picture = histories[:, -1], goal.picture
        if picture is None or picture.shape != frames.shape[1:]:
            found = "no picture" if picture is None else f"a picture of {picture.shape}"
            raise UserError(
                f"a distance between pixels compares frames of {frames.shape[1:]}, but this goal "
                f"has {found}; use a goal of the kind 'rendered', drawn with the task's view."
            )
        if self._square:
            frames, picture = central_square(frames), central_square(picture[None])[0]
        gap = (frames.astype(np.float32) - picture.astype(np.float32)) / 255
        return np.asarray(np.linalg.norm(gap.reshape(len(gap), -1), axis=1), dtype=np.float32)


def central_square(frames: Frames) -> Frames:
    """The largest central square of each frame: (N, S, S, 3)."""
    height, width = frames.shape[1:3]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return frames[:, top : top + side, left : left + side]


def histories_of(frames: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """The last `length` frames up to each frame of episodes, (E, T, H, W, 3) -> (E, T, K, H, W, 3).

    The first frame is repeated where fewer exist, as HOLD fills the history at reset.
    """
    steps = np.arange(frames.shape[1])[:, None] + np.arange(1 - length, 1)
    return frames[:, np.maximum(steps, 0)]
