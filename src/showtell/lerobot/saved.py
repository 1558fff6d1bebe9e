"""The files of a reward in LeRobot's format: config.json and model.safetensors, and no pickle.

model.safetensors holds the tensors of the encoders and goals that a job reads, under the name of
their file; config.json the job's specification and what else those files say.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from showtell.jobs.parts import Inputs, Job
from showtell.nets.encoder import read_error
from showtell.project.bounds import ODD, BoundError, check_safetensors, loads
from showtell.project.errors import UserError
from showtell.project.files import canonical_json, read_json, replacing, write_json
from showtell.project.settings import Frozen

TYPE = "showtell"  # its name in LeRobot's registry
CONFIG, WEIGHTS = "config.json", "model.safetensors"
_CURE = "save the model again with save_pretrained"
_KINDS = ("encoders", "networks", "targets")  # of files that a job reads


class Feature(Frozen):
    """The kind and the shape of one entry of a batch."""

    type: str
    shape: tuple[int, ...]


class Config(Frozen):
    """What config.json says: LeRobot's fields, and two texts of JSON of our own."""

    type: str
    input_features: dict[str, Feature]
    output_features: dict[str, Feature]
    device: str | None
    specification: str  # of the training whose reward this is
    files: str  # file -> its metadata, or all of it where it is JSON

    @property
    def image(self) -> str:
        """The entry of a batch that holds the pictures."""
        (key,) = self.input_features
        return key

    @property
    def job(self) -> Job:
        """The specification as data."""
        job: Job = json.loads(self.specification)
        return job


def config_of(job: Job, inputs: Inputs, image: str, width: int, height: int) -> Config:
    """What is written beside the weights."""
    from safetensors import safe_open

    files: dict[str, Any] = {}
    for name, path in _named(inputs).items():
        if path.suffix == ".json":
            files[name] = read_json(path)
        else:
            with safe_open(path, framework="np") as file:
                files[name] = file.metadata()
    return Config(
        type=TYPE,
        input_features={image: Feature(type="VISUAL", shape=(3, height, width))},
        output_features={"next.reward": Feature(type="REWARD", shape=(1,))},
        device=None,
        specification=canonical_json(job),
        files=canonical_json(files),
    )


def write(folder: Path, config: Config, source: Inputs | Path) -> None:
    """Write both files; those of a model that was loaded are copied from its own folder."""
    from safetensors.torch import load_file, save

    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(source, Path):
        packed = (source / WEIGHTS).read_bytes()
    else:
        tensors = {
            f"{name}.{key}": tensor
            for name, path in _named(source).items()
            if path.suffix != ".json"
            for key, tensor in load_file(path).items()
        }
        packed = save(tensors, metadata={"format": "pt"})
    with replacing(folder / WEIGHTS) as temporary:
        temporary.write_bytes(packed)
    write_json(folder / CONFIG, config.model_dump(mode="json"))


def read_config(folder: Path) -> Config:
    """The config of a folder that `write` wrote."""
    path = folder / CONFIG
    try:
        config = Config.model_validate(read_json(path))
    except (OSError, ValueError, ValidationError) as error:
        raise read_error(path, "the config of a reward of ours", _CURE, error) from None
    if config.type != TYPE:
        raise UserError(
            f"{path} is of a reward model of the type {config.type!r}, not {TYPE!r}; one of "
            "LeRobot's is read by the reward `kind: lerobot` of params.yaml."
        )
    return config


def unpack(folder: Path, config: Config, into: Path) -> Inputs:
    """The files that a job reads, as they were."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save_file

    path, inputs = folder / WEIGHTS, Inputs()
    try:
        check_safetensors(path, _CURE)
        tensors, files = load_file(path), loads(config.files)
        for name in sorted(files, key=lambda one: int(one.partition(".")[2])):
            kind, start = name.partition(".")[0], f"{name}."
            if kind not in _KINDS:  # it becomes the name of a file
                raise ValueError(f"{name!r} is none of {', '.join(_KINDS)}")
            file = into / f"{name}{'.json' if kind == 'networks' else '.safetensors'}"
            if kind == "networks":
                write_json(file, files[name])
            else:
                of = {k.removeprefix(start): t for k, t in tensors.items() if k.startswith(start)}
                save_file(of, file, metadata=files[name])
            inputs.setdefault(kind, []).append(file)
    except BoundError:
        raise
    except (SafetensorError, OSError, ValueError, AttributeError, *ODD) as error:
        raise read_error(path, "the weights of a reward of ours", _CURE, error) from None
    return inputs


def _named(inputs: Inputs) -> dict[str, Path]:
    """encoders.0, networks.0, targets.0, ... -> the file, in the order of the job."""
    return {
        f"{kind}.{number}": path
        for kind in _KINDS
        for number, path in enumerate(inputs.get(kind, []))
    }
