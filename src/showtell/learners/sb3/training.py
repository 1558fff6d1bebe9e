"""One training with Stable-Baselines3: collect whole episodes, label them, update, checkpoint."""

from collections.abc import Callable
from contextlib import closing
from typing import Literal, TypeVar

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from showtell.learners.checkpoints import Weights
from showtell.learners.learner import Sink, TrainingInputs
from showtell.learners.sb3.drawn import StatesAndStages
from showtell.learners.sb3.lockstep import Lockstep
from showtell.learners.sb3.pictures import Pictures
from showtell.learners.sb3.rollouts import Pay, Rollouts, Schedule, TrainingLog, weights_of
from showtell.learners.sb3.state import replay_of, restore
from showtell.learners.scaling import Scale
from showtell.learners.sight import Sight, Size, goal_pictures
from showtell.learners.stages import Stages
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.project.seeds import seed
from showtell.worlds.world import LAYOUTS, SeededEpisodes, World

Algorithm = TypeVar("Algorithm", bound=BaseAlgorithm)
Make = Callable[[VecEnv, int], Algorithm]  # environments and a seed, to an algorithm
Fresh = tuple[str, ...]  # beginnings of the names of arrays that start new


def train(
    make: Make[Algorithm],
    pay: Pay,
    assignment: TrainingInputs,
    pace: Schedule,
    resume: Resume,
    sink: Sink,
    *,
    scale: Scale | None = None,
    fresh: Fresh = (),
    observed: Size | Literal["stage"] | None = None,
) -> tuple[Algorithm, TrainingLog]:
    """Train to the end, from the last checkpoint if there is one.

    `scale`: the scale on which rewards are learned from, if not their own. `fresh`: what is not
    taken over from the policy that a fine-tuning starts from. `observed`: the size of the pictures
    that the policy observes instead of the world's numbers, or that it observes the active stage
    beside them.
    """
    model, worlds = _new(make, assignment, pace, observed)
    model.set_logger(Logger(folder=None, output_formats=[]))
    if assignment.start is not None:
        _start(model, assignment.start, fresh)
    log = TrainingLog(assignment.reward, scale)
    replay = replay_of(model)
    saved = resume.load()
    if saved is not None:
        restore(model, worlds, replay, saved["model"])
        log.restore(saved["log"])
    rollouts = Rollouts(assignment, worlds, pace, pay, log, replay, resume, sink)
    with closing(rollouts):
        model.learn(
            # Stable-Baselines3 adds the steps already done, if it is not to count from zero.
            pace.waits + pace.steps - model.num_timesteps,
            callback=rollouts,
            log_interval=None,  # type: ignore[arg-type]  # what switches its own log off
            reset_num_timesteps=saved is None,
        )
    if not log.best.weights:  # the training was shorter than a window
        *_, row = log.episodes.rows(pace.log_every, ended=True)
        log.best.meet(row, weights_of(model))
    return model, log


def untrained(
    make: Make[Algorithm],
    assignment: TrainingInputs,
    pace: Schedule,
    observed: Size | Literal["stage"] | None = None,
) -> Algorithm:
    """The algorithm that `train` would begin with."""
    return _new(make, assignment, pace, observed)[0]


def _new(
    make: Make[Algorithm],
    assignment: TrainingInputs,
    pace: Schedule,
    observed: Size | Literal["stage"] | None,
) -> tuple[Algorithm, list[SeededEpisodes]]:
    torch.set_num_threads(1)  # sums in one order on any machine; small networks gain from no more
    worlds = _worlds(assignment, pace)
    environments: VecEnv = Lockstep(worlds)
    if observed == "stage":
        environments = _staged(environments, assignment)
    elif observed is not None:
        environments = _pictures(environments, assignment, observed)
    return make(environments, seed(assignment.root, *assignment.address, "learner")), worlds


def _start(model: BaseAlgorithm, weights: Weights, fresh: Fresh) -> None:
    """Go on from another training's policy."""
    wanted = {name: tuple(tensor.shape) for name, tensor in model.policy.state_dict().items()}
    found = {name: array.shape for name, array in weights.items()}
    if found != wanted:
        name = next(name for name in wanted | found if wanted.get(name) != found.get(name))
        raise UserError(
            f"the policy to start from has {name} {found.get(name)}, this learner has "
            f"{wanted.get(name)}; give both phases a learner of the same name and hidden sizes."
        )
    kept = {n: torch.from_numpy(a) for n, a in weights.items() if not n.startswith(fresh)}
    model.policy.load_state_dict(kept, strict=False)


def _staged(worlds: VecEnv, assignment: TrainingInputs) -> VecEnv:
    """These environments, with the active stage observed; as they are where there is only one."""
    stages, view = Stages(assignment.reward), assignment.reward.reads.view
    if len(stages.goals) < 2:
        return worlds
    if assignment.draw is None or view is None:
        raise ValueError("the policy observes the active stage, but this caller does not draw")
    assert isinstance(worlds, Lockstep)
    return StatesAndStages(worlds, assignment.draw, view, stages)


def _pictures(worlds: VecEnv, assignment: TrainingInputs, size: Size) -> Pictures:
    """These environments, observed as pictures; the view of the reward's frames comes first."""
    view = assignment.reward.reads.view
    if view is None and assignment.view is not None:
        view = assignment.view._replace(**size._asdict())
    if assignment.draw is None or view is None:
        raise ValueError("the policy observes pictures, but this caller does not draw")
    stages = Stages(assignment.reward)
    sight = Sight(assignment.draw, view, size, goal_pictures(stages.goals, size))
    assert isinstance(worlds, Lockstep)
    return Pictures(worlds, sight, stages)


def _worlds(assignment: TrainingInputs, pace: Schedule) -> list[SeededEpisodes]:
    worlds = []
    for number in range(pace.environments):
        address = (*assignment.address, "environment", number)
        layout = LAYOUTS.training + number
        world = assignment.make_world()
        worlds.append(SeededEpisodes(world, assignment.root, *address, layout=layout))
    _check(pace, worlds[0].world)
    return worlds


def _check(pace: Schedule, world: World) -> None:
    if pace.rollout % world.horizon:
        above = -(-pace.rollout // world.horizon) * world.horizon
        raise UserError(
            f"the learner updates every {pace.rollout} steps, but an episode of this world has "
            f"{world.horizon} and rewards label whole episodes; set {pace.setting} in the task's "
            f"learner to a multiple, e.g. {above}."
        )
