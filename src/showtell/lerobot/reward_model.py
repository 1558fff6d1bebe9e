"""A reward of ours as LeRobot uses rewards: `compute_reward(batch)` gives one value a sample.

The contract is that of `lerobot.rewards.pretrained` (read in 0.6.1, Apache-2.0): one float a sample
of a batch of observations, `config`, `reset`, and the files config.json and model.safetensors. It
needs torch and not LeRobot; `showtell.lerobot.modeling_showtell` is the same class in its registry.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from showtell.jobs.parts import Context, Inputs, Job, reward_settings
from showtell.lerobot.pictures import episodes_of, pictures_in
from showtell.lerobot.saved import TYPE, Config, config_of, read_config, unpack, write
from showtell.project.errors import UserError
from showtell.rewards.reward import Learns, Reward

IMAGE = "observation.image"  # LeRobot's name for the pictures of a robot with one camera


class RewardModel(nn.Module):
    """Scores pictures, or the last frame of videos, by the reward of one training."""

    name = TYPE
    is_trainable = False

    def __init__(self, config: Config, reward: Reward, source: Inputs | Path) -> None:
        """`source` are the files that the reward was built from, or the folder of a saved one."""
        super().__init__()
        self.config = config
        self._reward = reward
        self._source = source

    @classmethod
    def of_method(
        cls,
        scale: str,
        paper: str,
        experiment: str,
        task: str,
        method: str,
        *,
        image: str = IMAGE,
        root: Path | None = None,
        study: Path | None = None,
    ) -> "RewardModel":
        """The reward that a method of params.yaml, or of a study's file, trains on.

        Its encoder and goal must have been made, as `make reproduce` does; no policy is needed.
        """
        from showtell.lerobot.methods import of_method

        named = paper, experiment, task, method
        job, inputs = of_method(root or Path.cwd(), scale, study, *named)
        return cls.of_job(job, inputs, image=image)

    @classmethod
    def of_job(cls, job: Job, inputs: Inputs, *, image: str = IMAGE) -> "RewardModel":
        """The reward of a training, from its specification and its files."""
        reward = _reward_of(job, inputs)
        view = reward.reads.view
        assert view is not None
        return cls(config_of(job, inputs, image, view.width, view.height), reward, inputs)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "RewardModel":
        """What `save_pretrained` wrote; the folder must stay where it is."""
        config = read_config(Path(folder))
        with TemporaryDirectory() as temporary:
            inputs = unpack(Path(folder), config, Path(temporary))
            return cls(config, _reward_of(config.job, inputs), Path(folder))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write config.json and model.safetensors."""
        write(Path(folder), self.config, self._source)

    def compute_reward(self, batch: Mapping[str, Any]) -> Tensor:
        """The reward of each sample, (B,): of its picture, or of a video's last frame."""
        pictures = pictures_in(batch, self.config.image)
        episodes = episodes_of(pictures, self.config.image, self._reward.reads)
        try:
            scores = self._reward.score(episodes)[:, -1]
        except ValueError as error:  # a distance of frames to the episode's first one
            raise UserError(
                f"this reward scores videos, (B, T, 3, H, W), from their first frame on: {error}"
            ) from None
        return torch.from_numpy(scores.copy()).to(pictures.device)

    def reset(self) -> None:
        """A score depends on its own sample alone, so there is nothing to forget."""

    def forward(self, batch: Mapping[str, Any]) -> NoReturn:
        """LeRobot trains models with a `forward`; these are trained by `make reproduce`."""
        raise NotImplementedError("this reward is not trained by LeRobot; use compute_reward().")


def _reward_of(job: Job, inputs: Inputs) -> Reward:
    """The reward; refused where it reads more than pictures."""
    settings = reward_settings(job["reward"])
    needs = settings.needs()
    if not (needs.demonstrations or needs.log_probs or needs.dense_rewards):
        context = Context.read(job, inputs)
        (task,) = {entry["task"] for entry in job["targets"]} or {""}
        terms = [context.reward(one, task) for one in settings.terms_of() or (settings,)]
        if all(one.reads.view is not None and not isinstance(one, Learns) for one in terms):
            return context.reward_of_training()
    raise UserError(
        f"a reward of the kind {settings.kind!r} reads states, actions or successes, or learns "
        "from the agent's rollouts, and a batch of LeRobot has pictures alone; take a method whose "
        "reward compares pictures with a goal, such as 'clip', 'distance' or 'roboclip'."
    )
