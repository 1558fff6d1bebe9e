"""Builds the parts that a job's specification names."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from showtell.goals.goal import Target
from showtell.learners.learner import Draw, Learner
from showtell.project.seeds import seed
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View, view_of
from showtell.rewards.building import GoalInputs, build_reward
from showtell.rewards.reward import Reward
from showtell.study import registry
from showtell.study.settings import RewardSettings
from showtell.worlds.world import World

if TYPE_CHECKING:
    from showtell.demos.demo import Demo
    from showtell.nets.distance import Distance
    from showtell.nets.encoder import Encoder

Job = dict[str, Any]
Inputs = dict[str, list[Path]]


def built(kind: str, values: dict[str, Any], **context: Any) -> Any:
    """The part that `values` name, with these settings."""
    return registry.build(kind, settings_of(kind, values), **context)


def settings_of(kind: str, values: dict[str, Any]) -> BaseModel:
    """The settings of the part that `values` name."""
    return registry.part(kind, values["kind"]).settings.model_validate(values)


def reward_settings(values: dict[str, Any]) -> RewardSettings:
    """The settings of a reward."""
    settings = settings_of("rewards", values)
    assert isinstance(settings, RewardSettings)
    return settings


def world_of(task: dict[str, Any]) -> World:
    """The world of a task."""
    world: World = built("worlds", task["world"])
    return world


def learner_of(settings: dict[str, Any]) -> Learner:
    """The learner with these settings."""
    learner: Learner = built("learners", settings)
    return learner


def view(job: Job, picture: Mapping[str, int]) -> View:
    """The task's camera at the size of a picture."""
    return view_of(job["task"]["camera"], picture["width"], picture["height"])


@dataclass(frozen=True)
class Context:
    """What rewards are built with: goals, encoders and demonstrations, read from files once."""

    job: Job
    encoders: dict[str, "Encoder | Distance"]
    targets: dict[tuple[str, str], Target]  # (goal, task)
    demos: dict[str, "Demo"] = field(default_factory=dict)

    @classmethod
    def read(cls, job: Job, inputs: Inputs) -> "Context":
        """From the files of a job, which are in the order of its specification."""
        return cls(job, _encoders(job, inputs), _targets(job, inputs), _demos(job, inputs))

    def reward_of_training(self) -> Reward:
        """The reward that the job names; its goals are all of one task."""
        (task,) = {entry["task"] for entry in self.job["targets"]} or {""}
        return self.reward(reward_settings(self.job["reward"]), task)

    def reward(self, settings: RewardSettings, task: str) -> Reward:
        """A reward that compares with the goals of one task."""
        return build_reward(
            settings,
            {goal: self._goal(goal, task) for goal in settings.needs().goals},
            self.demos,
            view=view(self.job, self.job["picture"]),
            seed=seed(self.job["root"], *self.job["address"], "reward"),
        )

    def _goal(self, goal: str, task: str) -> GoalInputs:
        entry = self.job["goals"][goal]
        encoder = None if entry["encoder"] is None else self.encoders[entry["encoder"]]
        return GoalInputs(self.targets[goal, task], encoder, view(self.job, entry["picture"]))


def _encoders(job: Job, inputs: Inputs) -> "dict[str, Encoder | Distance]":
    if not job["encoders"]:
        return {}
    from showtell.nets import encoder

    files = zip(inputs.get("encoders", []), inputs.get("networks", []), strict=True)
    return {
        name: encoder.load(settings_of("nets", job["encoders"][name]), *paths)
        for name, paths in zip(sorted(job["encoders"]), files, strict=True)
    }


def _targets(job: Job, inputs: Inputs) -> dict[tuple[str, str], Target]:
    paths = inputs.get("targets", [])
    return {
        (entry["goal"], entry["task"]): Target.load(path)
        for entry, path in zip(job["targets"], paths, strict=True)
    }


def _demos(job: Job, inputs: Inputs) -> "dict[str, Demo]":
    if not job["demos"]:
        return {}
    from showtell.demos.demo import Demo

    paths = inputs.get("demos", [])
    return {name: Demo.load(path) for name, path in zip(job["demos"], paths, strict=True)}


def tabulated(settings: RewardSettings, reward: Reward, world: World, draw: Draw | None) -> Reward:
    """The reward as a training reads it: from a table over the state where its settings say so."""
    from showtell.rewards.tabulated import Tabulated

    table = settings.looked_up()
    return reward if table is None or draw is None else Tabulated(reward, table, world, draw)


@contextmanager
def drawing(world: World, reward: Reward, learner: Learner) -> Iterator[Draw | None]:
    """A process that draws this world, if the reward or the policy reads frames."""
    if reward.reads.view is None and not learner.draws:
        yield None
        return
    with RenderPool(world.scene, world.scene_settings()) as pool:
        yield pool.draw
