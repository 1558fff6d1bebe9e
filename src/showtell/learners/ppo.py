"""PPO, as RoboCLIP trains everything: Stable-Baselines3's, on episodes labelled after they end."""

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from showtell.learners.learner import Sink, Trained, TrainingInputs, Untrained
from showtell.learners.networks import perceptron
from showtell.learners.policies import sizes
from showtell.learners.scaling import ReturnScale
from showtell.learners.schedules import Decay, learning_rate
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.study.needs import Actions
from showtell.study.settings import LearnerSettings

if TYPE_CHECKING:
    from gymnasium import spaces
    from stable_baselines3.common.vec_env import VecEnv

    from showtell.learners.sb3.ppo import Clone, TunedPpo
    from showtell.learners.sb3.rollouts import Schedule


class Cloning(BaseModel):
    """How eagerly a demonstration's actions are imitated beside the reward."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Gradient steps before anything else: enough of them, and the policy does as the demonstration.
    first: NonNegativeInt
    steps: PositiveInt  # gradient steps after every update
    # Whether these also pull towards the policy that the first steps left, in the states visited
    # since: a demonstration says nothing of states that it did not reach.
    near: bool
    batch: PositiveInt
    learning_rate: PositiveFloat


class PpoSettings(LearnerSettings):
    """All settings of PPO; the others are Stable-Baselines3's defaults."""

    actions: ClassVar[frozenset[Actions]] = frozenset({"box"})
    log_probs: ClassVar[bool] = True

    kind: Literal["ppo"]
    steps: PositiveInt  # of all environments together, after those of refit_critic
    environments: PositiveInt
    rollout: PositiveInt  # steps of each environment between updates: whole episodes
    batch: int = Field(ge=2)
    epochs: PositiveInt
    learning_rate: PositiveFloat
    decay: Decay
    gamma: float = Field(ge=0, le=1)
    gae_lambda: float = Field(ge=0, le=1)
    clip: PositiveFloat
    entropy: float = Field(ge=0)
    value_weight: PositiveFloat
    max_grad_norm: PositiveFloat
    hidden: tuple[PositiveInt, ...] = Field(min_length=1)  # of actor and critic each
    log_std_init: float
    # Whether the critic's value of the state after the last step is added to its reward. In a world
    # that shows the time and ends at its horizon nothing follows.
    bootstrap_at_horizon: bool
    reward_scale: Literal["none", "running"]  # running: on the scale of the returns so far
    refit_critic: NonNegativeInt  # rollouts of a fine-tuning in which a new critic learns alone
    cloning: Cloning | None
    checkpoint_every: PositiveInt  # steps between two checkpoints
    log_every: PositiveInt  # steps between two points of the learning curve

    @property
    def clones(self) -> bool:
        """Whether it imitates a demonstration's actions beside the reward."""
        return self.cloning is not None

    def policy_shape(self) -> tuple[object, ...]:
        """The kind of policy and its layers."""
        return ("gaussian", self.hidden)

    @model_validator(mode="after")
    def _batches_fit(self) -> Self:
        rollout = self.rollout * self.environments
        if rollout % self.batch:
            raise ValueError(
                f"batch is {self.batch}, which does not divide the {rollout} steps of a rollout "
                f"(rollout x environments); set it to one that does, e.g. {rollout}."
            )
        return self


