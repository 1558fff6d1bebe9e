"""One video: an action in time, seen by a camera in somebody's hand, as snapshots to be drawn."""

import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from showtell.videos.hands.actions import PARTS_OF, Action
from showtell.videos.hands.model import THINGS, compiled
from showtell.videos.hands.poses import Poses, angle, quaternion
from showtell.videos.hands.staging import Staging, stage

Generator = np.random.Generator
Vector = NDArray[np.float64]
_FPS = (12, 12, 12, 12, 10, 15, 24)
_SHORTEST, _LONGEST = 18, 70  # frames
_BESIDE, _ABOVE = 0.8, 0.5  # radians


class Video(NamedTuple):
    """What is drawn, and what people would have written about it."""

    snapshots: NDArray[np.float64]  # (T, D)
    fps: int
    template: str
    placeholders: tuple[str, ...]

    @property
    def label(self) -> str:
        """The template with its words filled in."""
        text = self.template
        for words in self.placeholders:
            first, last = text.index("["), text.index("]")
            text = text[:first] + words + text[last + 1 :]
        return text.lower()


def play(generator: Generator, action: Action | None = None) -> Video:
    """A video of this action, or of any."""
    model = copy.deepcopy(compiled())
    staging = stage(model, generator, action)
    poses = Poses(model, staging)
    fps = int(generator.choice(_FPS))
    shares, away, closed = _timeline(staging.action, fps, generator)
    eyes = _camera(model, staging, len(shares), generator)
    snapshots = []
    for share, far, grip, eye in zip(shares, away, closed, eyes, strict=True):
        poses.put(share, far, grip)
        snapshots.append(poses.snapshot(eye))
    return Video(np.stack(snapshots), fps, staging.action.template, _words(staging))


def _words(staging: Staging) -> tuple[str, ...]:
    """What stands in the label's brackets."""
    noun = THINGS[staging.thing].noun
    if staging.action.second:
        assert staging.second is not None
        return noun, THINGS[staging.second].noun
    if "[part]" in staging.action.template:
        return PARTS_OF.get(staging.thing, "the side"), noun
    return (noun,)


def _timeline(action: Action, fps: int, draws: Generator) -> tuple[Vector, Vector, Vector]:
    """At each frame: the share of the path, how far the hand is away, how closed its grip."""
    held = action.held
    comes = held != "first" and draws.random() < 0.8
    goes = held != "last" and draws.random() < 0.6
    seconds = {
        "idle": draws.uniform(0, 0.6) if draws.random() < 0.6 else 0.0,
        "come": draws.uniform(0.4, 1.0) if comes else 0.0,
        "close": draws.uniform(0.1, 0.4) if held != "first" else 0.0,
        "act": draws.uniform(0.6, 2.0),
        "open": draws.uniform(0.1, 0.3),
        "go": draws.uniform(0.4, 1.0) if goes else 0.0,
        "end": draws.uniform(0, 0.8) if draws.random() < 0.7 else 0.0,
    }
    edges = np.cumsum([0.0, *seconds.values()])
    length = int(np.clip(round(edges[-1] * fps), _SHORTEST, _LONGEST))
    moments = np.linspace(0, edges[-1], length)
    idle, come, close, act, opened, go, _ = edges[1:]
    share = _eased(moments, close, act)
    away = 1 - _eased(moments, idle, come) if comes else np.zeros(length)
    closed = _eased(moments, come, close) if held != "first" else np.ones(length)
    if goes:
        away = np.maximum(away, _eased(moments, opened, go))
    if goes or (held != "last" and draws.random() < 0.5):
        closed = closed * (1 - _eased(moments, act, opened))
    return share, away, closed


def _camera(model: Any, staging: Staging, length: int, draws: Generator) -> Vector:
    """Places and directions of the eye, held by hand or standing: (T, 7)."""
    distance = draws.uniform(0.38, 0.8)
    elevation = draws.uniform(0.35, 1.15)
    if abs(angle(staging.camera - staging.person)) < _BESIDE:  # above the arm, as eyes are
        elevation = max(elevation, staging.arm + _ABOVE)
    shake = draws.exponential(0.006) if draws.random() < 0.7 else 0.0
    drift = gaussian_filter1d(draws.normal(0, 1, (length, 6)), 5, axis=0) * 6**0.5 * 2
    centre = np.append(draws.normal(0, 0.03, 2), draws.uniform(0.02, 0.08))
    out = np.array(
        [
            np.cos(staging.camera) * np.cos(elevation),
            np.sin(staging.camera) * np.cos(elevation),
            np.sin(elevation),
        ]
    )
    model.cam_fovy[0] = draws.uniform(35, 58)
    eyes = centre + distance * out + shake * drift[:, :3]
    aims = centre + shake * drift[:, 3:]
    roll = draws.normal(0, 0.05)
    return np.stack([_looking(eye, aim, roll) for eye, aim in zip(eyes, aims, strict=True)])


def _eased(moments: Vector, first: float, last: float) -> Vector:
    """0 before, 1 after, and between them as a hand moves: with the least jerk."""
    share = np.clip((moments - first) / max(last - first, 1e-6), 0, 1)
    return np.asarray(share**3 * (10 - 15 * share + 6 * share**2))


def _looking(eye: Vector, aim: Vector, roll: float) -> Vector:
    """A camera's place and direction: (7,)."""
    back = (eye - aim) / np.linalg.norm(eye - aim)
    right = np.cross([0, 0, 1], back)
    right /= np.linalg.norm(right)
    axes = Rotation.from_matrix(np.stack([right, np.cross(back, right), back], axis=1))
    return np.append(eye, quaternion(axes * Rotation.from_euler("z", roll)))
