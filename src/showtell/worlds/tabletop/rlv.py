"""HOLD's two tasks of RLV: pushing a mug, opening a box drawer."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import PositiveInt

from showtell.worlds.tabletop import script
from showtell.worlds.tabletop.script import Move
from showtell.worlds.tabletop.table import Tabletop, TabletopSettings
from showtell.worlds.world import Observation, Snapshots


class _RlvSettings(TabletopSettings):
    # Steps of the published clock that an action lasts; the horizon counts actions.
    action_repeat: PositiveInt


class PushingSettings(_RlvSettings):
    """How RLV's pushing is run."""

    kind: Literal["rlv_pushing"]


class DrawerSettings(_RlvSettings):
    """How RLV's drawer opening is run."""

    kind: Literal["rlv_drawer"]
    lock_x: bool  # the published action's first number is ignored


class Pushing(Tabletop):
    """RLV's pushing: a red mug, 15 cm towards the camera onto a black square."""

    success_definition = (
        "The mug's distance to the square's centre, |dx| + |dy|, was below 3 cm "
        "at some step of the episode."
    )
    scene: ClassVar[str] = "showtell.worlds.tabletop.scene:PushingScene"
    table = "pushing"
    actions = 2
    hand_start = (0.0, 0.2, 0.07)  # outside its box; the first action brings it in
    hand_low, hand_high = (-0.28, 0.3, 0.05), (0.28, 0.9, 0.3)
    reach = 0.02
    arm, things = slice(0, 8), slice(8, None)  # one claw moves
    substeps = 50
    seen = (-0.3, 0.2, 0.04, -0.3, 0.4), (0.3, 0.92, 0.08, 0.3, 1.0)

    def __init__(self, settings: PushingSettings) -> None:
        self.repeat = settings.action_repeat
        super().__init__(settings)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Put the mug somewhere on a line of 20 cm."""
        super().reset(seed=seed)
        self._qpos[8] = self.np_random.uniform(-0.1, 0.1)
        return self._observation(), {}

    def _command(self, action: list[float]) -> None:
        # The height is pulled towards 5 cm, but through the action's scale: 2 % of the way a step.
        self.target = self._moved(action[0], action[1], 0.05 - self.target[2])

    def _objects(self, qpos: list[float]) -> list[float]:
        return qpos[8:10]

    def _next_move(self, qpos: list[float]) -> Move:
        return script.push(self.target, (qpos[8], qpos[9]))

    def _succeeded(self, qpos: list[float]) -> bool:
        return self.to_goal(qpos) < 0.03

    def to_goal(self, qpos: Sequence[float]) -> float:
        """How far the mug is from the square's centre: |dx| + |dy|, as published."""
        return abs(qpos[8]) + abs(qpos[9] - 0.75)


class DrawerOpening(Tabletop):
    """RLV's drawer opening: reach into the handle's loop, pull 12 cm of 20."""

    success_definition = (
        "The drawer was pulled out to within 8 cm of its goal, 12 cm or more, "
        "at some step of the episode."
    )
    scene: ClassVar[str] = "showtell.worlds.tabletop.scene:DrawerScene"
    table = "drawer"
    actions = 4
    hand_start = (0.0, 0.5, 0.25)
    hand_low, hand_high = (-0.5, 0.4, 0.05), (0.5, 1.0, 0.5)
    reach = 0.01
    seen = (-0.52, 0.38, 0.03, -0.01, -0.22), (0.52, 1.02, 0.52, 0.11, 0.02)

    def __init__(self, settings: DrawerSettings) -> None:
        self._lock_x = settings.lock_x
        self.repeat = settings.action_repeat
        super().__init__(settings)

    def _command(self, action: list[float]) -> None:
        dx, dy, dz, grip = action
        self.target = self._moved(0.0 if self._lock_x else dx, dy, dz)
        self._ctrl[:] = (grip, -grip)

    def _objects(self, qpos: list[float]) -> list[float]:
        return [qpos[7] - qpos[8], qpos[9]]

    def goal_snapshots(self, seed: int = 0) -> Snapshots:
        """The fingers in the handle of the shut drawer, then the drawer open."""
        moments = self._scripted_episode(seed)
        moved = int(np.argmax(moments[:, 9] < -0.001))
        return np.stack([moments[moved - 1], moments[-1]])

    def _next_move(self, qpos: list[float]) -> Move:
        return script.open_box_drawer(self.target, qpos[9])

    def _succeeded(self, qpos: list[float]) -> bool:
        return self.to_goal(qpos) <= 0.08

    def to_goal(self, qpos: Sequence[float]) -> float:
        """How far the middle of the handle's loop is from its goal, along y."""
        return abs(0.9 - 0.15 + qpos[9] - 0.55)
