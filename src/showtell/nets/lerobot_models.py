"""Reward models of LeRobot: its classifier is read here; every other one by LeRobot itself."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.nets.encoder import in_batches, read_error
from showtell.nets.lerobot_files import (
    CONFIG,
    WEIGHTS,
    Config,
    Normalisation,
    read_config,
    read_normalisation,
    read_weights,
)
from showtell.project.bounds import said
from showtell.project.errors import UserError, nearest

if TYPE_CHECKING:
    from torch import Tensor

Output = Literal["reward", "probability"]
CLASSIFIER = "reward_classifier"
# What LeRobot 0.6.1 has, and what must be installed for it.
_EXTRAS = {"sarm": "[sarm]", "robometer": "[robometer]", "topreward": "[topreward]"}
_BATCH = 64


class LerobotModel:
    """Scores videos of K frames, the newest last, at the size that the model asks for."""

    def __init__(
        self, score: Callable[["Tensor"], "Tensor"], size: tuple[int, int] | None, *, videos: bool
    ) -> None:
        """`score` is given pictures in [0, 1]: (N, 3, H, W), or (N, K, 3, H, W) of `videos`."""
        self.size = size  # height, width; None: any
        self._score = score
        self._videos = videos

    def of_videos(self, videos: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, K, H, W, 3) -> (N,)."""
        frames = videos if self._videos else videos[:, -1]
        return np.asarray(in_batches(frames, _BATCH, self._of), dtype=np.float32)

    def _of(self, frames: NDArray[np.uint8]) -> "Tensor":
        import torch

        pictures = torch.from_numpy(np.ascontiguousarray(frames)).movedim(-1, -3).float() / 255
        return self._score(pictures).float().cpu()


def load(folder: Path, output: Output, sentence: str | None, frames: int) -> LerobotModel:
    """The model of a folder, whichever reads it."""
    config = read_config(folder)
    key = config.image(folder)
    if config.type == CLASSIFIER and config.model_type == "cnn":
        if frames != 1:
            raise UserError(
                f"{folder} is a {CLASSIFIER}, which reads single pictures, and not {frames}; set "
                "frames: 1."
            )
        if output == "probability" and config.num_classes != 2:
            raise _no_probability(folder, f"has {config.num_classes} classes, which give")
        return LerobotModel(
            _classifier(folder, config, key, output), config.size(key), videos=False
        )
    if output == "probability":
        raise _no_probability(folder, f"is a {config.type}, read by LeRobot, which gives")
    score = _by_lerobot(folder, config, key, sentence)
    return LerobotModel(score, config.size(key), videos=frames > 1)


def has_probability(folder: Path) -> bool:
    """Whether the model of a folder is read here and tells success from failure."""
    config = read_config(folder)
    return config.type == CLASSIFIER and config.model_type == "cnn" and config.num_classes == 2


def _no_probability(folder: Path, why: str) -> UserError:
    return UserError(f"{folder} {why} a reward and no probability of success; set output: reward.")


def _classifier(
    folder: Path, config: Config, key: str, output: Output
) -> Callable[["Tensor"], "Tensor"]:
    """LeRobot's reward classifier, without LeRobot."""
    import torch

    from showtell.nets.modules.reward_classifier import RewardClassifier

    size = config.size(key)
    assert size is not None  # for its key is one of the features
    try:
        network = RewardClassifier(read_weights(folder), key, size)
    except ValueError as error:
        what = f"the weights of a {CLASSIFIER} on a residual network or resnet10"
        cure = f"{folder / CONFIG} names the trunk {config.model_name!r}; with another trunk it "
        cure += "cannot be read here"
        raise read_error(folder / WEIGHTS, what, cure, error) from None
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, normal = network.to(device), read_normalisation(folder, key)

    def score(pictures: "Tensor") -> "Tensor":
        found = network.probabilities(_normalised(pictures.to(device), normal))
        if found.ndim == 2:  # more than two classes: the number of the likeliest
            return found.argmax(dim=1).float()
        return (found > 0.5).float() if output == "reward" else found

    return score


def _normalised(pictures: "Tensor", by: Normalisation | None) -> "Tensor":
    import torch

    if by is None:
        return pictures
    shift, scale = (torch.from_numpy(one).to(pictures.device) for one in by)
    return (pictures - shift) / scale


def _by_lerobot(
    folder: Path, config: Config, key: str, sentence: str | None
) -> Callable[["Tensor"], "Tensor"]:
    """Its own class and preprocessor, by the registered name."""
    model, prepare = _from_package(folder, config)

    def score(pictures: "Tensor") -> "Tensor":
        batch: dict[str, Any] = {key: pictures}
        if sentence is not None:
            batch["task"] = [sentence] * len(pictures)
        try:
            rewards: Tensor = model.compute_reward(prepare(batch))
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise UserError(
                f"LeRobot's {config.type} in {folder} does not score a batch of pictures"
                f"{'' if sentence is None else ' and a sentence'}: {said(error)}"
            ) from None
        return rewards.reshape(len(pictures))

    return score


def _from_package(folder: Path, config: Config) -> tuple[Any, Callable[[Any], Any]]:
    try:
        from lerobot.configs.rewards import RewardModelConfig
        from lerobot.processor import PolicyProcessorPipeline
        from lerobot.rewards import get_reward_model_class, make_reward_pre_post_processors
    except ImportError as error:
        raise UserError(_uninstalled(folder, config, error)) from None
    known = sorted(RewardModelConfig.get_known_choices())
    if config.type not in known:
        raise UserError(
            f"{folder / CONFIG}: LeRobot has no {config.type!r}; {nearest(config.type, known)}"
        )
    own = RewardModelConfig.from_pretrained(folder)
    model = get_reward_model_class(config.type).from_pretrained(folder, config=own)
    saved = sorted(path.name for path in folder.glob("*preprocessor.json"))
    if saved:
        return model, PolicyProcessorPipeline.from_pretrained(folder, config_filename=saved[0])
    return model, make_reward_pre_post_processors(own)[0]


def _uninstalled(folder: Path, config: Config, error: ImportError) -> str:
    at = f"{folder / CONFIG} is of a reward model of the type {config.type!r}"
    if config.type == "showtell":
        return f"{at}: one of ours; name its method instead of its folder."
    if config.type not in (CLASSIFIER, *_EXTRAS):
        known = nearest(config.type, [CLASSIFIER, *_EXTRAS])
        return f"{at}, which neither this repository nor LeRobot itself knows; {known}"
    why = f" with the trunk {config.model_name!r}" if config.type == CLASSIFIER else ""
    extra = _EXTRAS.get(config.type, "[hilserl]")
    return (
        f"{at}{why}, which LeRobot itself must score ({said(error)}); install it beside this "
        f"repository, with Python 3.12 or later: pip install 'lerobot{extra}'"
    )
