"""Pictures painted by code for MuJoCo's surfaces: a cloudy sky, slate tiles, a white shell."""

import numpy as np
from numpy.typing import NDArray

Texture = NDArray[np.uint8]  # (H, W, 3)
Field = NDArray[np.float64]


def sky(size: int) -> Texture:
    """A skybox of six square faces, one below the other: blue above, haze and clouds around."""
    directions = np.concatenate([_face(name, size) for name in _FACES])  # (6 * size, size, 3)
    height = directions[..., 2]
    blue = _between((206, 224, 240), (64, 122, 196), np.clip(height * 1.6, 0, 1) ** 0.7)
    # Clouds lie on a plane overhead: stretched towards the horizon, where haze swallows them.
    overhead = directions / np.maximum(height, 0.08)[..., None]
    cover = _clouds(overhead[..., :2] * 0.9)
    share = np.clip(cover * 2.6 - 1.15, 0, 1) * np.clip((height - 0.08) * 8, 0, 1) * 0.9
    cloudy = _cover(blue, (250, 251, 253), share)
    below = np.clip(-height * 8, 0, 1)
    return _picture(_cover(cloudy, (168, 178, 186), below))


def slate(size: int) -> Texture:
    """Four dark slate tiles, two by two, that repeat without a seam."""
    rng = np.random.default_rng(7)
    half = size // 2
    shade = 0.75 * _noise(rng, (size, size), 4) + 0.25 * _noise(rng, (size, size), 16)
    grain = _noise(rng, (size, size), size // 2)
    tone = 52 + 34 * shade + 10 * grain
    tone[:half, :half] += 7  # neighbours differ a little
    tone[half:, half:] -= 5
    tint = np.array([0.94, 1.0, 1.08])
    tiles = tone[..., None] * tint
    edge = np.minimum(np.arange(size) % half, half - 1 - np.arange(size) % half)
    joint = np.clip(1.5 * size / 128 - np.minimum(edge[:, None], edge[None, :]), 0, 1)
    return _picture(_cover(tiles, (30, 31, 33), joint))


def shell(size: int) -> Texture:
    """Near-white, faintly mottled, for a body."""
    rng = np.random.default_rng(11)
    tone = 238 + 10 * _noise(rng, (size, size), 6) + 5 * _noise(rng, (size, size), size // 4)
    return _picture(tone[..., None] * np.array([1.0, 1.0, 0.99]))


# The direction each face of a skybox looks in, and where its right and its upper side point; in
# MuJoCo's order. It shows the whole mirrored in y, which no cloud minds.
_FACES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]] = {
    "right": ((1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "left": ((-1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "up": ((0, 0, 1), (1, 0, 0), (0, -1, 0)),
    "down": ((0, 0, -1), (1, 0, 0), (0, 1, 0)),
    "front": ((0, 1, 0), (1, 0, 0), (0, 0, 1)),
    "back": ((0, -1, 0), (-1, 0, 0), (0, 0, 1)),
}


def _face(name: str, size: int) -> Field:
    """Where the pixels of a face look: (size, size, 3), of length one."""
    ahead, right, up = (np.array(axis, dtype=float) for axis in _FACES[name])
    steps = (np.arange(size) + 0.5) / size * 2 - 1
    across, down = np.meshgrid(steps, steps)
    directions = ahead + across[..., None] * right - down[..., None] * up
    return np.asarray(directions / np.linalg.norm(directions, axis=-1, keepdims=True))


def _clouds(at: Field) -> Field:
    """Fractal noise in [0, 1] at points of a plane: (..., 2) to (...)."""
    rng = np.random.default_rng(3)
    total, weight = np.zeros(at.shape[:-1]), 0.0
    for octave in range(5):
        lattice = rng.random((32, 32))
        total += _between_points(lattice, at * 2**octave) / 1.7**octave
        weight += 1 / 1.7**octave
    return total / weight


def _noise(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Field:
    """Smooth noise in [0, 1] that repeats at the edges, `cells` bumps a side."""
    rows, columns = np.meshgrid(*(np.arange(n) / n * cells for n in shape), indexing="ij")
    return _between_points(rng.random((cells, cells)), np.stack((rows, columns), axis=-1))


def _between_points(lattice: Field, at: Field) -> Field:
    """A lattice that repeats for ever, smoothly interpolated."""
    cell = np.floor(at)
    x, y = np.moveaxis(at - cell, -1, 0)
    x, y = x * x * (3 - 2 * x), y * y * (3 - 2 * y)
    i, j = np.moveaxis(cell.astype(int), -1, 0)
    rows, columns = lattice.shape
    a, b = lattice[i % rows, j % columns], lattice[i % rows, (j + 1) % columns]
    c, d = lattice[(i + 1) % rows, j % columns], lattice[(i + 1) % rows, (j + 1) % columns]
    return np.asarray((a * (1 - y) + b * y) * (1 - x) + (c * (1 - y) + d * y) * x)


def _between(low: tuple[int, int, int], high: tuple[int, int, int], share: Field) -> Field:
    return np.array(low) * (1 - share[..., None]) + np.array(high) * share[..., None]


def _cover(picture: Field, colour: tuple[int, int, int], share: Field) -> Field:
    return np.asarray(picture * (1 - share[..., None]) + np.array(colour) * share[..., None])


def _picture(colours: Field) -> Texture:
    return np.clip(np.rint(colours), 0, 255).astype(np.uint8)
