"""What happens around every rollout: label it before it is learned from, log it, checkpoint."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy

from showtell.learners.checkpoints import Best, Weights
from showtell.learners.labelling import Rollout, checked, label
from showtell.learners.learner import Sink, TrainingInputs
from showtell.learners.progress import EpisodeLog, Row, succeeded
from showtell.learners.sb3.drawn import Drawn
from showtell.learners.sb3.private import observed, step_of
from showtell.learners.sb3.replay import ReplaySegments
from showtell.learners.sb3.state import capture
from showtell.learners.sb3.streaming import FrameStream
from showtell.learners.scaling import Scale
from showtell.project.checkpoints import Resume
from showtell.rendering.scene import Snapshots
from showtell.rewards.reward import Episodes, FrameByFrame, Learns, Reward, Stateful
from showtell.worlds.world import SeededEpisodes

# Writes the labels of episodes, (E, T), where an algorithm learns from; the rollout knows the
# order of steps and environments.
Pay = Callable[[BaseAlgorithm, NDArray[np.float32], Episodes, Rollout], None]


class Schedule(NamedTuple):
    """How long, how wide and how often."""

    steps: int  # of all environments together, like the two below
    checkpoint_every: int
    log_every: int
    environments: int
    rollout: int  # steps of each environment between updates
    setting: str  # what the learner's settings call the line above
    waits: int = 0  # steps before `steps` in which the policy stands still: in no log

    @property
    def share(self) -> float:
        """Of all steps, those in which the policy learns."""
        return self.steps / (self.steps + self.waits)


class TrainingLog:
    """What a training remembers besides its networks."""

    def __init__(self, reward: Reward, scale: Scale | None) -> None:
        self.episodes = EpisodeLog()
        self.best = Best()
        self.scale = scale
        self._reward = reward

    def state(self) -> dict[str, Any]:
        """Everything, as arrays and plain values."""
        return {
            "episodes": self.episodes.state(),
            "best": self.best.state(),
            "scale": None if self.scale is None else self.scale.state(),
            "reward": self._reward.state() if isinstance(self._reward, Stateful) else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self.episodes.restore(state["episodes"])
        self.best.restore(state["best"])
        if self.scale is not None:
            self.scale.restore(state["scale"])
        if isinstance(self._reward, Stateful):
            self._reward.restore(state["reward"])

    def paid(self, labels: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is learned from, where labels are put on another scale."""
        return labels if self.scale is None else self.scale.scaled(labels)


