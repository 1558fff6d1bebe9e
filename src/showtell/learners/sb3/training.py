"""One training with Stable-Baselines3: collect whole episodes, label them, update, checkpoint."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from showtell.learners.checkpoints import Resume
from showtell.learners.labelling import Rollout, label
from showtell.learners.learner import Assignment, Sink
from showtell.learners.policies import Weights
from showtell.learners.progress import EpisodeLog, succeeded
from showtell.learners.sb3.state import capture, restore
from showtell.project.errors import UserError
from showtell.project.seeds import seed
from showtell.worlds.world import SeededEpisodes, World

Make = Callable[[VecEnv, int], OffPolicyAlgorithm]  # environments and a seed, to an algorithm


class Pace(NamedTuple):
    """How long, how wide and how often."""

    steps: int  # of all environments together, like the two below
    checkpoint_every: int
    log_every: int
    environments: int
    rollout: int  # steps of each environment between updates


def train(
    make: Make, assignment: Assignment, pace: Pace, resume: Resume, sink: Sink
) -> tuple[OffPolicyAlgorithm, EpisodeLog]:
    """Train to the end, from the last checkpoint if there is one."""
    torch.set_num_threads(1)  # sums in one order on any machine; small networks gain from no more
    worlds = _worlds(assignment, pace)
    model = make(
        DummyVecEnv([partial(_itself, world) for world in worlds]),
        seed(assignment.root, *assignment.address, "learner"),
    )
    model.set_logger(Logger(folder=None, output_formats=[]))
    if assignment.start is not None:
        _start(model, assignment.start)
    episodes = EpisodeLog()
    saved = resume.load()
    if saved is not None:
        restore(model, worlds, saved["model"])
        episodes.restore(saved["episodes"])
    model.learn(
        # Stable-Baselines3 adds the steps already done, if it is not to count from zero.
        pace.steps - model.num_timesteps,
        callback=_Rollouts(assignment, worlds, pace, resume, sink, episodes),
        log_interval=None,  # type: ignore[arg-type]  # what switches its own log off
        reset_num_timesteps=saved is None,
    )
    return model, episodes


class _Rollouts(BaseCallback):
    """Labels every rollout before it is learned from, and keeps what a resumed run needs."""

    def __init__(
        self,
        assignment: Assignment,
        worlds: list[SeededEpisodes],
        pace: Pace,
        resume: Resume,
        sink: Sink,
        episodes: EpisodeLog,
    ) -> None:
        super().__init__()
        self._assignment, self._worlds, self._pace = assignment, worlds, pace
        self._resume, self._sink, self._episodes = resume, sink, episodes
        world = worlds[0].world
        self._rollout = Rollout(pace.rollout, len(worlds), world.horizon)
        self._success_rule = world.success_rule

    def _on_training_start(self) -> None:
        self._saved = self._shown = self.model.num_timesteps

    def _on_rollout_start(self) -> None:
        # All that came before is learned, and every episode is at its first step.
        step, every = self.model.num_timesteps, self._pace.checkpoint_every
        self._resume.progress(step, self._pace.steps)
        if step // every > self._saved // every:
            state = {
                "model": capture(self.model, self._worlds),
                "episodes": self._episodes.state(),
            }
            self._resume.save(step, state)
            self._saved = step

    def _on_step(self) -> bool:
        seen = self.locals
        self._rollout.add(
            seen["actions"], seen["new_obs"], seen["rewards"], seen["dones"], seen["infos"]
        )
        return True

    def _on_rollout_end(self) -> None:
        episodes, snapshots = self._rollout.episodes()
        labels = label(self._assignment.reward, episodes, snapshots, self._assignment.draw)
        assert isinstance(self.model, OffPolicyAlgorithm)
        _relabel(self.model, self._rollout.by_step(labels))
        self._rollout.clear()
        self._episodes.add(
            self.model.num_timesteps,
            episodes.true_rewards.sum(axis=1, dtype=np.float64),
            labels.sum(axis=1, dtype=np.float64),
            succeeded(self._success_rule, episodes.successes),
        )
        self._show()

    def _show(self) -> None:
        step, every = self.model.num_timesteps, self._pace.log_every
        if step // every > self._shown // every:
            *_, row = self._episodes.rows(every, ended=False)
            losses = {
                name: float(value)
                for name, value in self.logger.name_to_value.items()
                if name.startswith("train/")
            }
            values = row._asdict()
            del values["step"]
            self._sink(step, values | losses)
            self._shown = step


def _start(model: OffPolicyAlgorithm, weights: Weights) -> None:
    """Go on from another training's policy."""
    wanted = {name: tuple(tensor.shape) for name, tensor in model.policy.state_dict().items()}
    found = {name: array.shape for name, array in weights.items()}
    if found != wanted:
        name = next(name for name in wanted | found if wanted.get(name) != found.get(name))
        raise UserError(
            f"the policy to start from has {name} {found.get(name)}, this learner has "
            f"{wanted.get(name)}; give both phases a learner of the same name and hidden sizes."
        )
    model.policy.load_state_dict({name: torch.from_numpy(a) for name, a in weights.items()})


def _relabel(model: OffPolicyAlgorithm, labels: NDArray[np.float32]) -> None:
    """Pay the transitions that were stored last: (steps, environments)."""
    buffer = model.replay_buffer
    assert buffer is not None
    last = np.arange(buffer.pos - len(labels), buffer.pos) % buffer.buffer_size
    buffer.rewards[last] = labels


def _worlds(assignment: Assignment, pace: Pace) -> list[SeededEpisodes]:
    address = (*assignment.address, "environment")
    worlds = [
        SeededEpisodes(assignment.make_world(), assignment.root, *address, number)
        for number in range(pace.environments)
    ]
    _check(pace, worlds[0].world)
    return worlds


def _check(pace: Pace, world: World) -> None:
    if pace.rollout % world.horizon:
        above = -(-pace.rollout // world.horizon) * world.horizon
        raise UserError(
            f"the learner updates every {pace.rollout} steps, but an episode of this world has "
            f"{world.horizon} and rewards label whole episodes; set train_freq in the task's "
            f"learner to a multiple, e.g. {above}."
        )


def _itself(world: SeededEpisodes) -> SeededEpisodes:
    return world
