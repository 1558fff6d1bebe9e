"""Flat-shaded drawings of simple solids in perspective, and of a cartoon hand, antialiased."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float, float]  # x to the right, y away from the viewer, z up
Pixel = tuple[float, float]
Picture = NDArray[np.uint8]

_OVER = 4  # drawn so many times larger, then averaged down
_LINE = 0.006  # an outline's width, of the picture's height
# Unit cube's corners, and its faces so that seen from outside they turn anticlockwise.
_CORNERS = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
_FACES = {
    "left": (0, 1, 3, 2),
    "right": (4, 6, 7, 5),
    "front": (0, 4, 5, 1),
    "back": (2, 3, 7, 6),
    "bottom": (0, 2, 6, 4),
    "top": (1, 5, 7, 3),
}
_SHADES = {"left": 0.8, "right": 0.72, "front": 0.92, "back": 0.85, "bottom": 0.6, "top": 1.1}


class Camera(NamedTuple):
    """Looks at a point from a distance; angles in degrees, azimuth 0 from the front."""

    lookat: Point
    distance: float
    azimuth: float
    elevation: float
    zoom: float = 1.6

    def eye(self) -> NDArray[np.float64]:
        """Where it stands."""
        turn, lift = math.radians(self.azimuth), math.radians(self.elevation)
        away = (
            math.sin(turn) * math.cos(lift),
            -math.cos(turn) * math.cos(lift),
            math.sin(lift),
        )
        return np.add(self.lookat, np.multiply(away, self.distance))


class Sketch:
    """One picture under way; what is drawn later covers what is there."""

    def __init__(self, width: int, height: int, camera: Camera, background: Colour) -> None:
        self._size = width, height
        self._image = Image.new("RGB", (width * _OVER, height * _OVER), background)
        self._draw = ImageDraw.Draw(self._image)
        self._eye, self._zoom = camera.eye(), camera.zoom
        ahead = _unit(np.subtract(camera.lookat, self._eye))
        right = _unit(np.cross(ahead, (0, 0, 1)))
        self._axes = np.stack((right, np.cross(right, ahead), ahead))
        self._line = max(1, round(_LINE * height * _OVER))

    def at(self, point: Point) -> Pixel:
        """Where a point is seen, in the large picture's pixels."""
        x, y, depth = self._axes @ np.subtract(point, self._eye)
        height = self._size[1] * _OVER
        scale = self._zoom * height / 2 / max(depth, 1e-3)
        return self._size[0] * _OVER / 2 + x * scale, height / 2 - y * scale

    def ground(self, far: float, colour: Colour) -> None:
        """All below the line where the floor ends, `far` behind the middle."""
        (x0, y0), (x1, y1) = self.at((-1, far, 0)), self.at((1, far, 0))
        width, height = self._image.size
        slope = (y1 - y0) / (x1 - x0)
        left, right = y0 - slope * x0, y0 + slope * (width - x0)
        self._polygon([(0, left), (width, right), (width, height), (0, height)], colour, False)

    def face(self, corners: list[Point], colour: Colour, outlined: bool = True) -> None:
        """A flat polygon."""
        self._polygon([self.at(corner) for corner in corners], colour, outlined)

    def box(self, corner: Point, size: Point, colour: Colour, hinge: float = 0.0) -> None:
        """A box by its lowest corner; `hinge`: degrees turned around its right front edge."""
        cos, sin = math.cos(math.radians(hinge)), math.sin(math.radians(hinge))
        pivot = np.array((corner[0] + size[0], corner[1]))
        corners = []
        for unit in _CORNERS:
            x, y, z = np.add(corner, np.multiply(unit, size)).tolist()
            dx, dy = np.array((x, y)) - pivot
            corners.append((pivot[0] + cos * dx - sin * dy, pivot[1] + sin * dx + cos * dy, z))
        for name, face in _FACES.items():
            seen = [self.at(corners[number]) for number in face]
            if _turns_left(seen):  # the others look away
                self._polygon(seen, shade(colour, _SHADES[name]), True)

    def knob(self, centre: Point, radius: float, towards: Point, colour: Colour) -> None:
        """A round thing that sticks out from its centre's place by the vector `towards`."""
        base, lid = (
            self._circle(np.add(centre, by), radius, towards) for by in ((0,) * 3, towards)
        )
        self._polygon(_hull(base + lid), shade(colour, 0.75), True)
        self._polygon(lid, colour, True)

    def hand(
        self, tip: Point, angle: float, size: float, pose: str, skin: Colour, sleeve: Colour
    ) -> None:
        """A right hand whose contact is at `tip`; it reaches in `angle` degrees (90: upwards)."""
        x, y = self.at(tip)
        scale = size * self._size[1] * _OVER
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))

        def place(u: float, v: float) -> Pixel:
            return x + scale * (u * cos - v * sin), y - scale * (u * sin + v * cos)

        for limb in (*_ARM, *_POSES[pose]):
            colour = sleeve if limb.sleeve else skin
            ends = place(*limb.start), place(*limb.end)
            self._capsule(ends, limb.radius * scale + self._line, shade(skin, 0.3))
            self._capsule(ends, limb.radius * scale, colour)
            if limb.joined:  # no line where it grows out of the limb before
                self._capsule((ends[0], ends[0]), limb.radius * scale, colour)

    def picture(self) -> Picture:
        """What was drawn, averaged down: (H, W, 3)."""
        return np.asarray(self._image.reduce(_OVER))

    def _polygon(self, points: list[Pixel], colour: Colour, outlined: bool) -> None:
        self._draw.polygon(points, fill=colour)
        if outlined:
            closed = [*points, *points[:2]]
            self._draw.line(closed, fill=shade(colour, 0.45), width=self._line, joint="curve")

    def _capsule(self, ends: tuple[Pixel, Pixel], radius: float, colour: Colour) -> None:
        self._draw.line(ends, fill=colour, width=max(1, round(2 * radius)))
        for x, y in ends:
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def _circle(self, centre: NDArray[np.float64], radius: float, axis: Point) -> list[Pixel]:
        across = np.cross(axis, (0, 0, 1) if abs(axis[2]) < np.linalg.norm(axis) / 2 else (1, 0, 0))
        across /= np.linalg.norm(across)
        up = np.cross(across, axis) / np.linalg.norm(axis)
        angles = np.linspace(0, 2 * math.pi, 48, endpoint=False)
        points = centre + radius * (np.outer(np.cos(angles), across) + np.outer(np.sin(angles), up))
        return [self.at((x, y, z)) for x, y, z in points.tolist()]


