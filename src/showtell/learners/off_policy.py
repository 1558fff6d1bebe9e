"""The settings that learners with a replay buffer share."""

from typing import Self

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from showtell.learners.schedules import Decay
from showtell.study.settings import LearnerSettings


class OffPolicySettings(LearnerSettings):
    """How experience is collected and learned from."""

    steps: PositiveInt  # of all environments together
    environments: PositiveInt
    learning_starts: NonNegativeInt  # steps before the first update; actions are random until then
    train_freq: PositiveInt  # steps of each environment between updates: whole episodes
    gradient_steps: PositiveInt  # updates of the networks after each train_freq steps
    learning_rate: PositiveFloat
    decay: Decay
    gamma: float = Field(ge=0, le=1)
    tau: float = Field(gt=0, le=1)  # how far the target network follows
    target_update_interval: PositiveInt
    batch: PositiveInt
    buffer: PositiveInt  # transitions of all environments together
    hidden: tuple[PositiveInt, ...] = Field(min_length=1)
    checkpoint_every: PositiveInt  # steps between two checkpoints
    log_every: PositiveInt  # steps between two points of the learning curve

    @model_validator(mode="after")
    def _rollouts_fit(self) -> Self:
        rollout = self.train_freq * self.environments
        if self.buffer < rollout:
            raise ValueError(
                f"buffer holds {self.buffer} transitions, but {rollout} are collected between "
                f"updates (train_freq x environments); set it to at least {rollout}."
            )
        if self.learning_starts >= self.steps:
            raise ValueError(
                f"learning_starts is {self.learning_starts}, so nothing is learned in "
                f"{self.steps} steps; set it below steps."
            )
        return self
