"""Trains one agent, or goes on training it: policy, its description, progress, final scores."""

from pathlib import Path
from typing import Any

from showtell.jobs.parts import demo_of, drawing, learner_of, reward_of, world_of
from showtell.learners import policies
from showtell.learners.learner import Assignment
from showtell.learners.progress import csv_of
from showtell.project.checkpoints import Resume, identity
from showtell.project.files import write_json, write_text
from showtell.project.tracking.live import live_run

Inputs = dict[str, list[Path]]


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> dict[str, Any]:
    """Inputs, where reward or phase need them: target, encoder, network, demo, start."""
    folder, start = outputs["policy"].parent, inputs.get("start")
    with Resume(folder / ".resume", identity(job, inputs)) as resume:
        world = world_of(job["task"])
        # A learner that clones sees as many demonstrations as the reward.
        demo = demo_of(inputs, job["reward"].get("demos"))
        reward = reward_of(job, inputs, demo)
        steps = job["learner"]["steps"]
        with live_run(job, folder, steps=steps) as sink, drawing(world, reward) as draw:
            assignment = Assignment(
                make_world=lambda: world_of(job["task"]),
                reward=reward,
                draw=draw,
                root=job["root"],
                address=tuple(job["address"]),
                start=policies.load_weights(start[0], job["choice"]) if start else None,
                demo=demo,
            )
            trained = learner_of(job["learner"]).train(assignment, resume, sink)
        weights = policies.together(trained.weights, trained.best.weights)
        policies.save(outputs["policy"], outputs["network"], weights, trained.network)
        write_text(outputs["progress"], csv_of(trained.progress))
        write_json(outputs["metrics"], trained.metrics)
        resume.finish()
    return {"resumed": resume.resumed}
