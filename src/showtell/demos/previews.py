"""Pictures of a demonstration for people: a video, and a strip of a few frames."""

import numpy as np

from showtell.demos.demo import Demo, Request
from showtell.media import frames as pictures
from showtell.media.frames import Frames, Picture
from showtell.rendering.pool import RenderPool

_HEIGHT = 240  # of the video
_FILM_FRAMES = 40  # of each rollout: in the kitchen a faithful one takes software OpenGL 0.7 s
_STRIP_HEIGHT = 96
_STRIP_FRAMES = 8
_CLIP_FPS = 10.0  # of what is no rollout: clips differ, and frames are few
_GAP = 3


def film(demo: Demo, request: Request) -> tuple[Frames, float]:
    """All demonstrations one after the other, and how many frames a second.

    A rollout is drawn again, large; anything else is enlarged.
    """
    if demo.snapshots is None:
        clips = demo.frames.reshape(-1, *demo.frames.shape[2:])
        return pictures.resize(clips, _width(clips[0].shape, _HEIGHT), _HEIGHT), _CLIP_FPS
    world, view = request.make_world(), request.view
    width = _width((view.height, view.width), _HEIGHT)
    large = view._replace(width=width, height=_HEIGHT)
    length = demo.snapshots.shape[1]
    picked = np.linspace(0, length - 1, min(length, _FILM_FRAMES)).round().astype(int)
    moments = demo.snapshots[:, picked].reshape(-1, demo.snapshots.shape[-1])
    fps = float(world.metadata.get("render_fps", 30)) * len(picked) / length  # at its own speed
    with RenderPool(world.scene, world.scene_settings()) as pool:
        return pool.draw(moments, large), fps


def strip(demo: Demo, height: int = _STRIP_HEIGHT, count: int = _STRIP_FRAMES) -> Picture:
    """A few frames of each demonstration side by side, one below the other."""
    width = _width(demo.frames.shape[2:], height)
    picked = np.linspace(0, demo.frames.shape[1] - 1, count).round().astype(int)
    cells = demo.frames[:, picked].reshape(-1, *demo.frames.shape[2:])
    return pictures.contact_sheet(pictures.resize(cells, width, height), count, gap=_GAP)


def _width(shape: tuple[int, ...], wanted: int) -> int:
    """The even width that keeps the aspect at the wanted height."""
    height, width = shape[:2]
    return 2 * max(1, round(width * wanted / height / 2))
