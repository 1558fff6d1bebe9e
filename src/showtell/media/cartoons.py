"""Cartoons of a hand at everyday things, drawn by code, no two quite alike."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.media.sketch import Camera, Colour, Picture, Point, Sketch, shade

_SKINS: list[Colour] = [(243, 201, 164), (224, 172, 130), (176, 122, 84), (122, 82, 56)]
_SLEEVES: list[Colour] = [(60, 90, 160), (150, 60, 60), (240, 240, 235), (70, 70, 78)]


class _Cast(NamedTuple):
    """What differs from one cartoon to the next."""

    skin: Colour
    sleeve: Colour
    tone: float  # of all things
    azimuth: float  # degrees besides the scene's own
    elevation: float
    nearer: float
    reached: float  # the share of the video after which the hand is there
    done: float  # and after which its work is done


class _Scene(NamedTuple):
    """What is drawn around the hand, and where the hand goes."""

    caption: str
    camera: Camera
    background: Colour
    draw: Callable[[Sketch, float, float], Point]  # (sketch, tone, 0 to 1 done) -> the contact
    comes_from: Point  # where the contact is before it reaches, relative to it
    angle: float  # in which the hand reaches, degrees
    pose: str
    size: float


def cartoon(
    task: str, dice: np.random.Generator, frames: int, width: int, height: int, share: float = 1.0
) -> NDArray[np.uint8]:
    """A video of one of `SCENES` in which this share of the work is done: (N, H, W, 3)."""
    scene, cast = SCENES[task], _cast(dice)
    moments = np.linspace(0, 1, frames)
    return np.stack([_frame(scene, cast, t, width, height, share) for t in moments])


def _cast(dice: np.random.Generator) -> _Cast:
    return _Cast(
        skin=_SKINS[dice.integers(len(_SKINS))],
        sleeve=_SLEEVES[dice.integers(len(_SLEEVES))],
        tone=dice.uniform(0.92, 1.06),
        azimuth=dice.uniform(-5, 5),
        elevation=dice.uniform(-3, 3),
        nearer=dice.uniform(0.95, 1.05),
        reached=dice.uniform(0.3, 0.4),
        done=dice.uniform(0.8, 0.9),
    )


def _frame(
    scene: _Scene, cast: _Cast, time: float, width: int, height: int, share: float
) -> Picture:
    """One moment; `time` runs from 0 to 1."""
    camera = scene.camera
    camera = camera._replace(
        distance=camera.distance * cast.nearer,
        azimuth=camera.azimuth + cast.azimuth,
        elevation=camera.elevation + cast.elevation,
    )
    sketch = Sketch(width, height, camera, shade(scene.background, cast.tone))
    done = share * _eased((time - cast.reached) / (cast.done - cast.reached))
    contact = scene.draw(sketch, cast.tone, done)
    x, y, z = np.add(contact, np.multiply(scene.comes_from, 1 - _eased(time / cast.reached)))
    sketch.hand((x, y, z), scene.angle, scene.size, scene.pose, cast.skin, cast.sleeve)
    return sketch.picture()


def _eased(share: float) -> float:
    """From 0 to 1, starting and stopping gently."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _button(sketch: Sketch, tone: float, done: float) -> Point:
    """A red button on the side of a box, pushed in from the left."""
    sketch.ground(1.2, shade((196, 178, 150), tone))
    sketch.box((0.0, -0.3, 0.0), (0.6, 0.6, 0.62), shade((214, 190, 88), tone))
    out = 0.17 * (1 - done) + 0.02
    sketch.knob((0.0, 0.0, 0.34), 0.19, (-0.03, 0.0, 0.0), shade((90, 90, 96), tone))
    sketch.knob((-0.03, 0.0, 0.34), 0.13, (-out, 0.0, 0.0), shade((208, 30, 34), tone))
    return (-0.03 - out, 0.0, 0.34)


def _drawer(sketch: Sketch, tone: float, done: float) -> Point:
    """A green drawer pulled out of its green chest."""
    green, inside = shade((46, 150, 84), tone), shade((24, 70, 44), tone)
    sketch.ground(1.2, shade((186, 160, 128), tone))
    sketch.box((-0.5, 0.0, 0.0), (1.0, 0.7, 0.6), green)
    left, right, low, high, wall = -0.4, 0.4, 0.14, 0.46, 0.03
    out = 0.5 * done
    sketch.face([(left, 0, low), (right, 0, low), (right, 0, high), (left, 0, high)], inside)
    if out > 0.01:
        base = low + wall
        floor = [(left, 0, base), (right, 0, base), (right, -out, base), (left, -out, base)]
        sketch.face([(x, y, z) for x, y, z in floor], shade((150, 110, 70), tone))
        sketch.box((left, -out, low), (wall, out, high - low - wall), shade(green, 0.9))
        sketch.box((right - wall, -out, low), (wall, out, high - low - wall), shade(green, 0.9))
    sketch.box((left, -out - wall, low), (right - left, wall, high - low), shade(green, 1.12))
    sketch.knob((0, -out - wall, 0.3), 0.05, (0, -0.07, 0), shade((222, 214, 190), tone))
    return (0.0, -out - wall - 0.07, 0.3)


