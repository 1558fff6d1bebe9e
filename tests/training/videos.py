"""Videos in memory: a square that moves from left to right, faster or slower, before a wall."""

import numpy as np

from showtell.data.samples import VideoSplits


class MovingSquares:
    def __init__(self, count: int, seed: int = 0, height: int = 24, width: int = 32) -> None:
        draws = np.random.default_rng(seed)
        self._videos = [self._video(draws, height, width) for _ in range(count)]
        self.lengths = np.array([len(video) for video in self._videos], np.int32)
        self.fps = np.full(count, 12.0)
        self.reads = 0

    def _video(self, draws: np.random.Generator, height: int, width: int) -> np.ndarray:
        length = int(draws.integers(10, 21))
        still = draws.integers(0, 120, 3)
        frames = np.broadcast_to(still, (length, height, width, 3)).astype(np.uint8)
        colour, row = draws.integers(150, 256, 3), int(draws.integers(8, height - 12))
        for number, column in enumerate(np.linspace(2, width - 8, length).astype(int)):
            frames[number, row : row + 6, column : column + 6] = colour
        return frames

    def read(self, video: int, frames: np.ndarray) -> np.ndarray:
        self.reads += 1
        return self._videos[video][frames]


def splits(count: int, held_out: int) -> tuple[VideoSplits, VideoSplits]:
    videos = MovingSquares(count + held_out)
    return (
        VideoSplits(videos, np.arange(count)),
        VideoSplits(videos, np.arange(count, count + held_out)),
    )
