"""In LeRobot itself, where it is installed: our rewards are made by its own factory."""

import pytest
import torch

from tests.lerobot.test_reward_model import CLIP, batch_of, inputs, job_of
from tests.nets.models import noise

pytest.importorskip("lerobot.rewards", reason="LeRobot is not in the lock")
__all__ = ["inputs"]


def test_lerobots_factory_makes_a_reward_of_ours_from_its_folder(inputs, tmp_path):
    from lerobot.configs.rewards import RewardModelConfig
    from lerobot.rewards import make_reward_model, make_reward_pre_post_processors

    from showtell.lerobot import RewardModel
    from showtell.lerobot.configuration_showtell import ShowtellConfig

    ours, batch = RewardModel.of_job(job_of(CLIP), inputs), batch_of(noise(3, 32, 32))
    ours.save_pretrained(tmp_path / "saved")
    config = RewardModelConfig.from_pretrained(tmp_path / "saved")
    assert isinstance(config, ShowtellConfig)
    config.pretrained_path = str(tmp_path / "saved")
    theirs = make_reward_model(config)
    before, _ = make_reward_pre_post_processors(config)
    assert torch.equal(theirs.compute_reward(before(batch)), ours.compute_reward(batch))
    assert not theirs.is_trainable
    theirs.save_pretrained(tmp_path / "again")
    again = RewardModel.from_pretrained(tmp_path / "again")
    assert torch.equal(again.compute_reward(batch), ours.compute_reward(batch))
