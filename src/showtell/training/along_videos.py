"""How a distance falls along a video: the measures of HOLD's Table IV, as printed and as coded.

A video's goal is its last frame. Distances are of the frames before it, d_0 … d_{T-2}.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.floating]  # (T - 1,)


@dataclass(frozen=True)
class Along:
    """Means over videos."""

    videos: int
    spearman: float
    # Of neighbouring frames, as the code has it: d of the later one is larger.
    misclassified: float
    hinge: float  # in seconds
    # Eqs. 5 and 6 as printed: over all pairs of frames, divided by the sum of T - 1.
    misclassified_printed: float
    hinge_printed: float
    # Against the frames that are left, and against the frame's own index, which the code compares
    # with; in frames. None where a distance is no time.
    squared: float | None = None
    absolute: float | None = None
    squared_coded: float | None = None
    absolute_coded: float | None = None


def along(videos: Sequence[Distances], fps: Sequence[float], *, times: bool) -> Along:
    """All measures; `times`: distances are predictions of frames to the goal, as HOLD-R's."""
    videos = [np.asarray(video, dtype=np.float64) for video in videos]
    if not videos or any(len(video) < 2 for video in videos):
        raise ValueError("a video needs two frames before its goal, and there must be a video")
    neighbours = sum(len(video) - 1 for video in videos)  # the sum of T - 2
    rises = [np.diff(video) for video in videos]
    pairs = [video[None, :] - video[:, None] for video in videos]  # [j, k] = d_k - d_j
    later = [np.maximum(np.triu(pair, 1), 0) for pair in pairs]
    frames = sum(len(video) for video in videos)  # the sum of T - 1
    return Along(
        videos=len(videos),
        spearman=float(np.mean([_spearman(video) for video in videos])),
        misclassified=sum(int((rise > 0).sum()) for rise in rises) / neighbours,
        hinge=sum(
            float(np.maximum(rise, 0).sum()) / rate for rise, rate in zip(rises, fps, strict=True)
        )
        / neighbours,
        misclassified_printed=sum(int((pair > 0).sum()) for pair in later) / frames,
        hinge_printed=sum(float(pair.sum()) for pair in later) / frames,
        **(_errors(videos, frames) if times else {}),
    )


def _spearman(video: Distances) -> float:
    """With the time to the goal; equal distances are ranked by their place, as in the code."""
    ranks = np.argsort(np.argsort(video, kind="stable"), kind="stable")
    left = np.arange(len(video))[::-1]
    return float(np.corrcoef(ranks, left)[0, 1])


def _errors(videos: Sequence[Distances], frames: int) -> dict[str, float]:
    left = [video - np.arange(len(video), 0, -1) for video in videos]
    coded = [video - np.arange(len(video)) for video in videos]
    return {
        "squared": sum(float(np.square(gap).sum()) for gap in left) / frames,
        "absolute": sum(float(np.abs(gap).sum()) for gap in left) / frames,
        "squared_coded": sum(float(np.square(gap).sum()) for gap in coded) / frames,
        "absolute_coded": sum(float(np.abs(gap).sum()) for gap in coded) / frames,
    }