class _Limb(NamedTuple):
    """A stretch of the hand with round ends, in hand lengths from its contact."""

    start: Pixel
    end: Pixel
    radius: float
    sleeve: bool = False
    joined: bool = False


_ARM = (
    _Limb((-2.3, -0.12), (-1.05, -0.06), 0.17),  # forearm
    _Limb((-6.0, -0.4), (-1.35, -0.08), 0.26, sleeve=True),
)
_POSES = {
    "point": (
        _Limb((-0.85, -0.05), (-0.62, -0.04), 0.25),  # palm, over the end of the forearm
        _Limb((-0.55, 0.1), (-0.08, 0.0), 0.075, joined=True),  # the pointing finger
        _Limb((-0.5, -0.06), (-0.42, -0.05), 0.09),  # the three that are bent
        _Limb((-0.52, -0.17), (-0.46, -0.16), 0.085),
        _Limb((-0.56, -0.27), (-0.52, -0.26), 0.075),
        _Limb((-0.75, 0.12), (-0.5, 0.2), 0.085),  # thumb
    ),
    "grip": (
        _Limb((-0.62, -0.03), (-0.42, -0.02), 0.26),
        _Limb((-0.4, 0.18), (-0.02, 0.14), 0.085, joined=True),  # fingers, around the thing
        _Limb((-0.36, 0.03), (0.04, 0.02), 0.085),
        _Limb((-0.38, -0.11), (0.02, -0.1), 0.085),
        _Limb((-0.42, -0.24), (-0.05, -0.21), 0.075),
        _Limb((-0.5, 0.24), (-0.2, 0.33), 0.09),  # thumb
    ),
}


def _unit(vector: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(vector / np.linalg.norm(vector))


def shade(colour: Colour, share: float) -> Colour:
    """Darker below one, lighter above."""
    red, green, blue = (min(255, round(part * share)) for part in colour)
    return red, green, blue


def _turns_left(points: list[Pixel]) -> bool:
    """Whether a polygon runs anticlockwise as seen; y of a picture points down."""
    return (
        sum(
            a[0] * b[1] - b[0] * a[1] for a, b in zip(points, [*points[1:], points[0]], strict=True)
        )
        < 0
    )


def _hull(points: list[Pixel]) -> list[Pixel]:
    """The convex outline of some points (monotone chain)."""
    ordered = sorted(set(points))

    def half(some: list[Pixel]) -> list[Pixel]:
        kept: list[Pixel] = []
        for p in some:
            while len(kept) > 1 and _cross(kept[-2], kept[-1], p) <= 0:
                kept.pop()
            kept.append(p)
        return kept[:-1]

    return half(ordered) + half(ordered[::-1])


def _cross(a: Pixel, b: Pixel, c: Pixel) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
