"""Measures rewards and controls without any training: one study on one task."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from showtell.jobs.parts import (
    Context,
    Inputs,
    Job,
    built,
    learner_of,
    reward_settings,
    view,
    world_of,
)
from showtell.labels.frames import labelled_frames
from showtell.learners import policies
from showtell.learners.learner import Draw, TrainingInputs
from showtell.learners.policies import Network, Policy
from showtell.project.files import write_text
from showtell.rendering.pool import RenderPool
from showtell.rewards.reward import Reward
from showtell.rewards.zero import Zero, ZeroSettings
from showtell.studies.study import StudyInputs, TrainedAgent, cached, write_strips
from showtell.study.settings import RewardSettings
from showtell.worlds.world import World


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> None:
    """Inputs: targets; none where nothing needs them: encoders, networks, demos, labels, and of
    agents policies and descriptions.
    """
    world = built("worlds", job["task"]["world"])
    study = built("studies", job["study"])
    context = Context.read(job, inputs)
    # Rewards that differ in their settings alone read the same frames: these are encoded once.
    context.encoders.update({name: cached(one) for name, one in context.encoders.items()})
    own = job["task"]["name"]
    tasks = dict.fromkeys(entry["task"] for entry in job["targets"])
    # A reward without a goal is the same one whichever task's goal is meant.
    alike: dict[str, Reward] = {}
    rewards: dict[str, dict[str, Reward]] = {}
    for task in tasks or [own]:
        rewards[task] = {}
        for method, settings in _measured(job, context, task):
            made = alike.get(method) or context.reward(settings, task)
            rewards[task][method] = made
            if not settings.needs().goals:
                alike[method] = made
    with RenderPool(world.scene, world.scene_settings()) as pool:
        subject = StudyInputs(
            world,
            rewards.get(own, {}),
            job["variants"],
            pool.draw,
            rewards,
            context.demos,
            lambda: world_of(job["task"]),
            lambda: _untrained(job, pool.draw),
            labelled_frames(inputs["labels"][0]) if inputs.get("labels") else None,
            _known_words(job, context),
            _parameters(job, context),
            _trained(job, inputs, world),
        )
        measured = study.measure(subject, job["root"], tuple(job["address"]))
    write_text(outputs["table"], measured.csv)
    write_strips(outputs["strips"], measured.strips)


def _untrained(job: dict[str, Any], draw: Draw) -> Policy:
    """The policy that a training with this address begins with."""
    assignment = TrainingInputs(
        make_world=lambda: world_of(job["task"]),
        reward=Zero(ZeroSettings(kind="zero")),
        draw=draw,
        root=job["root"],
        address=tuple(job["address"]),
        view=view(job, job["task"]["camera"]["native"]),
    )
    start = learner_of(job["learner"]).untrained(assignment)
    return Policy(Network.model_validate(start.network), start.weights)


def _trained(job: Job, inputs: Inputs, world: World) -> list[TrainedAgent]:
    """The agents that the study plays, in the order of the specification."""
    found = []
    files = zip(inputs.get("policies", []), inputs.get("descriptions", []), strict=True)
    for (method, number), (weights, description) in zip(job.get("agents", []), files, strict=True):
        policy = policies.load(weights, description, "last")
        policies.check_fits(policy.network, world.observation_space, world.action_space)
        found.append(TrainedAgent(method, number, policy))
    return found


def _measured(job: Job, context: Context, task: str) -> Iterator[tuple[str, RewardSettings]]:
    """The methods, and controls on the own task alone, that have all goals of one task."""
    for method in job["order"]:
        settings = reward_settings(job["rewards"][method])
        if method in job["controls"] and task != job["task"]["name"]:
            continue
        if all((goal, task) in context.targets for goal in settings.needs().goals):
            yield method, settings


def _parameters(job: Job, context: Context) -> dict[str, int]:
    """Method -> the size of the network that its goals are embedded by, where it is known."""
    found = {}
    for method in job["order"]:
        for goal in reward_settings(job["rewards"][method]).needs().goals:
            network = context.encoders.get(job["goals"][goal]["encoder"])
            if (size := getattr(network, "parameters", None)) is not None:
                found[method] = int(size)
    return found


def _known_words(job: Job, context: Context) -> dict[tuple[str, str], float]:
    """(method, task whose goal it is) -> the share of the sentence's words its encoder knows."""
    found = {}
    for method in job["order"]:
        for goal in reward_settings(job["rewards"][method]).needs().goals:
            for (name, task), target in context.targets.items():
                if name == goal and "known_words" in target.source:
                    found[method, task] = float(target.source["known_words"])
    return found
