"""What HOLD's table-top tasks share; RLV's two are in `rlv`, DVD's three in `dvd`.

A mocap point moves by the action and pulls the hand of a Sawyer behind it. Episodes have a fixed
length and never end early, so a return of sparse rewards counts the steps spent in success. The
published oddities are switches (a hand that cannot move sideways, a horizon stored as a terminal
state) or stand where they act (the height of the pushing hand).
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from gymnasium import spaces

from showtell.study.needs import Offers
from showtell.worlds.tabletop.script import Move
from showtell.worlds.world import (
    Action,
    Array,
    Change,
    FixedHorizonSettings,
    Look,
    Observation,
    Script,
    Snapshots,
    SuccessRule,
    World,
)

UPRIGHT = Look("upright", view={"mirrored": False})
MIRRORED = Look("as published", view={"mirrored": True})
# The same episodes, seen otherwise.
CHANGES: Mapping[str, Change] = {
    "repainted": Change(scene={"repainted": True}),
    "turned": Change(view={"camera": "turned"}),
}


class TabletopSettings(FixedHorizonSettings):
    """How a table top is run."""

    def offers(self) -> Offers:
        """What this world gives to rewards, studies and demos."""
        return Offers(
            actions="box",
            script=True,
            uniform_states=False,
            true_rewards_of_states=False,
            goal_images=True,
            scenes=tuple(CHANGES),
        )


class Tabletop(World):
    """What the five share. The reward of a step is 1 in success and 0 elsewhere, unless dense."""

    success_rule: ClassVar[SuccessRule] = "any"
    looks: ClassVar[tuple[Look, ...]] = (UPRIGHT, MIRRORED)
    changes: ClassVar[Mapping[str, Change]] = CHANGES
    has_script = True
    arm, things = slice(0, 9), slice(9, None)  # of a snapshot: seven joints and the fingers' two

    table: ClassVar[str]  # which model
    actions: ClassVar[int]  # how many numbers an action has
    hand_start: ClassVar[tuple[float, float, float]]
    hand_turn: ClassVar[tuple[float, float, float, float]] = (1, 0, 1, 0)  # fingers down
    hand_low: ClassVar[tuple[float, float, float]]
    hand_high: ClassVar[tuple[float, float, float]]
    reach: ClassVar[float]  # m, of an action of 1
    substeps: ClassVar[int] = 5
    # The least and the most that is observed of hand and things, for learners that scale.
    seen: ClassVar[tuple[tuple[float, ...], tuple[float, ...]] | None] = None

    repeat: int = 1  # steps that an action lasts

    def __init__(self, settings: FixedHorizonSettings, **look: Any) -> None:
        """`look` is what the table's model is built from."""
        from showtell.worlds.simulator.models import mujoco
        from showtell.worlds.tabletop import physics
        from showtell.worlds.tabletop.sawyer import restore

        super().__init__(settings)
        self._settings = settings
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
        self.action_space = spaces.Box(-1.0, 1.0, shape=(self.actions,), dtype=np.float32)
        self._rewind()
        self.observation_space = self._space()

    def scene_settings(self) -> dict[str, Any]:
        """How the table looks."""
        return dict(self._look)

    def changed(self, settings: Mapping[str, Any]) -> Self:
        """The same task with some settings changed."""
        return type(self)(self._settings.model_copy(update=dict(settings)))

    def snapshot(self) -> Array:
        """All joint positions; nothing else moves."""
        return np.array(self._qpos)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Back to the start, which is always the same unless the task says otherwise."""
        super().reset(seed=seed)
        self._rewind()
        return self._observation(), {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Move the mocap point, let the hand follow; rewards of repeated steps are added."""
        reward, success = self._step(action)
        for _ in range(1, self.repeat):
            more, now = self._step(action)
            reward, success = reward + more, success or now
        self._time += 1
        qpos = self._qpos.tolist()
        info = {"success": success, "true_reward": reward, **self._also(qpos, success)}
        return self._observation(qpos), reward, *self._over(), info

    def script(self) -> Script:
        """The next action, from the positions of the objects."""
        return lambda: self._action(self._next_move(self._qpos.tolist()), self.repeat)

    def goal_snapshots(self, seed: int = 0) -> Snapshots:
        """The end of a scripted episode, the arm still there."""
        return self._scripted_episode(seed)[-1:]

    @property
    def hand(self) -> list[float]:
        """Where the hand is."""
        return list(self._hand.tolist())

    def succeeded(self, snapshot: Array) -> bool:
        """Whether a moment counts as success."""
        return self._succeeded(snapshot.tolist())

    def _space(self) -> spaces.Space[Observation]:
        size = self._observation().shape
        if self.seen is None:
            return spaces.Box(-np.inf, np.inf, shape=size, dtype=np.float32)
        low, high = (np.asarray(self._with_time(edge)) for edge in self.seen)
        if self._observe_time:
            low[-1], high[-1] = 0, 1
        return spaces.Box(low, high, dtype=np.float32)

    def _step(self, action: Any) -> tuple[float, bool]:
        """One step of the published clock: its reward, and whether it is in success."""
        self._command(np.asarray(action).tolist())
        self._mocap[:] = self.target
        self._advance(self._model, self._data, self.substeps)
        self._steady()
        qpos = self._qpos.tolist()
        success = self._succeeded(qpos)
        return self._reward(qpos, success), success

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

    def _observation(self, qpos: list[float] | None = None) -> Observation:
        seen = self._hand.tolist() + self._objects(qpos or self._qpos.tolist())
        return self._with_time(seen)

    def _scripted_episode(self, seed: int) -> Snapshots:
        """Where each step of the script leads; no action is repeated."""
        self.reset(seed=seed)
        moments = []
        for _ in range(self.horizon * self.repeat):
            self._step(self._action(self._next_move(self._qpos.tolist())))
            moments.append(self.snapshot())
        return np.stack(moments)

    def _action(self, move: Move, steps: int = 1) -> Action:
        """The action that takes the mocap point straight to a point, in so many steps."""
        point, grip, speed = move
        action = np.zeros(self.actions, np.float32)
        away = np.subtract(point, self.target[: len(point)]) / (self.reach * steps)
        action[: len(point)] = away * min(1.0, speed / max(np.abs(away).max(), 1e-9))
        if grip is not None:
            action[-1] = grip
        return action

    def _next_move(self, qpos: list[float]) -> Move:
        """What the script does now."""
        raise NotImplementedError

    def _objects(self, qpos: list[float]) -> list[float]:
        """What is observed besides the hand's position."""
        raise NotImplementedError

    def _also(self, qpos: list[float], success: bool) -> dict[str, float]:
        """What else `info` says of a step."""
        return {}

    def _succeeded(self, qpos: list[float]) -> bool:
        raise NotImplementedError

    def _reward(self, qpos: list[float], success: bool) -> float:
        return 1.0 if success else 0.0