def _door(sketch: Sketch, tone: float, done: float) -> Point:
    """A wooden door, hinged on its right, pulled open by its handle."""
    wood, dark = shade((160, 96, 52), tone), shade((52, 50, 58), tone)
    sketch.ground(1.2, shade((128, 132, 138), tone))
    sketch.box((-0.48, 0.03, 0.0), (0.96, 0.5, 1.36), shade((226, 222, 212), tone))
    left, right, low, high = -0.4, 0.4, 0.06, 1.28
    sketch.face(
        [(left, 0.02, low), (right, 0.02, low), (right, 0.02, high), (left, 0.02, high)], dark
    )
    for shelf in (0.45, 0.85):
        sketch.box((left, 0.02, shelf), (0.8, 0.01, 0.03), shade((150, 150, 156), tone))
    degrees = 72 * done
    turn = np.radians(degrees)
    sketch.box((left, -0.04, low), (right - left, 0.05, high - low), wood, hinge=degrees)
    # The handle, on the outside near the free edge.
    reach = np.array((-0.7, 0.0))
    spot = (
        right + reach[0] * np.cos(turn),
        -0.04 + reach[0] * np.sin(turn),
    )
    outside = (float(np.sin(turn)) * 0.06, -float(np.cos(turn)) * 0.06)
    grip = (float(spot[0]) + outside[0], float(spot[1]) + outside[1])
    for up in (0.56, 0.78):
        post = (float(spot[0]), float(spot[1]), up)
        sketch.knob(post, 0.02, (*outside, 0.0), shade((200, 200, 205), tone))
    sketch.box(
        (grip[0] - 0.02, grip[1] - 0.02, 0.54), (0.04, 0.04, 0.26), shade((210, 210, 215), tone)
    )
    return (*grip, 0.67)


def _cup(sketch: Sketch, tone: float, done: float) -> Point:
    """A white cup pushed to the right, under a coffee machine."""
    sketch.ground(1.2, shade((176, 150, 120), tone))
    machine = shade((122, 48, 52), tone)
    sketch.box((0.22, 0.16, 0.0), (0.5, 0.3, 0.8), machine)
    sketch.box((0.22, -0.14, 0.56), (0.5, 0.3, 0.24), shade(machine, 0.9))
    at = -0.3 + 0.72 * done
    sketch.knob((at, 0.0, 0.0), 0.11, (0.0, 0.0, 0.26), shade((238, 238, 232), tone))
    return (at - 0.11, 0.0, 0.15)


def _faucet(sketch: Sketch, tone: float, done: float) -> Point:
    """A red handle on a grey faucet, turned from the left to the front."""
    grey = shade((150, 154, 160), tone)
    sketch.ground(1.2, shade((168, 176, 170), tone))
    sketch.knob((0.0, 0.0, 0.0), 0.1, (0.0, 0.0, 0.42), grey)
    turn = np.radians(180 + 85 * done)
    way = (0.42 * float(np.cos(turn)), 0.42 * float(np.sin(turn)))
    sketch.knob((0.0, 0.0, 0.5), 0.055, (*way, 0.0), shade((206, 34, 34), tone))
    sketch.knob((0.0, 0.0, 0.42), 0.1, (0.0, 0.0, 0.14), shade(grey, 1.1))
    return (*way, 0.5)


SCENES = {
    "button-press": _Scene(
        caption="a cartoon hand pushes a red button",
        camera=Camera((-0.02, 0.0, 0.33), 1.9, azimuth=-38, elevation=16, zoom=2.5),
        background=(150, 176, 196),
        draw=_button,
        comes_from=(-0.8, -0.1, 0.1),
        angle=-8,
        pose="point",
        size=0.5,
    ),
    "drawer-open": _Scene(
        caption="a cartoon hand opens a green drawer",
        camera=Camera((0.0, -0.16, 0.24), 2.6, azimuth=24, elevation=34, zoom=3.3),
        background=(206, 196, 178),
        draw=_drawer,
        comes_from=(-0.5, -0.6, -0.1),
        angle=62,
        pose="grip",
        size=0.36,
    ),
    "door-open": _Scene(
        caption="a cartoon hand opens a door",
        camera=Camera((0.0, -0.1, 0.68), 3.2, azimuth=14, elevation=9, zoom=3.3),
        background=(178, 190, 172),
        draw=_door,
        comes_from=(-0.8, -0.5, -0.3),
        angle=25,
        pose="grip",
        size=0.32,
    ),
    "coffee-push": _Scene(
        caption="a cartoon hand pushes a white cup",
        camera=Camera((0.05, 0.0, 0.28), 2.4, azimuth=-16, elevation=24, zoom=3.0),
        background=(190, 198, 208),
        draw=_cup,
        comes_from=(-0.32, -0.25, 0.3),
        angle=-10,
        pose="point",
        size=0.42,
    ),
    "faucet-open": _Scene(
        caption="a cartoon hand turns a red faucet",
        camera=Camera((-0.1, -0.1, 0.34), 2.2, azimuth=10, elevation=36, zoom=3.2),
        background=(198, 200, 188),
        draw=_faucet,
        comes_from=(-0.5, 0.1, 0.3),
        angle=-24,
        pose="point",
        size=0.42,
    ),
}
