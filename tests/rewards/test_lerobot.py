"""Reward models of LeRobot as our rewards: what is read, what is scored, and what is refused."""

import json
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from showtell.nets.lerobot_files import check, checksums, read_normalisation
from showtell.nets.lerobot_models import load
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.building import build_reward
from showtell.rewards.reward import FrameByFrame, Measuring
from showtell.study.registry import part
from tests.nets.lerobot_folders import CONFIG, IMAGE, SIZE, classifier, settings, weights
from tests.nets.models import noise

TWO_CAMERAS = CONFIG["input_features"] | {"observation.images.side": {"shape": [3, 8, 8]}}
uninstalled = pytest.mark.skipif(find_spec("lerobot") is not None, reason="LeRobot is installed")


@pytest.fixture
def folder(tmp_path):
    return classifier(tmp_path / "model")


def built(folder, **changes):
    values = part("rewards", "lerobot").settings.model_validate(settings(folder, **changes))
    return build_reward(values, {}, {}, view=View(640, 480, "corner"), seed=0)


def by_torch(pictures):
    """The published architecture with torch's own layers: residual network, pooling, head."""
    w = {name: torch.from_numpy(value.copy()) for name, value in weights().items()}

    def unit(at, into, out, size, stride):
        layer = nn.Sequential(
            nn.Conv2d(into, out, size, stride, size // 2, bias=False), nn.BatchNorm2d(out)
        ).eval()
        layer[0].weight.data = w[f"{at}.convolution.weight"]
        names = ("weight", "bias", "running_mean", "running_var")
        layer[1].load_state_dict(
            {n: w[f"{at}.normalization.{n}"] for n in names}
            | {"num_batches_tracked": 0 * w[f"{at}.normalization.num_batches_tracked"]}
        )
        return layer

    x = nn.MaxPool2d(3, 2, 1)(unit("encoder.embedder.embedder", 3, 4, 7, 2)(pictures).relu())
    for stage in range(4):
        at, stride = f"encoder.encoder.stages.{stage}.layers.0", 2 if stage else 1
        out = unit(f"{at}.layer.1", 4, 4, 3, 1)(unit(f"{at}.layer.0", 4, 4, 3, stride)(x).relu())
        x = (out + (unit(f"{at}.shortcut", 4, 4, 1, stride)(x) if stage else x)).relu()
    own = "encoders.observation_images_top"
    # Each feature is a sum over places of a channel times its own weights, channels outermost.
    pooled = (x.unsqueeze(-1) * w[f"{own}.1.kernel"]).sum(dim=(2, 3)).flatten(1)

    def head(at, x):
        return x @ w[f"{at}.weight"].T + w[f"{at}.bias"]

    def norm(at, x):
        return nn.functional.layer_norm(x, x.shape[1:], w[f"{at}.weight"], w[f"{at}.bias"])

    latent = norm(f"{own}.4", head(f"{own}.3", pooled)).tanh()
    hidden = norm("classifier_head.2", head("classifier_head.0", latent)).relu()
    return head("classifier_head.4", hidden).squeeze(-1).sigmoid()


def test_a_classifier_scores_normalised_pictures_as_its_architecture_says(folder):
    frames = noise(6, SIZE, SIZE)
    reward = built(folder)
    pictures = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        expected = by_torch((pictures - 0.45) / (0.25 + 1e-8)).numpy()
    found = reward.of_frames(frames)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.ptp(found) > 0.001
    assert np.array_equal(built(folder, output="reward").of_frames(frames), found > 0.5)


def test_it_asks_for_frames_of_its_own_size_from_the_tasks_camera(folder):
    reward = built(folder)
    assert reward.reads.view == View(SIZE, SIZE, "corner")
    assert isinstance(reward, FrameByFrame)


def test_as_a_distance_it_is_minus_the_score_of_the_newest_frame(folder):
    reward, frames = built(folder), noise(6, SIZE, SIZE)
    assert isinstance(reward, Measuring)
    found = reward.distances(frames.reshape(2, 3, 1, SIZE, SIZE, 3), 1.0)
    assert np.array_equal(found.last.ravel(), -reward.of_frames(frames).astype(np.float64))
    assert not found.stages.any()


def test_the_trunk_may_stand_under_the_name_of_its_camera(folder):
    before = built(folder).of_frames(noise(2, SIZE, SIZE))
    moved = {
        f"encoders.observation_images_top.0.{name.removeprefix('encoder.')}"
        if name.startswith("encoder.") else name: value
        for name, value in load_file(folder / "model.safetensors").items()
    }  # fmt: skip
    save_file(moved, folder / "model.safetensors")
    assert np.array_equal(built(folder).of_frames(noise(2, SIZE, SIZE)), before)


def test_other_files_than_the_parameters_name_are_refused_with_what_to_write(folder):
    named = settings(folder)
    (folder / "config.json").write_text(json.dumps(CONFIG | {"num_classes": 2, "device": "cuda"}))
    with pytest.raises(UserError, match=r"config\.json .* sha256") as refused:
        check(folder, named["sha256"])
    assert checksums(folder)["config.json"] in str(refused.value)


def changed(folder, **tensors):
    kept = load_file(folder / "model.safetensors")
    save_file(
        {n: v for n, v in (kept | tensors).items() if v is not None}, folder / "model.safetensors"
    )


def test_weights_that_lack_or_add_something_are_refused(folder):
    changed(folder, **{"classifier_head.0.weight": None})
    with pytest.raises(UserError, match=r"no weights classifier_head\.0\.weight"):
        built(folder)
    changed(folder, **weights(), extra=np.zeros(1, np.float32))
    with pytest.raises(UserError, match="another network, such as extra"):
        built(folder)
    changed(folder, extra=None, **{"classifier_head.4.bias": np.zeros(9, np.float32)})
    with pytest.raises(UserError, match=r"microsoft/resnet-18"):
        built(folder)


def test_a_pickle_is_never_read(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="pickle"):
        built(folder)


@pytest.mark.parametrize(
    ("config", "changes", "words"),
    [
        ({"input_features": TWO_CAMERAS}, {}, "2 cameras"),
        ({}, {"frames": 4}, "frames: 1"),
        ({"num_classes": 3}, {}, "3 classes"),
        ({"type": "sarm"}, {}, "output: reward"),
        ({"type": 7}, {}, "config"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(tmp_path, config, changes, words):
    folder = classifier(tmp_path, **config)
    with pytest.raises(UserError, match=words):
        built(folder, **changes)


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no folder .*nowhere"):
        load(tmp_path / "nowhere", "reward", None, 1)


@uninstalled
@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"type": "sarm"}, r"pip install 'lerobot\[sarm\]'"),
        ({"type": "sram"}, "did you mean 'sarm'"),
        (
            {"model_type": "transformer", "model_name": "google/vit"},
            r"google/vit.*lerobot\[hilserl",
        ),
        ({"type": "showtell"}, "one of ours"),
    ],
)
def test_what_only_lerobot_reads_says_how_to_install_it(tmp_path, config, words):
    folder = classifier(tmp_path, **config)
    with pytest.raises(UserError, match=words):
        load(folder, "reward", None, 1)


