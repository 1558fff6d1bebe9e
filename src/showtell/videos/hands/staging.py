"""What is drawn once for a whole video: the action, the things, and who sits and stands where."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.videos.hands.actions import ACTIONS, Action, Space
from showtell.videos.hands.look import dress, shape
from showtell.videos.hands.model import THINGS

Generator = np.random.Generator
Vector = NDArray[np.float64]


class Staging(NamedTuple):
    """Angles are in radians, about the vertical where nothing else is said."""

    action: Action
    thing: str
    scale: float
    second: str | None  # another thing on the table
    person: float  # the direction in which the person sits
    camera: float  # the direction in which the camera stands
    space: Space
    yaw: float  # which way the thing faces
    pitch: float  # how steeply the fingers point down
    turned: float  # how far the hand points past the thing
    roll: float
    arm: float  # how steeply the forearm rises
    jitter: Vector  # how far the grip is beside the thing


def stage(model: Any, generator: Generator, action: Action | None = None) -> Staging:
    """Choose everything, and change the model's looks and sizes."""
    action = action or ACTIONS[int(generator.integers(len(ACTIONS)))]
    dress(model, generator)
    thing = str(generator.choice(action.things))
    others = [other for other in THINGS if other != thing and not THINGS[other].kind]
    second = str(generator.choice(others)) if action.second or generator.random() < 0.5 else None
    scale = shape(model, thing, generator)
    if second is not None:
        shape(model, second, generator)
    person = generator.uniform(0, 2 * np.pi)
    beside = generator.random() < 0.7  # most people video what they see themselves
    camera = person + (generator.normal(0, 0.45) if beside else generator.uniform(-np.pi, np.pi))
    yaw = person + generator.normal(0, 0.25)
    if not THINGS[thing].kind:
        yaw += generator.uniform(-1.2, 1.2)
    return Staging(
        action=action,
        thing=thing,
        scale=scale,
        second=second,
        person=person,
        camera=camera,
        space=_space(action, thing, person, camera, generator),
        yaw=yaw,
        pitch=generator.uniform(0.35, 0.95),
        turned=generator.normal(0, 0.25),
        roll=generator.normal(0, 0.2),
        arm=generator.uniform(0.15, 0.6),
        jitter=generator.normal(0, 0.006, 3),
    )


def _space(action: Action, thing: str, person: float, camera: float, generator: Generator) -> Space:
    toward = _direction(camera)
    right = np.array([-toward[1], toward[0], 0])
    start = np.append(generator.uniform(-0.07, 0.07, 2), 0)
    reach = generator.uniform(0.1, 0.24)
    if not THINGS[thing].kind:  # so that what is moved ends in the picture
        start = start - 0.4 * reach * _way(action, right, -toward)
    other = start + generator.uniform(0.19, 0.28) * _direction(generator.uniform(0, 2 * np.pi))
    return Space(right, -toward, _direction(person), start, other, reach)


def _way(action: Action, right: Vector, far: Vector) -> Vector:
    """Which way the thing goes, of the actions that slide it along the table."""
    origin = np.zeros(3)
    if action.second:
        return origin
    space = Space(right, far, origin, origin, origin, 1.0)
    way = action.path(space, 1.0).place * np.array([1, 1, 0])
    return way if np.linalg.norm(way) > 0.5 else origin


def _direction(radians: float) -> Vector:
    return np.array([np.cos(radians), np.sin(radians), 0])
