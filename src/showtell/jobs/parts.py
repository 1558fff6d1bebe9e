"""Builds the parts that a job's specification names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from showtell.goals.goal import Target
from showtell.learners.learner import Draw, Learner
from showtell.project.seeds import seed
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards.reward import Reward
from showtell.study import registry
from showtell.worlds.world import World

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


def built(kind: str, values: dict[str, Any], **context: Any) -> Any:
    """The part that `values` name, with these settings."""
    return registry.build(kind, settings_of(kind, values), **context)


def settings_of(kind: str, values: dict[str, Any]) -> BaseModel:
    """The settings of the part that `values` name."""
    return registry.part(kind, values["kind"]).settings.model_validate(values)


def world_of(task: dict[str, Any]) -> World:
    """The world of a task."""
    world: World = built("worlds", task["world"])
    return world


def learner_of(settings: dict[str, Any]) -> Learner:
    """Who learns."""
    learner: Learner = built("learners", settings)
    return learner


def reward_of(
    job: dict[str, Any], inputs: dict[str, list[Path]], demo: "Demo | None" = None
) -> Reward:
    """What pays: with the goal's target and encoder if it has a goal, and a demo if it has one."""
    context: dict[str, Any] = {
        "view": View(**job["task"]["view"]),
        "seed": seed(job["root"], *job["address"], "reward"),
    }
    if job["goal"] is not None:
        from showtell.nets import encoder

        settings = settings_of("nets", job["encoder"])
        context["encoder"] = encoder.load(settings, inputs["encoder"][0], inputs["network"][0])
        context["target"] = Target.load(inputs["target"][0])
    if demo is not None:
        context["demo"] = demo
    reward: Reward = built("rewards", job["reward"], **context)
    return reward


def demo_of(inputs: dict[str, list[Path]], count: int | None = None) -> "Demo | None":
    """What was demonstrated, or the first few times of it."""
    if not inputs.get("demo"):
        return None
    from showtell.demos.demo import Demo

    demo = Demo.load(inputs["demo"][0])
    return demo if count is None else demo.first(count)


@contextmanager
def drawing(world: World, reward: Reward) -> Iterator[Draw | None]:
    """A process that draws this world, if the reward reads frames."""
    if reward.reads.view is None:
        yield None
        return
    with RenderPool(world.scene, world.scene_settings()) as pool:
        yield pool.draw
