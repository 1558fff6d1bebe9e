"""Trains one agent, or goes on training it: policy, its description, progress, final scores."""

from pathlib import Path
from typing import Any

from showtell.jobs.parts import (
    Context,
    Inputs,
    drawing,
    learner_of,
    reward_settings,
    tabulated,
    view,
    world_of,
)
from showtell.learners import policies
from showtell.learners.learner import TrainingInputs
from showtell.learners.progress import csv_of
from showtell.project.checkpoints import Resume, identity
from showtell.project.files import write_json, write_text
from showtell.project.tracking.live import live_run


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> dict[str, Any]:
    """Inputs, where reward or phase need them: targets, encoders, networks, demos, start."""
    folder, start = outputs["policy"].parent, inputs.get("start")
    with Resume(folder / ".resume", identity(job, inputs)) as resume:
        world = world_of(job["task"])
        context = Context.read(job, inputs)
        settings, reward = reward_settings(job["reward"]), context.reward_of_training()
        # A learner that clones imitates as many demonstrations as the reward reads.
        clones = [
            context.demos[one.demo].first(one.count) for one in settings.needs().demonstrations
        ]
        learner = learner_of(job["learner"])
        steps = job["learner"]["steps"]
        with live_run(job, folder, steps=steps) as sink, drawing(world, reward, learner) as draw:
            read = tabulated(settings, reward, world, draw)
            assignment = TrainingInputs(
                make_world=lambda: world_of(job["task"]),
                reward=read,
                draw=draw,
                root=job["root"],
                address=tuple(job["address"]),
                start=policies.load_weights(start[0], job["checkpoint"]) if start else None,
                demo=clones[0] if clones else None,
                view=view(job, job["task"]["camera"]["native"]),
            )
            trained = learner.train(assignment, resume, sink)
        weights = policies.together(trained.weights, trained.best.weights)
        policies.save(outputs["policy"], outputs["network"], weights, trained.network)
        write_text(outputs["progress"], csv_of(trained.progress))
        write_json(outputs["metrics"], trained.metrics)
        resume.finish()
    agreement = getattr(read, "agreement", None)  # of a table with the pictures that it stands for
    table = {} if agreement is None else {"table": agreement._asdict()}
    return {"resumed": resume.resumed} | table
