"""HOLD's three tasks at DVD's table: close the drawer, push the cup forward, turn the faucet.

What is published and kept: the action's fourth number does nothing, the mug weighs 1.5 kg (a
setting) and is stood upright after each step, and success is near: a random policy succeeds in a
quarter of the episodes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import PositiveFloat

from showtell.study.needs import Offers
from showtell.worlds.tabletop import script
from showtell.worlds.tabletop.script import Move
from showtell.worlds.tabletop.table import CHANGES, MIRRORED, Tabletop, TabletopSettings
from showtell.worlds.world import Change, Look

# DVD's other tables: things stand elsewhere too, so their episodes are others.
_TABLES = {
    variant: Change(world={"variant": variant})
    for variant in ("colours", "viewpoint", "arrangement")
}


class _DvdSettings(TabletopSettings):
    # DVD's env1 to env4; each changes what the one before it did, and one thing more.
    variant: Literal["original", "colours", "viewpoint", "arrangement"]
    mug_mass: PositiveFloat  # mass of the mug in kg
    reward: Literal["sparse", "dense"]  # dense is what HOLD's oracle is trained on

    def offers(self) -> Offers:
        """What a table top gives, DVD's other tables, and the oracle's reward."""
        scenes = (*CHANGES, *_TABLES)
        return replace(super().offers(), scenes=scenes, dense_rewards=True)


class CloseDrawerSettings(_DvdSettings):
    """How DVD's drawer closing is run."""

    kind: Literal["dvd_close_drawer"]


class CupForwardSettings(_DvdSettings):
    """How DVD's cup pushing is run."""

    kind: Literal["dvd_cup_forward"]


class FaucetRightSettings(_DvdSettings):
    """How DVD's faucet turning is run."""

    kind: Literal["dvd_faucet_right"]


class _Dvd(Tabletop):
    """DVD's table: a drawer 7 cm open, a coffee machine, a faucet, a mug."""

    scene: ClassVar[str] = "showtell.worlds.tabletop.scene:DvdScene"
    looks: ClassVar[tuple[Look, ...]] = (
        *(
            Look(variant, {"variant": variant}, {"mirrored": False})
            for variant in ("original", "colours", "viewpoint", "arrangement")
        ),
        MIRRORED,
    )
    changes: ClassVar[Mapping[str, Change]] = {**CHANGES, **_TABLES}
    table = "dvd"
    actions = 5
    hand_start = (0.0, 0.5, 0.02)
    hand_turn = (0.5, 0.0, 0.0, 0.5)  # fingers forward
    hand_low, hand_high = (-0.4, 0.4, 0.0), (0.4, 0.8, 0.2)
    reach = 0.05

    def __init__(self, settings: _DvdSettings) -> None:
        from showtell.worlds.tabletop.physics import LAYOUTS

        self.layout = LAYOUTS[settings.variant]
        self._dense = settings.reward == "dense"
        look = {"variant": settings.variant, "mug_mass": settings.mug_mass}
        super().__init__(settings, **look)
        self._mug_turn = self._qpos[12:16]

    def _command(self, action: list[float]) -> None:
        dx, dy, dz, _, grip = action  # the wrist's turn is overwritten before it can act
        self.target = self._moved(dx, dy, dz)
        self._ctrl[:] = (grip, -grip)

    def _steady(self) -> None:
        self._mug_turn[:] = (1.0, 0.0, 0.0, 0.0)

    def _objects(self, qpos: list[float]) -> list[float]:
        return [qpos[7] - qpos[8], *qpos[9:12], *qpos[16:19]]

    def _also(self, qpos: list[float], success: bool) -> dict[str, float]:
        return {"dense_reward": success + self._shaping(qpos)}

    def _reward(self, qpos: list[float], success: bool) -> float:
        return float(success) + (self._shaping(qpos) if self._dense else 0.0)

    def _shaping(self, qpos: list[float]) -> float:
        """What HOLD's oracle adds to the sparse reward."""
        raise NotImplementedError

    def _hand_from(self, x: float, y: float, z: float) -> float:
        return math.dist(self._hand.tolist(), (x, y, z))


class CloseDrawer(_Dvd):
    """DVD's first task: close the drawer."""

    success_definition = (
        "The drawer was less than 5 cm open at some step of the episode; it starts 7 cm open."
    )

    def _next_move(self, qpos: list[float]) -> Move:
        return script.close_drawer(self.target, self.layout.drawer)

    def _succeeded(self, qpos: list[float]) -> bool:
        return qpos[16] > -0.05

    def _shaping(self, qpos: list[float]) -> float:
        x, y, _ = self.layout.drawer  # its front, shut: (0.25, 0.62, 0.06) in the original
        return qpos[16] - self._hand_from(x, y - 0.13, 0.06)


class CupForward(_Dvd):
    """DVD's second task: push the mug away from the robot."""

    success_definition = (
        "The mug was less than 7.5 cm from its goal at some step of the episode; "
        "on the original table it starts 10 cm before it."
    )

    def _next_move(self, qpos: list[float]) -> Move:
        return script.push_cup(self.target, (qpos[9], qpos[10]), self.layout.mug_goal)

    def _succeeded(self, qpos: list[float]) -> bool:
        return self.to_goal(qpos) < 0.075

    def _shaping(self, qpos: list[float]) -> float:
        # The hand, too, is drawn to the mug's goal and not to the mug.
        return -self.to_goal(qpos) - self._hand_from(*self.layout.mug_goal)

    def to_goal(self, qpos: Sequence[float]) -> float:
        """How far the mug is from its goal."""
        return math.dist(qpos[9:12], self.layout.mug_goal)


class FaucetRight(_Dvd):
    """DVD's third task: turn the faucet clockwise, which is to the right in mirrored pictures."""

    success_definition = (
        "The faucet was turned by more than 0.01 rad (half a degree) clockwise, seen from above, "
        "at some step of the episode."
    )

    def _next_move(self, qpos: list[float]) -> Move:
        return script.turn_faucet(self.target, self.layout.faucet)

    def _succeeded(self, qpos: list[float]) -> bool:
        return qpos[18] < -0.01

    def _shaping(self, qpos: list[float]) -> float:
        x, y, _ = self.layout.faucet  # the turned handle: (-0.27, 0.53, 0.11) in the original
        return -qpos[18] - self._hand_from(x - 0.02, y - 0.17, 0.11)