@uninstalled
def test_statistics_outside_the_folder_are_not_read(tmp_path):
    folder = classifier(tmp_path / "model")
    path = folder / "classifier_preprocessor.json"
    said = json.loads(path.read_text())
    state = said["steps"][0]["state_file"]
    (folder / state).rename(tmp_path / state)
    said["steps"][0]["state_file"] = f"../{state}"
    path.write_text(json.dumps(said))
    with pytest.raises(UserError, match="not a file of this folder"):
        read_normalisation(folder, IMAGE)


def test_a_model_that_lerobot_reads_is_given_pictures_a_sentence_and_its_preprocessor(
    tmp_path, monkeypatch
):
    """A package with the four names that are used of LeRobot; tests/lerobot has the real one."""
    code = {
        "configs/rewards.py": """
class RewardModelConfig:
    get_known_choices = staticmethod(lambda: {"brightness": None})
    from_pretrained = staticmethod(lambda folder: str(folder))
""",
        "processor/__init__.py": """
class PolicyProcessorPipeline:
    @staticmethod
    def from_pretrained(folder, config_filename):
        assert config_filename == "classifier_preprocessor.json"
        return lambda batch: batch | {"prepared": True}
""",
        "rewards/__init__.py": """
class Brightness:
    @classmethod
    def from_pretrained(cls, folder, config):
        return cls()
    def compute_reward(self, batch):
        assert batch["prepared"] and batch["task"] == ["close it"] * 2
        return batch["observation.images.top"].mean(dim=(1, 2, 3, 4))
get_reward_model_class = {"brightness": Brightness}.__getitem__
make_reward_pre_post_processors = None
""",
    }
    for name, text in code.items():
        (tmp_path / "lerobot" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lerobot" / name).write_text(text)
    (tmp_path / "lerobot/__init__.py").touch()
    (tmp_path / "lerobot/configs/__init__.py").touch()
    for name in ("lerobot", "lerobot.configs", "lerobot.rewards", "lerobot.processor"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    folder = classifier(tmp_path / "model", type="brightness")
    videos = noise(6, SIZE, SIZE).reshape(2, 3, SIZE, SIZE, 3)
    found = load(folder, "reward", "close it", 3).of_videos(videos)
    np.testing.assert_allclose(found, videos.mean(axis=(1, 2, 3, 4)) / 255, rtol=1e-5)
    for name in [name for name in sys.modules if name.startswith("lerobot")]:
        monkeypatch.delitem(sys.modules, name)
