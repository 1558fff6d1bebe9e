"""Measures rewards without any training: one study on one task."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from showtell.goals.goal import Target
from showtell.nets import encoder
from showtell.project.files import write_text
from showtell.project.registry import build, part
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.studies.study import Once, Subject


def run(job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Inputs: target, encoder, network (none where no reward has a goal). Output: table."""
    world = build("worlds", _settings("worlds", job["task"]["world"]))
    context: dict[str, Any] = {"view": View(**job["task"]["view"])}
    if job["goal"] is not None:
        network = _settings("nets", job["encoder"])
        # Rewards that differ in alpha alone see the same frames: these are encoded once.
        context["encoder"] = Once(encoder.load(network, inputs["encoder"][0], inputs["network"][0]))
        context["target"] = Target.load(inputs["target"][0])
    settings = {method: _settings("rewards", values) for method, values in job["rewards"].items()}
    rewards = {method: build("rewards", one, **context) for method, one in settings.items()}
    alphas = {method: getattr(one, "alpha", None) for method, one in settings.items()}
    study = build("studies", _settings("studies", job["study"]))
    with RenderPool(world.scene, world.scene_settings(), workers=1) as pool:
        subject = Subject(world, rewards, alphas, pool.draw)
        measured = study.measure(subject, job["root"], tuple(job["address"]))
    write_text(outputs["table"], measured.csv)


def _settings(kind: str, values: dict[str, Any]) -> BaseModel:
    return part(kind, values["name"]).settings.model_validate(values)
