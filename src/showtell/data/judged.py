"""Captioned frames on which sentences are judged, whether a network was trained on them or not."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.nets.encoder import Frames


class Judged(NamedTuple):
    """What is true of each frame, for one sentence."""

    sentence: str
    shown: NDArray[np.bool_]  # (N,): whether the frame shows what the sentence says
    fit: NDArray[np.float64]  # (N,): how nearly it does
    noise: NDArray[np.float64]  # (N,): how noisily the frame's state was drawn


class JudgedFrames(NamedTuple):
    """`Captioned` frames that are held out, and the sentences that are judged on them, by name."""

    frames: Frames  # (N, H, W, 3)
    captions: list[str]  # C
    fits: NDArray[np.float32]  # (N, C)
    judged: Mapping[str, Judged]
