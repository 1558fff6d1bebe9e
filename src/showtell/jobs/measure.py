"""Measures rewards without any training: one study on one task."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from showtell.goals.goal import Target
from showtell.jobs.parts import built, settings_of
from showtell.nets import encoder
from showtell.project.files import write_text
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.rewards.reward import Reward
from showtell.studies.study import Once, Subject
from showtell.study.registry import build

Inputs = dict[str, list[Path]]


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> None:
    """Inputs: targets; encoders, networks (none where no reward has a goal). Output: table."""
    world = built("worlds", job["task"]["world"])
    settings = {method: settings_of("rewards", values) for method, values in job["rewards"].items()}
    contexts = _contexts(job, inputs)
    told = {task: _rewards(settings, task, contexts) for task in _tasks(job)}
    study = built("studies", job["study"])
    with RenderPool(world.scene, world.scene_settings()) as pool:
        own = told.get(job["task"]["name"], {})
        subject = Subject(world, own, job["variants"], pool.draw, told)
        measured = study.measure(subject, job["root"], tuple(job["address"]))
    write_text(outputs["table"], measured.csv)


def _tasks(job: dict[str, Any]) -> list[str]:
    """The tasks whose goals are compared with: those of the study, or its own."""
    return job["study"].get("told") or [job["task"]["name"]]


def _contexts(job: dict[str, Any], inputs: Inputs) -> dict[tuple[str | None, str], dict[str, Any]]:
    """(goal, task) -> what rewards are built with; (None, task) for those without a goal."""
    # Rewards that differ in alpha or target alone see the same frames: these are encoded once.
    files = zip(inputs.get("encoders", []), inputs.get("networks", []), strict=True)
    encoders = {
        name: Once(encoder.load(settings_of("nets", job["encoders"][name]), *paths))
        for name, paths in zip(sorted(job["encoders"]), files, strict=True)
    }
    view = View(**job["task"]["view"])
    contexts: dict[tuple[str | None, str], dict[str, Any]] = {
        (None, task): {"view": view} for task in _tasks(job)
    }
    for entry, path in zip(job["targets"], inputs.get("targets", []), strict=True):
        contexts[entry["goal"], entry["task"]] = {
            "view": view,
            "encoder": encoders[entry["encoder"]],
            "target": Target.load(path),
        }
    return contexts


def _rewards(
    settings: dict[str, BaseModel],
    task: str,
    contexts: dict[tuple[str | None, str], dict[str, Any]],
) -> dict[str, Reward]:
    return {
        method: build("rewards", one, **contexts[getattr(one, "goal", None), task])
        for method, one in settings.items()
    }
