"""The settings that GAIL and AIRL share: how their discriminator is trained."""

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from showtell.study.settings import RewardSettings


class AdversarySettings(RewardSettings):
    """How the discriminator is updated on each rollout."""

    learning_rate: PositiveFloat
    updates: PositiveInt  # of the discriminator, after each rollout
    batch: PositiveInt  # rows of the demonstration, and as many of the agent, an update
    gradient_penalty: NonNegativeFloat  # keeps a network of one demonstration smooth
