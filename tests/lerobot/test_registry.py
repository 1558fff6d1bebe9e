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


def test_a_classifier_that_lerobot_saves_has_the_same_rewards_here(tmp_path, monkeypatch):
    transformers = pytest.importorskip("transformers")
    from lerobot.configs.types import FeatureType, PolicyFeature
    from lerobot.rewards.classifier import Classifier, RewardClassifierConfig
    from lerobot.rewards.classifier.processor_classifier import make_classifier_processor

    from showtell.nets.lerobot_models import load

    sizes = {"embedding_size": 8, "hidden_sizes": [8, 12, 16, 24], "depths": [1, 2, 1, 1]}
    narrow = transformers.ResNetConfig(**sizes, layer_type="basic")
    deep = transformers.ResNetConfig(**sizes | {"hidden_sizes": [8, 16, 32, 64]})
    small = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=128, patch_size=32
    )
    pictures = noise(5, 128, 128)
    for number, (trunk, kind) in enumerate(
        ((narrow, "cnn"), (deep, "cnn"), (small, "transformer"))
    ):
        network = tmp_path / f"trunk{number}"
        transformers.AutoModel.from_config(trunk).save_pretrained(network)
        config = RewardClassifierConfig(
            model_name=str(network), model_type=kind, num_cameras=1, hidden_dim=16, latent_dim=12,
            input_features={"observation.image": PolicyFeature(FeatureType.VISUAL, (3, 128, 128))},
        )  # fmt: skip
        theirs, folder = Classifier(config).eval(), tmp_path / f"model{number}"
        statistics = {
            "observation.image": {
                "mean": torch.full((3, 1, 1), 0.4),
                "std": torch.full((3, 1, 1), 0.3),
            }
        }
        before, _ = make_classifier_processor(config, dataset_stats=statistics)
        theirs.save_pretrained(folder)
        before.save_pretrained(folder)
        batch = before(batch_of(pictures))
        with torch.no_grad():
            rewards = theirs.compute_reward(batch)
            probabilities = theirs.predict([batch["observation.image"]]).probabilities
        ours = load(folder, "reward", None, 1).of_videos(pictures[:, None])
        assert torch.equal(torch.from_numpy(ours), rewards)
        if kind == "cnn":
            ours = load(folder, "probability", None, 1).of_videos(pictures[:, None])
            torch.testing.assert_close(torch.from_numpy(ours), probabilities)