class Ppo:
    """Learns a Gaussian over actions, and what to expect of it."""

    draws = False

    def __init__(self, settings: PpoSettings) -> None:
        self._settings = settings

    def train(self, assignment: TrainingInputs, resume: Resume, sink: Sink) -> Trained:
        """Train to the end, from the last checkpoint in `resume` if there is one."""
        from showtell.learners.sb3 import on_policy
        from showtell.learners.sb3.ppo import CRITIC
        from showtell.learners.sb3.private import updates
        from showtell.learners.sb3.rollouts import weights_of
        from showtell.learners.sb3.training import train

        settings = self._settings
        refits = settings.refit_critic if assignment.start is not None else 0
        pace = self._pace(refits)

        def algorithm(worlds: "VecEnv", seed: int) -> "TunedPpo":
            model = self._algorithm(worlds, seed, pace)
            model.still = refits
            if settings.cloning is not None:
                model.clone(_example(assignment, settings.cloning))
            return model

        model, log = train(
            algorithm,
            on_policy.pay_and_go_on if settings.bootstrap_at_horizon else on_policy.pay,
            assignment,
            pace,
            resume,
            sink,
            scale=ReturnScale() if settings.reward_scale == "running" else None,
            fresh=CRITIC if refits else (),
        )
        return Trained(
            weights=weights_of(model),
            best=log.best,
            network=self._network(model.observation_space, model.action_space),
            episodes=log.episodes,
            log_every=settings.log_every,
            updates=updates(model),
        )

    def untrained(self, assignment: TrainingInputs) -> Untrained:
        """The policy that `train` starts from."""
        from showtell.learners.sb3.rollouts import weights_of
        from showtell.learners.sb3.training import untrained

        pace = self._pace()
        model = untrained(partial(self._algorithm, pace=pace), assignment, pace)
        spaces = model.observation_space, model.action_space
        return Untrained(weights_of(model), self._network(*spaces))

    def _pace(self, refits: int = 0) -> "Schedule":
        from showtell.learners.sb3.rollouts import Schedule

        settings = self._settings
        return Schedule(
            steps=settings.steps,
            checkpoint_every=settings.checkpoint_every,
            log_every=settings.log_every,
            environments=settings.environments,
            rollout=settings.rollout,
            setting="rollout",
            waits=refits * settings.rollout * settings.environments,
        )

    def _network(
        self, observation: "spaces.Space[Any]", action: "spaces.Space[Any]"
    ) -> dict[str, Any]:
        box: Any = action
        # Every other module of the actor's perceptron is a layer, those between are tanhs.
        hidden = [2 * layer for layer in range(len(self._settings.hidden))]
        return {
            "learner": self._settings.kind,
            "layers": perceptron(
                [*(f"mlp_extractor.policy_net.{n}" for n in hidden), "action_net"], "tanh"
            ),
            "head": "gaussian",
            "exploration": 0.0,
            "low": box.low.tolist(),
            "high": box.high.tolist(),
            **sizes(observation, action),
        }

    def _algorithm(self, worlds: "VecEnv", seed: int, pace: "Schedule") -> "TunedPpo":
        from gymnasium import spaces

        from showtell.learners.sb3.ppo import TunedPpo
        from showtell.nets.modules.adam import FusedAdam

        if not isinstance(worlds.action_space, spaces.Box):
            raise UserError(
                f"ppo learns actions in a box, but this world's are {worlds.action_space}; give "
                "the task another learner, e.g. one of the name dqn."
            )
        settings = self._settings
        return TunedPpo(
            "MlpPolicy",
            worlds,
            learning_rate=learning_rate(settings.learning_rate, settings.decay, pace.share),
            n_steps=settings.rollout,
            batch_size=settings.batch,
            n_epochs=settings.epochs,
            gamma=settings.gamma,
            gae_lambda=settings.gae_lambda,
            clip_range=settings.clip,
            ent_coef=settings.entropy,
            vf_coef=settings.value_weight,
            max_grad_norm=settings.max_grad_norm,
            policy_kwargs={
                "net_arch": list(settings.hidden),
                "log_std_init": settings.log_std_init,
                "optimizer_class": FusedAdam,
                "optimizer_kwargs": {"eps": 1e-5},  # Stable-Baselines3's, for its own Adam
            },
            seed=seed,
            # Networks of this size are faster on a CPU, and there the same bits come out again.
            device="cpu",
        )


def _example(assignment: TrainingInputs, cloning: Cloning) -> "Clone":
    """Every state of the demonstrations that something was done in, and what."""
    from showtell.learners.sb3.ppo import Clone

    demo = assignment.demo
    if demo is None or demo.observations is None or demo.actions is None:
        raise UserError(
            "the learner clones behaviour (cloning), but was given no demonstration with actions; "
            "give the phase a demo that is a rollout, e.g. one of the name scripted, or set "
            "cloning to null."
        )
    shown, wanted = demo.observations.shape[-1], assignment.make_world().observation_space.shape
    if wanted != (shown,):
        raise UserError(
            f"the demonstration's observations have {shown} numbers and this world's "
            f"{(wanted or (0,))[0]}; make the demo in the world of the task: the world's settings "
            "that change an observation (observe_time, hide_goal) must be the same."
        )
    return Clone(
        observations=np.ascontiguousarray(demo.observations[:, :-1].reshape(-1, shown), np.float32),
        actions=np.ascontiguousarray(
            demo.actions.reshape(-1, demo.actions.shape[-1]), dtype=np.float32
        ),
        **cloning.model_dump(),
    )


PARTS = {"ppo": (PpoSettings, "Ppo")}
