"""HOLD's table-top tasks: what they share, and RLV's two. DVD's three are in `dvd`.

A mocap point moves by the action and pulls the hand of a Sawyer behind it. Episodes have a fixed
length and never end early, so a return of sparse rewards counts the steps spent in success. The
published oddities are switches (a hand that cannot move sideways, a horizon stored as a terminal
state) or stand where they act (the height of the pushing hand).
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveInt

from showtell.worlds.world import SuccessRule, World


class TabletopSettings(BaseModel):
    """How any of them is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon: PositiveInt
    end: Literal["terminal", "truncated"]  # what the horizon is reported as
    observe_time: bool  # append t / horizon to the observation


class PushingSettings(TabletopSettings):
    """How RLV's pushing is run."""

    kind: Literal["rlv_pushing"]


class DrawerSettings(TabletopSettings):
    """How RLV's drawer opening is run."""

    kind: Literal["rlv_drawer"]
    lock_x: bool  # the published action's first number is ignored


class Tabletop(World):
    """What the five share. The reward of a step is 1 in success and 0 elsewhere, unless dense."""

    success_rule: ClassVar[SuccessRule] = "any"

    table: ClassVar[str]  # which model
    actions: ClassVar[int]  # how many numbers an action has
    hand_start: ClassVar[tuple[float, float, float]]
    hand_turn: ClassVar[tuple[float, float, float, float]] = (1, 0, 1, 0)  # fingers down
    hand_low: ClassVar[tuple[float, float, float]]
    hand_high: ClassVar[tuple[float, float, float]]
    reach: ClassVar[float]  # m, of an action of 1
    substeps: ClassVar[int] = 5

    def __init__(self, settings: TabletopSettings, **look: Any) -> None:
        """`look` is what the table's model is built from."""
        from showtell.worlds.physics import tabletop as physics
        from showtell.worlds.physics.models import mujoco
        from showtell.worlds.physics.sawyer import restore

        self.horizon = settings.horizon
        self._at_horizon = settings.end
        self._observe_time = settings.observe_time
        self._look = look
        self._model = physics.bare(self.table, **look)
        self._start = physics.start(self.table, self.hand_start, self.hand_turn, **look)
        self._restore, self._advance = restore, mujoco.mj_step
        self._data = mujoco.MjData(self._model)
        # Views that follow the simulation; `xpos` is a substep old, as published.
        self._qpos, self._ctrl = self._data.qpos, self._data.ctrl
        self._mocap = self._data.mocap_pos[0]
        self._hand = self._data.body("hand").xpos
        self.target = self.hand_start  # where the mocap point is
        self._time = 0
        self.action_space = spaces.Box(-1.0, 1.0, shape=(self.actions,), dtype=np.float32)
        self._rewind()
        size = self._observation().shape
        self.observation_space = spaces.Box(-np.inf, np.inf, shape=size, dtype=np.float32)

    def scene_settings(self) -> dict[str, Any]:
        """How the table looks."""
        return dict(self._look)

    def snapshot(self) -> NDArray[np.float64]:
        """All joint positions; nothing else moves."""
        return np.array(self._qpos)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Back to the start, which is always the same unless the task says otherwise."""
        super().reset(seed=seed)
        self._rewind()
        return self._observation(), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Move the mocap point, let the hand follow."""
        self._command(np.asarray(action).tolist())
        self._mocap[:] = self.target
        self._advance(self._model, self._data, self.substeps)
        self._steady()
        self._time += 1
        qpos = self._qpos.tolist()
        success = self._succeeded(qpos)
        reward = self._reward(qpos, success)
        ended = self._time >= self.horizon
        info = {"success": success, "true_reward": reward}
        terminated = ended and self._at_horizon == "terminal"
        return self._observation(qpos), reward, terminated, ended and not terminated, info

    @property
    def hand(self) -> list[float]:
        """Where the hand is."""
        return list(self._hand.tolist())

    def succeeded(self, snapshot: NDArray[np.float64]) -> bool:
        """Whether a moment counts as success."""
        return self._succeeded(snapshot.tolist())

    def _rewind(self) -> None:
        self._restore(self._model, self._data, self._start)
        self.target = self.hand_start
        self._time = 0

    def _command(self, action: list[float]) -> None:
        """Turn an action into the mocap point's next place and the fingers' control."""
        raise NotImplementedError

    def _steady(self) -> None:
        """What is put right by hand after the physics."""

    def _moved(self, dx: float, dy: float, dz: float) -> tuple[float, float, float]:
        """The mocap point moved by an action, kept in the hand's box."""
        x, y, z = self.target
        reach, (x0, y0, z0), (x1, y1, z1) = self.reach, self.hand_low, self.hand_high
        return (
            min(max(x + reach * min(max(dx, -1.0), 1.0), x0), x1),
            min(max(y + reach * min(max(dy, -1.0), 1.0), y0), y1),
            min(max(z + reach * min(max(dz, -1.0), 1.0), z0), z1),
        )

    def _observation(self, qpos: list[float] | None = None) -> NDArray[np.float32]:
        seen = self._hand.tolist() + self._objects(qpos or self._qpos.tolist())
        if self._observe_time:
            seen.append(self._time / self.horizon)
        return np.array(seen, dtype=np.float32)

    def _objects(self, qpos: list[float]) -> list[float]:
        """What is observed besides the hand's position."""
        raise NotImplementedError

    def _succeeded(self, qpos: list[float]) -> bool:
        raise NotImplementedError

    def _reward(self, qpos: list[float], success: bool) -> float:
        return 1.0 if success else 0.0