class Rollouts(BaseCallback):
    """Labels every rollout, and keeps what a resumed run needs."""

    def __init__(
        self,
        assignment: TrainingInputs,
        worlds: list[SeededEpisodes],
        pace: Schedule,
        pay: Pay,
        log: TrainingLog,
        replay: ReplaySegments | None,
        resume: Resume,
        sink: Sink,
    ) -> None:
        super().__init__()
        self._assignment, self._worlds, self._pace = assignment, worlds, pace
        self._pay, self._log, self._resume, self._sink = pay, log, resume, sink
        self._replay = replay
        world = worlds[0].world
        self._rollout = Rollout(pace.rollout, len(worlds), world.horizon)
        self._success_rule = world.success_rule
        self._horizon = world.horizon
        self._stream: FrameStream | None = None  # where frames are scored during the rollout
        self._read = frozenset(assignment.reward.reads.steps(world.horizon).tolist())

    def close(self) -> None:
        """Drop the frames under way, where a training ends by an error."""
        if self._stream is not None:
            self._stream.close()

    @property
    def _step(self) -> int:
        """How long the policy has been learning; below zero while it stands still."""
        return self.model.num_timesteps - self._pace.waits

    def _on_training_start(self) -> None:
        self._saved, self._shown = self.model.num_timesteps, max(self._step, 0)
        reward, draw = self._assignment.reward, self._assignment.draw
        # Environments that are drawn at every step have drawn the reward's frames already.
        drawn_once = not isinstance(self.training_env, Drawn)
        if isinstance(reward, FrameByFrame) and draw is not None and drawn_once:
            self._stream = FrameStream(reward, draw)

    def _on_rollout_start(self) -> None:
        # All that came before is learned, and every episode is at its first step.
        step, every = self.model.num_timesteps, self._pace.checkpoint_every
        if (learned := max(self._step, 0)) != self._shown:
            self._sink(learned, {})  # how far it is
        if step // every > self._saved // every:
            model = capture(self.model, self._worlds, self._replay)
            self._resume.save(step, {"model": model, "log": self._log.state()})
            self._saved = step
        elif self._replay and (rows := self._replay.waiting(step // self.model.n_envs)):
            self._resume.write(rows)
        seen = observed(self.model)
        if isinstance(self.training_env, Drawn):
            self.training_env.forget()
            seen = self.training_env.states
        self._rollout.begin(seen, self._starts())

    def _on_step(self) -> bool:
        step, worlds = step_of(self), self.training_env
        self._rollout.add(
            step.actions,
            worlds.states if isinstance(worlds, Drawn) else step.observations,
            step.rewards,
            step.dones,
            step.infos,
            step.log_probs,
            self._starts() if step.dones.all() else None,
        )
        if self._stream is not None:
            number, snapshots = self._rollout.newest
            if number in self._read:
                self._stream.add(snapshots)
        return True

    def _on_rollout_end(self) -> None:
        episodes, snapshots, starts = self._rollout.episodes()
        if isinstance(self.model, OnPolicyAlgorithm):
            episodes = replace(episodes, log_prob_of=partial(_log_prob, self.model.policy))
        reward = self._assignment.reward
        losses = reward.learn(episodes) if isinstance(reward, Learns) else {}
        labels = self._labels(episodes, snapshots, starts)
        self._pay(self.model, self._log.paid(labels), episodes, self._rollout)
        if self._step <= 0:
            return
        self._log.episodes.add(
            self._step,
            episodes.true_rewards.sum(axis=1, dtype=np.float64),
            labels.sum(axis=1, dtype=np.float64),
            succeeded(self._success_rule, episodes.successes),
        )
        self._show({f"reward/{name}": value for name, value in losses.items()})

    def _labels(
        self, episodes: Episodes, snapshots: Snapshots, starts: Snapshots
    ) -> NDArray[np.float32]:
        reward, worlds = self._assignment.reward, self.training_env
        if self._stream is None:
            draw = worlds.draw if isinstance(worlds, Drawn) else self._assignment.draw
            return label(reward, episodes, snapshots, draw, starts)
        assert isinstance(reward, FrameByFrame)
        scores = self._stream.rewards().reshape(-1, worlds.num_envs)
        found = reward.of_steps(self._rollout.by_episode(scores, len(self._read)), self._horizon)
        return checked(reward, found, episodes.true_rewards.shape)

    def _starts(self) -> Snapshots:
        """Of the states that all environments were reset to just now."""
        return np.stack([world.start for world in self._worlds])

    def _show(self, losses: dict[str, float]) -> None:
        step, every = self._step, self._pace.log_every
        if step // every > self._shown // every:
            *_, row = self._log.episodes.rows(every, ended=False)
            # These weights acted in the window's last rollout.
            self._log.best.meet(row, weights_of(self.model))
            self._sink(step, _values(row) | losses | self._losses())
            self._shown = step

    def _losses(self) -> dict[str, float]:
        values = self.logger.name_to_value.items()
        return {name: float(value) for name, value in values if name.startswith("train/")}


def weights_of(model: BaseAlgorithm) -> Weights:
    """All of a policy, as arrays that follow its training."""
    return {name: t.detach().cpu().numpy() for name, t in model.policy.state_dict().items()}


def _values(row: Row) -> dict[str, float]:
    values = row._asdict()
    del values["step"]
    return values


def _log_prob(
    policy: ActorCriticPolicy, observations: NDArray[np.float32], actions: NDArray[np.float32]
) -> NDArray[np.float32]:
    with torch.no_grad():
        around = policy.get_distribution(torch.from_numpy(observations))
        likely: NDArray[np.float32] = around.log_prob(torch.from_numpy(actions)).numpy()
    return likely
