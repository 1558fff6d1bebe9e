"""Our rewards in LeRobot's registry: importing this module adds the type `showtell` to it.

LeRobot finds the model of a type that is not its own by names: `configuration_showtell` has
`ShowtellConfig`, so `modeling_showtell` has `ShowtellRewardModel` and `processor_showtell` has
`make_showtell_pre_post_processors`.
"""

from dataclasses import dataclass

from lerobot.configs.rewards import RewardModelConfig


@RewardModelConfig.register_subclass("showtell")
@dataclass
class ShowtellConfig(RewardModelConfig):  # type: ignore[misc]
    """LeRobot's fields, and the two texts of ours that config.json holds."""

    specification: str = ""
    files: str = ""
