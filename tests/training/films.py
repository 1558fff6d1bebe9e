"""Films in memory: a square that moves from left to right, faster or slower, on a still picture."""

import numpy as np

from showtell.data.samples import FilmSplits


class MovingSquares:
    def __init__(self, count: int, seed: int = 0, height: int = 24, width: int = 32) -> None:
        draws = np.random.default_rng(seed)
        self._films = [self._film(draws, height, width) for _ in range(count)]
        self.lengths = np.array([len(film) for film in self._films], np.int32)
        self.fps = np.full(count, 12.0)
        self.reads = 0

    def _film(self, draws: np.random.Generator, height: int, width: int) -> np.ndarray:
        length = int(draws.integers(10, 21))
        still = draws.integers(0, 120, 3)
        frames = np.broadcast_to(still, (length, height, width, 3)).astype(np.uint8)
        colour, row = draws.integers(150, 256, 3), int(draws.integers(8, height - 12))
        for number, column in enumerate(np.linspace(2, width - 8, length).astype(int)):
            frames[number, row : row + 6, column : column + 6] = colour
        return frames

    def read(self, film: int, frames: np.ndarray) -> np.ndarray:
        self.reads += 1
        return self._films[film][frames]


def splits(count: int, held_out: int) -> tuple[FilmSplits, FilmSplits]:
    films = MovingSquares(count + held_out)
    return (
        FilmSplits(films, np.arange(count)),
        FilmSplits(films, np.arange(count, count + held_out)),
    )
