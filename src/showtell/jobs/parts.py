"""Builds the parts that a job's specification names."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from showtell.goals.goal import Target
from showtell.learners.learner import Draw, Learner
from showtell.project import registry
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards.reward import Reward
from showtell.worlds.world import World


def world_of(task: dict[str, Any]) -> World:
    """The world of a task."""
    world: World = _build("worlds", task["world"])
    return world


def learner_of(settings: dict[str, Any]) -> Learner:
    """Who learns."""
    learner: Learner = _build("learners", settings)
    return learner


def reward_of(job: dict[str, Any], inputs: dict[str, list[Path]]) -> Reward:
    """What pays; it is given, of the target, the encoder and the view, what it asks for by name."""
    part = registry.part("rewards", job["reward"]["name"])
    wanted = inspect.signature(part.load()).parameters
    context: dict[str, Any] = {}
    if "view" in wanted:
        context["view"] = View(**job["task"]["view"])
    if "target" in wanted:
        context["target"] = Target.load(inputs["target"][0])
    if "encoder" in wanted:
        context["encoder"] = _encoder(job["encoder"], inputs)
    reward: Reward = _build("rewards", job["reward"], **context)
    return reward


@contextmanager
def drawing(world: World, reward: Reward) -> Iterator[Draw | None]:
    """A process that draws this world, if the reward reads frames."""
    if reward.reads.view is None:
        yield None
        return
    with RenderPool(world.scene, world.scene_settings(), workers=1) as pool:
        yield pool.draw


def _encoder(values: dict[str, Any], inputs: dict[str, list[Path]]) -> Any:
    from showtell.nets import encoder

    settings = registry.part("nets", values["name"]).settings.model_validate(values)
    return encoder.load(settings, inputs["encoder"][0], inputs["network"][0])


def _build(kind: str, values: dict[str, Any], **context: Any) -> Any:
    settings = registry.part(kind, values["name"]).settings.model_validate(values)
    return registry.build(kind, settings, **context)
