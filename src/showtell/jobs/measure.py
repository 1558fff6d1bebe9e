"""Measures rewards without any training: one study on one task."""

from pathlib import Path
from typing import Any

from showtell.jobs.parts import Context, Inputs, built, reward_settings
from showtell.project.files import write_text
from showtell.rendering.pool import RenderPool
from showtell.studies.study import Once, Subject


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> None:
    """Inputs: targets; encoders, networks, demos (none where no reward needs them)."""
    world = built("worlds", job["task"]["world"])
    study = built("studies", job["study"])
    context = Context.read(job, inputs)
    # Rewards that differ in their settings alone read the same frames: these are encoded once.
    context.encoders.update({name: Once(one) for name, one in context.encoders.items()})
    own = job["task"]["name"]
    tasks = dict.fromkeys(entry["task"] for entry in job["targets"])
    rewards = {
        task: {
            method: context.reward(reward_settings(job["rewards"][method]), task)
            for method in job["order"]
        }
        for task in tasks or [own]
    }
    with RenderPool(world.scene, world.scene_settings()) as pool:
        subject = Subject(world, rewards.get(own, {}), job["variants"], pool.draw, rewards)
        measured = study.measure(subject, job["root"], tuple(job["address"]))
    write_text(outputs["table"], measured.csv)
