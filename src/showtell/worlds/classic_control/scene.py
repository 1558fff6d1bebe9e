"""Draws CartPole and MountainCar with gymnasium's geometry, at any size.

All lengths are those of gymnasium's 600-pixel-wide pictures and scale with the width. Small views
are drawn large and averaged down, so a 120-pixel picture shows a pole's angle as finely as the
large one. `quality` changes nothing here: there is only one way to draw these.
"""

import math
import os
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.worlds.classic_control.mountain import LEFT, RIGHT, WIDTH, mountain

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame greets on stdout at import
import pygame  # reads the variable above
from pygame import gfxdraw

Picture = NDArray[np.uint8]  # (H, W, 3)
Points = list[tuple[float, float]]
Colour = tuple[int, int, int]

TRACK = 100  # height of CartPole's track, in a picture WIDTH wide
GOAL = 0.45  # position of MountainCar's flag
BLACK, WHITE, GREY, YELLOW = (0, 0, 0), (255, 255, 255), (128, 128, 128), (204, 204, 0)


class Canvas:
    """Pixels that pygame draws into, upside down as gymnasium does: y grows upwards.

    Only what a moment touches is restored and averaged down; the rest is the background's.
    """

    def __init__(self, view: View) -> None:
        # An integer factor, so that averaging down is exact; 600 pixels or more are drawn as is.
        self.factor = max(1, math.ceil(WIDTH / view.width))
        self.width, self.height = view.width * self.factor, view.height * self.factor
        self.scale = self.width / WIDTH
        self.pixels = np.empty((self.height, self.width, 3), dtype=np.uint8)
        self.surface = pygame.image.frombuffer(
            self.pixels.data.cast("B"), (self.width, self.height), "RGB"
        )
        self._touched = [0, 0, 0, 0]

    def keep_background(self) -> None:
        """Take what is drawn now as what never moves."""
        self._background = self.pixels.copy()
        self._small = self._reduced(self.pixels)

    def clear(self) -> None:
        """Back to the background."""
        window = self._window()
        self.pixels[window] = self._background[window]
        self._touched = [self.width, self.height, 0, 0]

    def polygon(self, points: Points, colour: Colour) -> None:
        """Fill a polygon, its edge smoothed."""
        xs, ys = zip(*points, strict=True)
        self._touch(min(xs), min(ys), max(xs), max(ys))
        gfxdraw.aapolygon(self.surface, points, colour)
        gfxdraw.filled_polygon(self.surface, points, colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle, its edge smoothed."""
        self._touch(x - radius, y - radius, x + radius, y + radius)
        gfxdraw.aacircle(self.surface, int(x), int(y), int(radius), colour)
        gfxdraw.filled_circle(self.surface, int(x), int(y), int(radius), colour)

    def horizontal(self, left: float, right: float, y: float, colour: Colour) -> None:
        """Draw a line one pixel high."""
        self._touch(left, y, right, y)
        gfxdraw.hline(self.surface, int(left), int(right), int(y), colour)

    def vertical(self, x: float, bottom: float, top: float, colour: Colour) -> None:
        """Draw a line one pixel wide."""
        self._touch(x, bottom, x, top)
        gfxdraw.vline(self.surface, int(x), int(bottom), int(top), colour)

    def picture(self, mirrored: bool) -> Picture:
        """What was drawn, upright, at the size of the view."""
        upside_down = self.pixels
        if self.factor > 1:
            upside_down = self._small.copy()
            rows, columns = self._window()
            if rows.start < rows.stop and columns.start < columns.stop:
                by = self.factor
                target = upside_down[
                    rows.start // by : rows.stop // by, columns.start // by : columns.stop // by
                ]
                target[:] = self._reduced(self.pixels[rows, columns])
        upright = upside_down[::-1]
        # Always a copy: the canvas is drawn over by the next moment.
        return np.array(upright[:, ::-1] if mirrored else upright, order="C")

    def _touch(self, left: float, bottom: float, right: float, top: float) -> None:
        box = self._touched  # two pixels more, for smoothed edges and rounding
        box[0] = min(box[0], int(left) - 2)
        box[1] = min(box[1], int(bottom) - 2)
        box[2] = max(box[2], int(right) + 3)
        box[3] = max(box[3], int(top) + 3)

    def _window(self) -> tuple[slice, slice]:
        """(rows, columns) of what was touched, in whole pixels of the view."""
        left, bottom, right, top = self._touched
        by = self.factor
        rows = slice(max(bottom, 0) // by * by, min(-(-top // by) * by, self.height))
        columns = slice(max(left, 0) // by * by, min(-(-right // by) * by, self.width))
        return rows, columns

    def _reduced(self, pixels: Picture) -> Picture:
        return np.asarray(Image.fromarray(pixels).reduce(self.factor))


class _ClassicScene:
    """A scene with one camera and a canvas for each size of view."""

    needs_gl: ClassVar[bool] = False

    def __init__(self) -> None:
        self._canvases: dict[tuple[int, int], Canvas] = {}

    def draw(self, snapshot: NDArray[np.float64], view: View) -> Picture:
        """Draw one moment."""
        if view.camera != "default":
            raise UserError(
                f"{type(self).__name__} has no camera {view.camera!r}; its only one is 'default'."
            )
        size = (view.width, view.height)
        if size not in self._canvases:
            self._canvases[size] = Canvas(view)
            self._background(self._canvases[size])
            self._canvases[size].keep_background()
        canvas = self._canvases[size]
        canvas.clear()
        self._foreground(canvas, snapshot)
        return canvas.picture(view.mirrored)

    def close(self) -> None:
        """Forget the canvases."""
        self._canvases.clear()

    def _background(self, canvas: Canvas) -> None:
        """Draw what never moves."""
        raise NotImplementedError

    def _foreground(self, canvas: Canvas, snapshot: NDArray[np.float64]) -> None:
        """Draw what moves."""
        raise NotImplementedError


class CartPoleScene(_ClassicScene):
    """A pole on a cart, as in gymnasium's CartPole-v1. Snapshot: position, _, angle, _."""

    def _background(self, canvas: Canvas) -> None:
        canvas.pixels[:] = WHITE
        canvas.horizontal(0, canvas.width, TRACK * canvas.scale, BLACK)

    def _foreground(self, canvas: Canvas, snapshot: NDArray[np.float64]) -> None:
        scale, metre = canvas.scale, canvas.width / 4.8
        x = _near(snapshot[0] * metre + canvas.width / 2, canvas)
        track, axle = TRACK * scale, (TRACK + 30 / 4) * scale
        cart = _box(-25, -15, 25, 15, scale, 0.0, (x, track))
        pole = _box(-5, -5, 5, metre / scale - 5, scale, -snapshot[2], (x, axle))
        canvas.polygon(cart, BLACK)
        canvas.polygon(pole, (202, 152, 101))
        canvas.disc(x, axle, 5 * scale, (129, 132, 203))
        covered = [corner[0] for corner in cart + pole]  # the line runs over both
        canvas.horizontal(min(covered) - 2, max(covered) + 2, track, BLACK)


class MountainCarScene(_ClassicScene):
    """A car in a valley: gymnasium's line drawing, or an own textured picture of the same scene.

    Snapshot: position, _.
    """

    def __init__(self, textured: bool) -> None:
        super().__init__()
        self._textured = textured

    def _background(self, canvas: Canvas) -> None:
        if self._textured:
            canvas.pixels[:] = mountain(canvas.width, canvas.height)
            return
        canvas.pixels[:] = WHITE
        xs = np.linspace(LEFT, RIGHT, 100)
        line = [(_across(x, canvas), _up(x, canvas)) for x in xs.tolist()]
        # pygame 2.6 draws smooth lines twice as light on 24-bit surfaces; gymnasium uses 32.
        sheet = pygame.Surface((canvas.width, canvas.height), depth=32)
        sheet.fill(WHITE)
        pygame.draw.aalines(sheet, BLACK, False, line)
        canvas.pixels[:] = pygame.surfarray.array3d(sheet).transpose(1, 0, 2)

    def _foreground(self, canvas: Canvas, snapshot: NDArray[np.float64]) -> None:
        position = min(max(float(snapshot[0]), LEFT), RIGHT)
        draw = _red_car if self._textured else _black_car
        draw(canvas, position)
        _flag(canvas, 1.6 if self._textured else 1.0)


def _near(x: float, canvas: Canvas) -> float:
    """Keep a coordinate within what pygame's 16-bit integers hold; beyond the edge all is one."""
    return float(min(max(x, -canvas.width), 2 * canvas.width))


def _turned(points: Points, scale: float, angle: float, to: tuple[float, float]) -> Points:
    """Scale points, turn them anticlockwise, and move their origin."""
    cos, sin = math.cos(angle), math.sin(angle)
    return [
        (scale * (x * cos - y * sin) + to[0], scale * (x * sin + y * cos) + to[1])
        for x, y in points
    ]


def _box(
    left: float,
    bottom: float,
    right: float,
    top: float,
    scale: float,
    angle: float,
    to: tuple[float, float],
) -> Points:
    corners: Points = [(left, bottom), (left, top), (right, top), (right, bottom)]
    return _turned(corners, scale, angle, to)


def _height(position: float) -> float:
    return math.sin(3 * position) * 0.45 + 0.55


def _across(position: float, canvas: Canvas) -> float:
    return (position - LEFT) * canvas.width / (RIGHT - LEFT)


def _up(position: float, canvas: Canvas) -> float:
    return _height(position) * canvas.width / (RIGHT - LEFT)


def _black_car(canvas: Canvas, position: float) -> None:
    at = (_across(position, canvas), _up(position, canvas) + 10 * canvas.scale)
    angle = math.cos(3 * position)  # gymnasium's own stand-in for the slope
    canvas.polygon(_box(-20, 0, 20, 20, canvas.scale, angle, at), BLACK)
    for x, y in _turned([(10, 0), (-10, 0)], canvas.scale, angle, at):
        canvas.disc(x, y, 8 * canvas.scale, GREY)


def _red_car(canvas: Canvas, position: float) -> None:
    """A car of the size of the published sprite, 70 x 33, standing on the slope."""
    angle = math.atan(1.35 * math.cos(3 * position))
    at = (
        _across(position, canvas) - 15 * canvas.scale * math.sin(angle),
        _up(position, canvas) + 15 * canvas.scale * math.cos(angle),
    )

    def part(points: Points, colour: Colour) -> None:
        canvas.polygon(_turned(points, canvas.scale, angle, at), colour)

    part([(-21, 4), (-13, 17), (9, 17), (19, 4)], (150, 16, 20))
    part([(-16, 5), (-11, 14), (-3, 14), (-3, 5)], (190, 220, 235))
    part([(0, 5), (0, 14), (8, 14), (14, 5)], (190, 220, 235))
    part([(-35, -9), (-35, 3), (-30, 5), (28, 5), (35, 1), (35, -9)], (205, 24, 28))
    part([(-35, -9), (-35, -5), (35, -5), (35, -9)], (120, 12, 16))
    part([(31, -3), (31, 1), (35, 0), (35, -3)], (255, 240, 170))
    for x, y in _turned([(-20, -9), (20, -9)], canvas.scale, angle, at):
        canvas.disc(x, y, 8 * canvas.scale, (25, 25, 28))
        canvas.disc(x, y, 4 * canvas.scale, (170, 172, 178))


def _flag(canvas: Canvas, size: float) -> None:
    """The yellow flag at the goal; `size` 1 is gymnasium's."""
    x, foot = int(_across(GOAL, canvas)), int(_up(GOAL, canvas))
    unit = size * canvas.scale
    top = foot + int(50 * canvas.scale)
    if size > 1:
        half = 1.5 * canvas.scale
        canvas.polygon(
            [(x - half, foot), (x - half, top), (x + half, top), (x + half, foot)], BLACK
        )
    canvas.vertical(x, foot, top, BLACK)
    canvas.polygon(
        [(x, top), (x, top - 10 * unit), (x + 25 * unit, top - 5 * unit)],
        YELLOW if size == 1 else (250, 214, 10),
    )
