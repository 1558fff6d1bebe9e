"""Meta-World's fifty tasks as RoboCLIP runs them: short episodes, no early end, the goal hidden."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from gymnasium import spaces
from pydantic import field_validator, model_validator

from showtell.project.errors import UserError, nearest
from showtell.study.needs import Offers
from showtell.worlds.metaworld.script import script
from showtell.worlds.metaworld.snapshot import SNAPSHOT
from showtell.worlds.metaworld.spread import WIDE
from showtell.worlds.metaworld.words import SUCCESS, TASKS, WORDS
from showtell.worlds.world import (
    LAYOUTS,
    Array,
    FixedHorizonSettings,
    Look,
    Observation,
    Progress,
    Script,
    SuccessRule,
    World,
)


class MetaWorldSettings(FixedHorizonSettings):
    """Which task, and how it is run."""

    kind: Literal["metaworld"]
    task: str  # without the version: drawer-close
    layouts: Literal["frozen", "resampled"]  # one for each environment, as published, or episode
    # The boxes that layouts are drawn from: Meta-World's, or wider ones, with the hand's start.
    spread: Literal["published", "wide"]
    hide_goal: bool
    reward: Literal["v1", "v2"]  # Meta-World's older or current true reward

    def offers(self) -> Offers:
        """What this world gives to rewards, studies and demos."""
        return Offers(
            actions="box", script=True, uniform_states=False, true_rewards_of_states=False
        )

    @field_validator("task")
    @classmethod
    def _known(cls, task: str) -> str:
        if task not in TASKS:
            raise UserError(f"Meta-World has no task {task!r}; {nearest(task, TASKS)}")
        return task

    @model_validator(mode="after")
    def _has_a_spread(self) -> Self:
        if self.spread == "wide" and self.task not in WIDE:
            raise UserError(
                f"Meta-World's {self.task} has no wide spread; {nearest(self.task, WIDE)}"
            )
        return self


class MetaWorld(World):
    """A robot arm at a table; the action moves its hand (x, y, z) and closes its gripper."""

    success_definition = "Meta-World's own success flag was raised at some step of the episode."
    success_rule: ClassVar[SuccessRule] = "any"
    scene: ClassVar[str] = "showtell.worlds.metaworld.scene:MetaWorldScene"
    looks: ClassVar[tuple[Look, ...]] = tuple(
        Look(camera, view={"camera": camera}) for camera in ("corner2-crop", "corner2", "corner3")
    )
    other_views: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"camera": "corner2"},
        {"camera": "corner3"},
        {"camera": "corner4"},
        {"camera": "corner2-crop", "mirrored": True},
    )
    has_script = True

    def __init__(self, settings: MetaWorldSettings) -> None:
        from showtell.worlds.metaworld.physics import build

        super().__init__(settings)
        self._settings = settings
        self.task = settings.task
        self.words = WORDS.get(settings.task)
        if settings.task in SUCCESS:
            self.success_definition = (  # a sentence for each task
                f"At some step of the episode, {SUCCESS[settings.task]}."
            )
        wide = WIDE[settings.task] if settings.spread == "wide" else None
        self._task = build(settings.task, settings.reward, settings.hide_goal, wide)
        self._frozen: int | None = None
        space = self._task.sawyer_observation_space
        low, high = space.low, space.high
        if settings.observe_time:
            low, high = np.append(low, 0.0), np.append(high, 1.0)
        self.observation_space = spaces.Box(
            low.astype(np.float32), high.astype(np.float32), dtype=np.float32
        )
        self.action_space = spaces.Box(-1.0, 1.0, shape=(4,), dtype=np.float32)

    def scene_settings(self) -> dict[str, Any]:
        """The task's model, by its place among Meta-World's assets."""
        return {"model": "/".join(Path(self._task.fullpath).parts[-2:])}

    def snapshot(self) -> Array:
        """The joints, and what the task has moved in the model itself."""
        return SNAPSHOT.take(self._task.model, self._task.data)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Bring the hand to its start, and the things to this episode's layout."""
        super().reset(seed=seed)
        self._time = 0
        if self._settings.layouts == "resampled":
            return self._observation(self._task.begin(self.np_random)), {}
        # A published layout is the first draw of its number as the seed (RoboCLIP's fork).
        layout = (options or {}).get("layout", LAYOUTS.training)
        if self._frozen != layout:
            self._task.freeze(layout)
            self._frozen = layout
        return self._observation(self._task.begin()), {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """12.5 ms of physics; the true reward is Meta-World's dense one."""
        observation, reward, success = self._task.advance(action)
        self._time += 1
        info = {"success": success, "true_reward": reward}
        return self._observation(observation), reward, *self._over(), info

    def script(self) -> Script:
        """Meta-World's own policy of the task; it reads the hidden goal too."""
        return script(self.task, self.full_observation)

    def progress(self) -> Progress:
        """By the places of hand, thing and goal."""
        observation = self.full_observation()
        hand, thing, goal = observation[:3], observation[4:7], observation[36:39]
        return Progress(float(np.linalg.norm(hand - thing)), float(np.linalg.norm(thing - goal)))

    def hand_and_thing(self) -> tuple[Array, Array]:
        """Where the hand and the thing to be moved are."""
        observation = self.full_observation()
        return observation[:3], observation[4:7]

    def full_observation(self) -> Array:
        """What Meta-World's scripted policies read: all 39 numbers, the goal among them."""
        observation = np.array(self._latest)
        observation[36:] = self._task._get_pos_goal()
        return observation

    def _observation(self, latest: Array) -> Observation:
        self._latest = latest
        return self._with_time(latest)


PARTS = {"metaworld": (MetaWorldSettings, "MetaWorld")}
