"""Meta-World's fifty tasks as RoboCLIP runs them: short episodes, no early end, the goal hidden."""

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveInt, field_validator

from showtell.project.errors import UserError, nearest
from showtell.rendering.snapshots import METAWORLD
from showtell.worlds.world import SuccessRule, World

TASKS = (
    *("assembly", "basketball", "bin-picking", "box-close", "button-press"),
    *("button-press-topdown", "button-press-topdown-wall", "button-press-wall", "coffee-button"),
    *("coffee-pull", "coffee-push", "dial-turn", "disassemble", "door-close", "door-lock"),
    *("door-open", "door-unlock", "drawer-close", "drawer-open", "faucet-close", "faucet-open"),
    *("hammer", "hand-insert", "handle-press", "handle-press-side", "handle-pull"),
    *("handle-pull-side", "lever-pull", "peg-insert-side", "peg-unplug-side", "pick-out-of-hole"),
    *("pick-place", "pick-place-wall", "plate-slide", "plate-slide-back", "plate-slide-back-side"),
    *("plate-slide-side", "push", "push-back", "push-wall", "reach", "reach-wall", "shelf-place"),
    *("soccer", "stick-pull", "stick-push", "sweep", "sweep-into", "window-close", "window-open"),
)
# Meta-World 3.1.1's `evaluate_state` of the tasks of the papers, in words.
SUCCESS = {
    "button-press": "the button was within 2 cm of pressed",
    "coffee-push": "the mug was within 7 cm of its place under the machine",
    "door-close": "the door's handle was within 8 cm of where it is when closed",
    "door-open": "the door's handle was within 8 cm, left to right, of where it is when open",
    "drawer-close": "the drawer's handle was within 5.5 cm of where it is when closed",
    "drawer-open": "the drawer's handle was within 3 cm of where it is when open",
    "faucet-open": "the faucet's handle was within 7 cm of where it is when open",
}


class MetaWorldSettings(BaseModel):
    """Which task, and how it is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["metaworld"]
    task: str  # without the version: drawer-close
    horizon: PositiveInt
    end: Literal["terminal", "truncated"]  # what the horizon is reported as
    observe_time: bool  # append t / horizon to the observation
    layouts: Literal["frozen", "resampled"]  # one for each environment, as published, or episode
    hide_goal: bool
    reward: Literal["v1", "v2"]  # Meta-World's older or current true reward

    @field_validator("task")
    @classmethod
    def _known(cls, task: str) -> str:
        if task not in TASKS:
            raise UserError(f"Meta-World has no task {task!r}; {nearest(task, TASKS)}")
        return task


class MetaWorld(World):
    """A robot arm at a table; the action moves its hand (x, y, z) and closes its gripper."""

    success_definition = "Meta-World's own success flag was raised at some step of the episode."
    success_rule: ClassVar[SuccessRule] = "any"
    scene: ClassVar[str] = "showtell.rendering.metaworld:MetaWorldScene"

    def __init__(self, settings: MetaWorldSettings) -> None:
        from showtell.worlds.physics.metaworld import build

        self._settings = settings
        self.task = settings.task
        self.horizon = settings.horizon
        if settings.task in SUCCESS:
            self.success_definition = (  # a sentence for each task
                f"At some step of the episode, {SUCCESS[settings.task]}."
            )
        self._task = build(settings.task, settings.reward, settings.hide_goal)
        self._frozen: int | None = None
        space = self._task.sawyer_observation_space
        low, high = space.low, space.high
        if settings.observe_time:
            low, high = np.append(low, 0.0), np.append(high, 1.0)
        self.observation_space = spaces.Box(
            low.astype(np.float32), high.astype(np.float32), dtype=np.float32
        )
        self.action_space = spaces.Box(-1.0, 1.0, shape=(4,), dtype=np.float32)
        self._time = 0

    def scene_settings(self) -> dict[str, Any]:
        """The task's model, by its place among Meta-World's assets."""
        return {"model": "/".join(Path(self._task.fullpath).parts[-2:])}

    def snapshot(self) -> NDArray[np.float64]:
        """The joints, and what the task has moved in the model itself."""
        return METAWORLD.take(self._task.model, self._task.data)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Bring the hand to its start, and the things to this episode's layout."""
        super().reset(seed=seed)
        self._time = 0
        if self._settings.layouts == "resampled":
            return self._observation(self._task.begin(self.np_random)), {}
        # The published layout of a rank is that of an environment built with it as the seed.
        if self._frozen != self.rank:
            self._task.freeze(self.rank)
            self._frozen = self.rank
        return self._observation(self._task.begin()), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """12.5 ms of physics; the true reward is Meta-World's dense one."""
        observation, reward, success = self._task.advance(action)
        self._time += 1
        over = self._time >= self.horizon
        return (
            self._observation(observation),
            reward,
            over and self._settings.end == "terminal",
            over and self._settings.end == "truncated",
            {"success": success, "true_reward": reward},
        )

    def full_observation(self) -> NDArray[np.float64]:
        """What Meta-World's scripted policies read: all 39 numbers, the goal among them."""
        observation = np.array(self._latest)
        observation[36:] = self._task._get_pos_goal()
        return observation

    def _observation(self, latest: NDArray[np.float64]) -> NDArray[np.float32]:
        self._latest = latest
        if not self._settings.observe_time:
            return latest.astype(np.float32)
        observation = np.empty(40, dtype=np.float32)
        observation[:39] = latest
        observation[39] = self._time / self.horizon
        return observation


PARTS = {"metaworld": (MetaWorldSettings, "MetaWorld")}
