"""CLIP's published weights: found by open_clip's name, checked, converted once to safetensors."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from showtell.nets.clip import ClipSettings, describe
from showtell.nets.downloads import fetch
from showtell.nets.encoder import read_error
from showtell.nets.open_clip_import import library
from showtell.nets.open_clip_models import build, pretrained_entry, save_weights
from showtell.project.bounds import ODD, check_safetensors
from showtell.project.errors import UserError
from showtell.project.files import write_json

if TYPE_CHECKING:
    from torch import nn

# What open_clip raises at tensors that are missing, superfluous, misshapen or no tensors at all.
_NOT_THIS_MODEL = (
    *(RuntimeError, KeyError, TypeError, StopIteration),
    *(AttributeError, AssertionError, IndexError),
)


def fetch_clip(
    settings: ClipSettings, cache: Path, lock: Path, weights: Path, network: Path
) -> None:
    """Download (or find in the cache), check, convert: model.safetensors and model.json."""
    if settings.pretrained is None:
        raise UserError(
            f"the encoder {settings.architecture} has neither pretrained weights nor a recipe to "
            "train; give it `pretrained` or an entry under `training:` in params.yaml."
        )
    entry = pretrained_entry(settings.architecture, settings.pretrained)
    name = f"{settings.architecture}/{settings.pretrained}"
    file, source = fetch(name, list(locations(entry)), settings.sha256, cache, lock)
    model = read_published(settings.architecture, file)
    save_weights(model, weights)
    write_json(network, describe(settings, source).model_dump(mode="json"))


def write_random(settings: ClipSettings, weights: Path, network: Path, seed: int) -> None:
    """A network with the weights that its training would begin with."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        save_weights(build(settings.architecture), weights)
    note = "A network with random weights, as a control."
    described = describe(settings).model_copy(update={"note": note})
    write_json(network, described.model_dump(mode="json"))


def locations(entry: Mapping[str, Any]) -> Iterator[str]:
    """Where an entry of open_clip's table says its weights are, safetensors first."""
    if repository := entry.get("hf_hub"):
        from huggingface_hub import hf_hub_url

        owner, name, *file = repository.split("/")
        names = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]
        if file and file[0]:  # a file is named; a safetensors twin of it may stand beside it
            names = [str(Path(file[0]).with_suffix(".safetensors")), file[0]]
        yield from (hf_hub_url(f"{owner}/{name}", file) for file in dict.fromkeys(names))
    if url := entry.get("url"):
        yield url


def read_published(architecture: str, file: Path) -> "nn.Module":
    """A model filled from a published file of any format that open_clip reads.

    Nothing in the file can run code: pickles are read with weights_only.
    """
    from safetensors import SafetensorError

    model = build(architecture)
    cure = "delete it and fetch it again with: make reproduce"
    if file.suffix == ".safetensors":
        check_safetensors(file, cure)
    try:
        library().load_checkpoint(model, str(file), strict=True, weights_only=True)
    except UnpicklingError as error:
        raise read_error(file, "a file of plain tensors", cure, error) from None
    except (SafetensorError, OSError, EOFError, *ODD) as error:
        raise read_error(file, "a whole file of tensors", cure, error) from None
    except _NOT_THIS_MODEL as error:
        raise read_error(file, f"a whole file of {architecture}'s tensors", cure, error) from None
    return model
