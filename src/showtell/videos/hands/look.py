"""How a video looks: skin, sleeve, table, walls, lamp, colours and sizes. One draw a video."""

import colorsys
from typing import Any

import numpy as np

from showtell.videos.hands.model import SURFACES, THINGS

Generator = np.random.Generator
# Skins from dark to light: real ones lie near this line.
_DARK, _LIGHT = np.array([0.24, 0.14, 0.09]), np.array([0.95, 0.77, 0.66])
_STRETCH = 0.15  # of each side of a thing, besides its scale


def dress(model: Any, generator: Generator) -> None:
    """Change a model's colours, surfaces and lights."""
    skin = _DARK + (_LIGHT - _DARK) * generator.beta(1.6, 1.2) + generator.normal(0, 0.02, 3)
    for number in range(model.ngeom):
        name = model.geom(number).name
        if name.startswith("skin"):
            _paint(model, number, skin)
        elif name.startswith("nail"):
            _paint(model, number, np.clip(skin * 1.12 + 0.05, 0, 1))
    _paint(model, model.geom("sleeve").id, _colour(generator, 0.9))
    if generator.random() < 0.35:  # a bare arm
        model.geom_size[model.geom("sleeve").id] *= 0.7
        _paint(model, model.geom("sleeve").id, skin)
    _surface(model, "table", generator)
    wall = _colour(generator, 0.4)
    for name in ("wall_left", "wall_right", "wall_front", "wall_back"):
        _paint(model, model.geom(name).id, np.clip(wall * generator.uniform(0.85, 1.1), 0, 1))
    _surface(model, "floor", generator)
    _light(model, generator)


def shape(model: Any, name: str, generator: Generator) -> float:
    """Give a thing its size and colours; its scale."""
    body = model.body(name).id
    parts = [body] + [part for part in range(model.nbody) if model.body_parentid[part] == body]
    scale = float(generator.uniform(0.75, 1.35))
    sides = scale * (1 + generator.uniform(-_STRETCH, _STRETCH, 3))
    if THINGS[name].kind:  # its parts have to fit each other
        sides[:] = scale
    first = _colour(generator, 1.0)
    second = _colour(generator, 1.0) if generator.random() < 0.6 else np.clip(first * 1.15, 0, 1)
    surface = str(generator.choice(SURFACES, p=[0.6, 0.1, 0.1, 0.1, 0.1]))
    for part in parts:
        if part != body:
            model.body_pos[part] *= sides
        for number in np.flatnonzero(model.geom_bodyid == part):
            model.geom_size[number] *= sides if model.geom_type[number] == _BOX else scale
            model.geom_pos[number] *= sides
            last = number == np.flatnonzero(model.geom_bodyid == part)[-1]
            _paint(model, int(number), second if last else first)
            model.geom_matid[number] = model.material(surface).id
    return scale


_BOX = 6  # mjGEOM_BOX


def _surface(model: Any, name: str, generator: Generator) -> None:
    number = model.geom(name).id
    _paint(model, number, _colour(generator, 0.55))
    model.geom_matid[number] = model.material(str(generator.choice(SURFACES))).id


def _light(model: Any, generator: Generator) -> None:
    bright = generator.uniform(0.45, 0.95)
    warm = 1 + generator.uniform(-0.15, 0.15) * np.array([1, 0, -1])
    lamp, window = model.light("lamp").id, model.light("window").id
    model.light_pos[lamp] = *generator.uniform(-1.2, 1.2, 2), generator.uniform(1.2, 2.4)
    model.light_dir[lamp] = -model.light_pos[lamp]
    model.light_diffuse[lamp] = np.clip(bright * warm, 0, 1)
    model.light_ambient[lamp] = generator.uniform(0.3, 0.6) * warm
    angle = generator.uniform(0, 2 * np.pi)
    model.light_dir[window] = np.cos(angle), np.sin(angle), -generator.uniform(0.5, 1.5)
    model.light_diffuse[window] = generator.uniform(0, 0.35) * np.clip(2 - warm, 0, 2)


def _colour(generator: Generator, saturation: float) -> np.ndarray:
    hue, much, value = (
        generator.random(),
        generator.random() * saturation,
        generator.uniform(0.3, 1),
    )
    return np.array(colorsys.hsv_to_rgb(hue, much, value))


def _paint(model: Any, number: int, colour: np.ndarray) -> None:
    model.geom_rgba[number, :3] = np.clip(colour, 0, 1)
