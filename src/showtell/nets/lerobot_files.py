"""A reward model of LeRobot as it lies in a folder: config.json and safetensors, never a pickle."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from showtell.nets.encoder import read_error
from showtell.project.bounds import ODD, BoundError, check_safetensors
from showtell.project.errors import UserError
from showtell.project.files import read_json, sha256

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_IMAGE = "observation.image"  # the start of the names of pictures in a batch
_CURE = "fetch the folder again, or save it again with save_pretrained"

Numbers = NDArray[np.float32]


class Feature(BaseModel):
    """One entry of a batch."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    shape: tuple[int, ...]


class Config(BaseModel):
    """What is read of config.json."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    type: str
    input_features: dict[str, Feature]
    num_classes: int = 2  # LeRobot's default, as the next two
    model_type: str = "cnn"
    model_name: str = ""
    image_key: str | None = None  # where a model without features names its pictures

    def image(self, folder: Path) -> str:
        """The entry of a batch that holds its pictures."""
        found = [key for key in self.input_features if key.startswith(_IMAGE)]
        if not found and self.image_key is not None:
            return self.image_key
        if len(found) != 1:
            raise UserError(
                f"{folder / CONFIG} reads {len(found)} cameras ({', '.join(found) or 'none'}); a "
                "world of this repository is drawn by one, so give a model of one camera."
            )
        return found[0]

    def size(self, key: str) -> tuple[int, int] | None:
        """(height, width) of its pictures; None where the model takes any."""
        if key not in self.input_features:
            return None
        _, height, width = self.input_features[key].shape
        return height, width


class Normalisation(NamedTuple):
    """What LeRobot's preprocessor does with a picture: (x − shift) / scale, by channel."""

    shift: Numbers  # (3, 1, 1)
    scale: Numbers


def read_config(folder: Path) -> Config:
    """Of a folder that holds a reward model."""
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}; give the folder of a reward model of LeRobot, with "
            f"{CONFIG} and {WEIGHTS}."
        )
    path = folder / CONFIG
    try:
        return Config.model_validate(read_json(path))
    except (OSError, ValueError, ValidationError) as error:
        raise read_error(path, "the config of a reward model of LeRobot", _CURE, error) from None


def checksums(folder: Path) -> dict[str, str]:
    """File -> sha256, of all that can be read of a folder."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".json", ".safetensors"))
    return {path.name: sha256(path) for path in files}


def check(folder: Path, expected: Mapping[str, str]) -> None:
    """Refuse a folder whose files are others than the parameters say."""
    found = checksums(folder)
    if found == dict(expected):
        return
    other = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    written = ", ".join(f"{name}: {digest}" for name, digest in found.items())
    raise UserError(
        f"{folder / other[0]} is not the file that the parameters name: its sha256 is "
        f"{found.get(other[0], 'missing')}, and `sha256` of the reward has "
        f"{expected.get(other[0], 'no such file')}. Fetch it again, or if these files are meant "
        f"write sha256: {{{written}}}"
    )


def read_weights(folder: Path) -> dict[str, Any]:
    """Name -> tensor of torch."""
    from safetensors.torch import load_file

    path = folder / WEIGHTS
    pickles = [one.name for one in folder.iterdir() if one.suffix in (".bin", ".pt", ".pth")]
    if not path.exists() and pickles:
        raise UserError(
            f"{folder} has no {WEIGHTS} but {pickles[0]}, a pickle, which could run code and is "
            "never read; save the model again with save_pretrained of LeRobot."
        )
    tensors: dict[str, Any] = _loaded(load_file, path)
    return tensors


def read_normalisation(folder: Path, key: str) -> Normalisation | None:
    """Of the preprocessor that LeRobot's training saves beside the weights; None without one."""
    from safetensors.numpy import load_file

    for path in sorted(folder.glob("*preprocessor.json")):
        try:
            for step in read_json(path)["steps"]:
                known = step["config"].get("features", {})
                if step.get("registry_name") == "normalizer_processor" and key in known:
                    mode = step["config"]["norm_map"].get("VISUAL", "IDENTITY")
                    if mode == "IDENTITY" or "state_file" not in step:
                        return None
                    state = step["state_file"]
                    if Path(state).name != state:  # elsewhere no checksum pins it
                        raise ValueError(f"{state!r} is not a file of this folder")
                    stats = _loaded(load_file, folder / state)
                    return _normalisation(mode, stats, key, step["config"].get("eps", 1e-8))
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise read_error(path, "a preprocessor of LeRobot", _CURE, error) from None
    return None


def _normalisation(mode: str, stats: Mapping[str, Any], key: str, eps: float) -> Normalisation:
    """LeRobot's formulas, one linear map for each mode that its classifier is trained with."""
    known = {"MEAN_STD": ("mean", "std"), "MIN_MAX": ("min", "max")}
    if mode not in known:
        raise ValueError(f"pictures are normalised by {mode}, not by {' or '.join(known)}")
    first, second = (
        np.asarray(stats[f"{key}.{name}"], np.float32).reshape(3, 1, 1) for name in known[mode]
    )
    if mode == "MEAN_STD":
        return Normalisation(first, second + np.float32(eps))
    half = np.asarray(np.where(second == first, eps, second - first) / 2, np.float32)
    return Normalisation(first + half, half)


def _loaded(load: Any, path: Path) -> Any:
    from safetensors import SafetensorError

    try:
        check_safetensors(path, _CURE)
        return load(path)
    except BoundError:
        raise
    except (SafetensorError, OSError, ValueError, *ODD) as error:
        raise read_error(path, "the weights of a reward model of LeRobot", _CURE, error) from None
