"""A mountain landscape painted by code, for the textured MountainCar: sky, clouds, rock, snow."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]  # (H, W, 3)
Colour = tuple[int, int, int]

LEFT, RIGHT = -1.2, 0.6  # of the car's track, gymnasium's
WIDTH = 600  # of the picture whose lengths stand below


def mountain(width: int, height: int) -> Picture:
    """Sky, clouds, far ridge and a hill of grass, rock and snow; row 0 is the bottom row."""
    scale = width / WIDTH
    y = np.arange(height)[:, None] / scale  # in pixels of the 600-wide picture
    position = LEFT + (RIGHT - LEFT) * np.arange(width)[None, :] / width
    hill = (np.sin(3 * position) * 0.45 + 0.55) * WIDTH / (RIGHT - LEFT)

    picture = _mixed((196, 222, 242), (72, 136, 208), np.clip(y / 400, 0, 1) + 0 * hill)
    clouds = np.clip(_noise(1, 7, 5, width, height) * 2.2 - 1.1, 0, 1)
    picture = _covered(picture, (250, 251, 253), clouds * np.clip((y - 120) / 150, 0, 1) * 0.9)

    ridge = 150 + 60 * np.sin(4.2 * position + 1) + 26 * np.sin(11 * position)
    haze = _mixed((122, 142, 160), (158, 178, 198), np.clip(y / 260, 0, 1) + 0 * hill)
    picture = np.where((y < ridge)[..., None], haze, picture)

    fine = _noise(2, 60, 40, width, height)
    coarse = _noise(3, 14, 9, width, height)
    altitude = y + 70 * (coarse - 0.5)
    ground = _mixed((52, 92, 40), (98, 134, 58), fine)
    ground = _covered(ground, (112, 104, 96), np.clip((altitude - 130) / 45, 0, 1))
    ground = _covered(ground, (240, 243, 248), np.clip((altitude - 262) / 25, 0, 1))
    ground = (
        ground
        * (0.72 + 0.4 * fine * coarse + 0.25 * np.clip((y - hill + 60) / 60, 0, 1))[..., None]
    )
    edge = np.clip((hill - y) + 0.5, 0, 1)  # one pixel of smoothing along the crest
    picture = picture * (1 - edge[..., None]) + ground * edge[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def _noise(seed: int, columns: int, rows: int, width: int, height: int) -> NDArray[np.float64]:
    """Smooth noise in [0, 1], the same at every size: a sheet of 600 x 400, mirrored above it."""
    grid = np.random.default_rng(seed).random((rows, columns), dtype=np.float32)
    size = (width, round(width * 400 / WIDTH))
    smooth = np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC))
    padded = np.pad(smooth, ((0, max(0, height - len(smooth))), (0, 0)), mode="symmetric")
    return np.clip(padded[:height].astype(np.float64), 0, 1)


def _mixed(low: Colour, high: Colour, share: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = share[..., None]
    return np.array(low) * (1 - weight) + np.array(high) * weight


def _covered(
    picture: NDArray[np.float64], colour: Colour, share: NDArray[np.float64]
) -> NDArray[np.float64]:
    weight = share[..., None]
    return picture * (1 - weight) + np.array(colour) * weight
