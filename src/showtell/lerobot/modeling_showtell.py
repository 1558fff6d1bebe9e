"""`RewardModel` as a class of LeRobot, which must be installed."""

from pathlib import Path
from typing import Any

from lerobot.rewards.pretrained import PreTrainedRewardModel
from torch import Tensor

from showtell.lerobot.configuration_showtell import ShowtellConfig
from showtell.lerobot.reward_model import RewardModel
from showtell.project.errors import UserError


class ShowtellRewardModel(PreTrainedRewardModel):  # type: ignore[misc]
    """Loads the folder that `RewardModel.save_pretrained` wrote, and scores by it."""

    config_class = ShowtellConfig
    name = "showtell"

    def __init__(self, config: ShowtellConfig, **_: Any) -> None:
        super().__init__(config)
        folder = config.pretrained_path
        if folder is None or not Path(folder).is_dir():
            raise UserError(
                f"pretrained_path is {folder!r}; it must be the folder of a reward that "
                "RewardModel.save_pretrained wrote, with config.json and model.safetensors."
            )
        self._reward = RewardModel.from_pretrained(folder)

    @classmethod
    def from_pretrained(
        cls,
        pretrained_name_or_path: str | Path,
        *,
        config: ShowtellConfig | None = None,
        **_: Any,
    ) -> "ShowtellRewardModel":
        """From the folder; networks of ours choose their own device."""
        read = ShowtellConfig.from_pretrained(pretrained_name_or_path) if config is None else config
        read.pretrained_path = str(pretrained_name_or_path)
        model = cls(read)
        model.eval()
        return model

    def compute_reward(self, batch: dict[str, Tensor]) -> Tensor:
        """The reward of each sample: (B,)."""
        return self._reward.compute_reward(batch)

    def _save_pretrained(self, save_directory: Path) -> None:
        self._reward.save_pretrained(save_directory)
