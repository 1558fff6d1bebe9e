"""DQN, as VLM-RM trains CartPole: Stable-Baselines3's, on episodes labelled after they end."""

import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from showtell.learners.learner import Sink, Trained, TrainingInputs, Untrained
from showtell.learners.networks import perceptron
from showtell.learners.off_policy import OffPolicySettings
from showtell.learners.policies import sizes
from showtell.learners.scaling import FirstRolloutScale
from showtell.learners.schedules import learning_rate
from showtell.project.checkpoints import Resume
from showtell.study.needs import Actions

if TYPE_CHECKING:
    from stable_baselines3 import DQN
    from stable_baselines3.common.vec_env import VecEnv


class DqnSettings(OffPolicySettings):
    """All settings of DQN; the others are Stable-Baselines3's defaults."""

    actions: ClassVar[frozenset[Actions]] = frozenset({"discrete"})

    kind: Literal["dqn"]
    exploration_fraction: float = Field(gt=0, le=1)  # of the training, until the final chance
    exploration_final: float = Field(ge=0, le=1)  # chance of a random action
    # first_rollout: the highest reward of the first rollout becomes 0, its deviation 1.
    reward_scale: Literal["none", "first_rollout"]


class Dqn:
    """Learns the values of discrete actions."""

    draws = False

    def __init__(self, settings: DqnSettings) -> None:
        self._settings = settings

    def train(self, assignment: TrainingInputs, resume: Resume, sink: Sink) -> Trained:
        """Train to the end, from the last checkpoint in `resume` if there is one."""
        from showtell.learners.sb3.off_policy import pace_of, pay
        from showtell.learners.sb3.private import updates
        from showtell.learners.sb3.rollouts import weights_of
        from showtell.learners.sb3.training import train

        settings = self._settings
        scale = FirstRolloutScale() if settings.reward_scale == "first_rollout" else None
        pace = pace_of(settings)
        model, log = train(self._algorithm, pay, assignment, pace, resume, sink, scale=scale)
        return Trained(
            weights=weights_of(model),
            best=log.best,
            network=self._network(model),
            episodes=log.episodes,
            log_every=self._settings.log_every,
            updates=updates(model),
        )

    def untrained(self, assignment: TrainingInputs) -> Untrained:
        """The policy that `train` starts from."""
        from showtell.learners.sb3.off_policy import pace_of
        from showtell.learners.sb3.rollouts import weights_of
        from showtell.learners.sb3.training import untrained

        model = untrained(self._algorithm, assignment, pace_of(self._settings))
        return Untrained(weights_of(model), self._network(model))

    def _network(self, model: "DQN") -> dict[str, Any]:
        settings = self._settings
        return {
            "learner": settings.kind,
            # Every other module of the perceptron is a layer, those between are ReLUs.
            "layers": perceptron(
                [f"q_net.q_net.{2 * layer}" for layer in range(len(settings.hidden) + 1)], "relu"
            ),
            "head": "argmax",
            "exploration": settings.exploration_final,
            **sizes(model.observation_space, model.action_space),
        }

    def _algorithm(self, worlds: "VecEnv", seed: int) -> "DQN":
        from stable_baselines3 import DQN

        from showtell.learners.sb3.state_replay import StateReplay
        from showtell.nets.modules.adam import FusedAdam

        # The published interval of 1 step is meant: the target follows at every step of them all.
        warnings.filterwarnings("ignore", message="The number of environments used is greater")
        settings = self._settings
        return DQN(
            "MlpPolicy",
            worlds,
            learning_rate=learning_rate(settings.learning_rate, settings.decay),
            buffer_size=settings.buffer,
            replay_buffer_class=StateReplay,
            learning_starts=settings.learning_starts,
            batch_size=settings.batch,
            tau=settings.tau,
            gamma=settings.gamma,
            train_freq=(settings.train_freq, "step"),
            gradient_steps=settings.gradient_steps,
            target_update_interval=settings.target_update_interval,
            exploration_fraction=settings.exploration_fraction,
            exploration_final_eps=settings.exploration_final,
            policy_kwargs={"net_arch": list(settings.hidden), "optimizer_class": FusedAdam},
            seed=seed,
            # Networks of this size are faster on a CPU, and there the same bits come out again.
            device="cpu",
        )


PARTS = {"dqn": (DqnSettings, "Dqn")}
