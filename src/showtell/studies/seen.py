"""Rollouts as pictures of a scene: the task's own, one in other light, or a changed one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import Frames, Snapshots, View
from showtell.worlds.world import Change, Changeable, World

OWN, LIGHT = "same", "light"  # scenes that every world has
Draw = Callable[[Snapshots, View], Frames]


class Light(NamedTuple):
    """Other light, and a camera that was pushed a little."""

    gains: tuple[float, float, float]  # factors on red, green and blue
    shift: tuple[int, int]  # pixels to the right and down; the border is repeated

    def on(self, frames: Frames) -> Frames:
        """These frames, (..., H, W, 3), in that light."""
        right, down = self.shift
        height, width = frames.shape[-3:-1]
        rows = np.clip(np.arange(height) - down, 0, height - 1)
        columns = np.clip(np.arange(width) - right, 0, width - 1)
        moved = frames[..., rows[:, None], columns, :]
        lit = moved * np.array(self.gains, dtype=np.float32) + 0.5
        return np.asarray(lit.clip(0, 255), dtype=np.uint8)


class Scene(NamedTuple):
    """Where rollouts are played, and how they are drawn."""

    world: World
    draw: Draw
    view: Mapping[str, Any]  # what differs from the view of a reward


@contextmanager
def scene(change: Change, world: World, draw: Draw) -> Iterator[Scene]:
    """The world and the pictures of a changed scene; `draw` is that of the task's own."""
    if not change.world and not change.scene:
        yield Scene(world, draw, change.view)
        return
    assert isinstance(world, Changeable)
    changed = world.changed(change.world) if change.world else world
    settings = changed.scene_settings() | dict(change.scene)
    with RenderPool(changed.scene, settings) as pool:
        yield Scene(changed, pool.draw, change.view)


@dataclass
class Seen:
    """Moments of rollouts in a scene, drawn once for all rewards that read the same."""

    scene: Scene
    snapshots: Snapshots  # (N, T, D)
    moments: NDArray[np.intp]  # (L,): which of the T
    light: Light | None = None
    _drawn: dict[tuple[View, int], Frames] = field(default_factory=dict)
    _lit: dict[tuple[View, int], Frames] = field(default_factory=dict)

    def histories(self, view: View, length: int) -> Frames:
        """The last `length` frames at each moment: (N, L, K, H, W, 3)."""
        key = view, length
        if key not in self._drawn:
            self._drawn[key] = self._draw(view, length)
        if self.light is None:
            return self._drawn[key]
        if key not in self._lit:
            self._lit[key] = self.light.on(self._drawn[key])
        return self._lit[key]

    def lit(self, light: Light) -> "Seen":
        """The same pictures in other light."""
        return replace(self, light=light, _lit={})

    def _draw(self, view: View, length: int) -> Frames:
        # As HOLD does at reset, the first frame is repeated where fewer exist.
        steps = np.maximum(self.moments[:, None] + np.arange(1 - length, 1), 0)
        needed, places = np.unique(steps, return_inverse=True)
        moments = self.snapshots[:, needed]
        flat = moments.reshape(-1, moments.shape[-1])
        frames = self.scene.draw(flat, view._replace(**self.scene.view))
        by_rollout = frames.reshape(*moments.shape[:2], *frames.shape[1:])
        return by_rollout[:, places.reshape(steps.shape)]