class Pushing(Tabletop):
    """RLV's pushing: a red mug, 15 cm towards the camera onto a black square."""

    success_definition = (
        "The mug's distance to the square's centre, |dx| + |dy|, was below 3 cm "
        "at some step of the episode."
    )
    scene: ClassVar[str] = "showtell.rendering.tabletop:PushingScene"
    table = "pushing"
    actions = 2
    hand_start = (0.0, 0.2, 0.07)  # outside its box; the first action brings it in
    hand_low, hand_high = (-0.28, 0.3, 0.05), (0.28, 0.9, 0.3)
    reach = 0.02
    substeps = 50

    def __init__(self, settings: PushingSettings) -> None:
        super().__init__(settings)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Put the mug somewhere on a line of 20 cm."""
        super().reset(seed=seed)
        self._qpos[8] = self.np_random.uniform(-0.1, 0.1)
        return self._observation(), {}

    def _command(self, action: list[float]) -> None:
        # The height is pulled towards 5 cm, but through the action's scale: 2 % of the way a step.
        self.target = self._moved(action[0], action[1], 0.05 - self.target[2])

    def _objects(self, qpos: list[float]) -> list[float]:
        return qpos[8:10]

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
    scene: ClassVar[str] = "showtell.rendering.tabletop:DrawerScene"
    table = "drawer"
    actions = 4
    hand_start = (0.0, 0.5, 0.25)
    hand_low, hand_high = (-0.5, 0.4, 0.05), (0.5, 1.0, 0.5)
    reach = 0.01

    def __init__(self, settings: DrawerSettings) -> None:
        self._lock_x = settings.lock_x
        super().__init__(settings)

    def _command(self, action: list[float]) -> None:
        dx, dy, dz, grip = action
        self.target = self._moved(0.0 if self._lock_x else dx, dy, dz)
        self._ctrl[:] = (grip, -grip)

    def _objects(self, qpos: list[float]) -> list[float]:
        return [qpos[7] - qpos[8], qpos[9]]

    def _succeeded(self, qpos: list[float]) -> bool:
        return self.to_goal(qpos) <= 0.08

    def to_goal(self, qpos: Sequence[float]) -> float:
        """How far the middle of the handle's loop is from its goal, along y."""
        return abs(0.9 - 0.15 + qpos[9] - 0.55)


PARTS = {
    "rlv_pushing": (PushingSettings, "Pushing"),
    "rlv_drawer": (DrawerSettings, "DrawerOpening"),
}
