"""Makes the target of one goal: the embedding of prompts, of demonstrations or of pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from showtell.demos.demo import Demo
from showtell.goals.goal import Drawing
from showtell.jobs.parts import Inputs, built, settings_of, view, world_of
from showtell.nets import encoder
from showtell.nets.known_words import UnknownWordsError
from showtell.project.errors import UserError
from showtell.rendering.pool import RenderPool


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> None:
    """Inputs: encoder, network; demo, where the goal is a demonstration. Output: target."""
    goal, network = built("goals", job["goal"]), None
    if job["encoder"] is not None:
        settings = settings_of("nets", job["encoder"])
        network = encoder.load(settings, inputs["encoder"][0], inputs["network"][0])
    demo = Demo.load(inputs["demo"][0]) if inputs.get("demo") else None
    with _drawing(job) as drawing, _located(job):
        goal.embed(network, job["prompts"], demo, drawing).save(outputs["target"])


@contextmanager
def _located(job: dict[str, Any]) -> Iterator[None]:
    """Says where a refused sentence stands: a goal does not know its name, nor its task's."""
    try:
        yield
    except UnknownWordsError as error:
        _, goal, task = job["address"]
        at = f"goals.{goal}" if job["prompts"] is None else f"tasks.{task}"
        raise UserError(f"{at}.{error}") from None


@contextmanager
def _drawing(job: dict[str, Any]) -> Iterator[Drawing | None]:
    """The task's world and its renderer, for goals that are rendered."""
    if job["task"] is None:
        yield None
        return
    world = world_of(job["task"])
    with RenderPool(world.scene, world.scene_settings()) as pool:
        yield Drawing(world, pool.draw, view(job, job["picture"]))
