"""What networks are trained on: pictures and clips, each with the captions that fit it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from showtell.nets.encoder import Clips, Frames


class Request(NamedTuple):
    """What a dataset is made for: the pictures of an encoder, and the tasks that it names."""

    width: int = 0
    height: int = 0
    frames: int | None = None  # of a clip; None for networks of single pictures
    tasks: Mapping[str, Mapping[str, Any]] = {}  # name -> world and camera
    videos: Path | None = None  # the folder of their shards


class Captioned(NamedTuple):
    """Frames, and how well each of the captions fits each of them."""

    frames: Frames  # (N, H, W, 3)
    captions: list[str]  # C, all different
    fits: NDArray[np.float32]  # (N, C), rows sum to 1: the chance that a person says this caption


class Narrated(NamedTuple):
    """Clips, and for each of them a bag of captions, any of which describes it."""

    clips: Clips  # (N, T, H, W, 3)
    captions: list[tuple[str, ...]]  # N bags, none empty
    asked: Sequence[str] = ()  # N: the caption of each clip's task at success
    things: Sequence[str] = ()  # N: what each clip is about, whoever does something to it


class Videos(Protocol):
    """Videos whose frames can be read in any order."""

    lengths: NDArray[np.int32]  # of each video, in frames
    fps: NDArray[np.float64]

    def read(self, video: int, frames: NDArray[np.int64]) -> Frames:
        """These frames of a video: (K, H, W, 3)."""
        ...

    def caption(self, video: int) -> str:
        """What is done in a video, in words; empty where nobody wrote it down."""
        ...


class VideoSplits(NamedTuple):
    """Some of the videos of a dataset."""

    videos: Videos
    rows: NDArray[np.int64]  # their positions
