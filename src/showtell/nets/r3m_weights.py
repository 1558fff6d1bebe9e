"""The published R3M: found where it is, checked by sha256 from then on, converted once."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, NamedTuple

from showtell.nets.downloads import fetch_accepted
from showtell.nets.encoder import read_error
from showtell.nets.open_clip_models import save_weights
from showtell.nets.r3m import Architecture, R3mSettings, describe
from showtell.project.bounds import ODD
from showtell.project.errors import UserError
from showtell.project.files import write_json

if TYPE_CHECKING:
    from torch import Tensor

FILE = "model.pt"  # as R3M's package names it in its folder r3m_50
_PREFIX = "convnet."  # beside it stands the language head, `lang_enc.` and `lang_rew.`


class Published(NamedTuple):
    """A published network. Its config.yaml says no more than the size of the ResNet."""

    name: str
    architecture: Architecture
    urls: tuple[str, ...]  # the fragment names the file


# The authors' address, and the copy that TorchRL loads; no checksum was ever published.
R3M50 = Published(
    name="r3m/r3m50",
    architecture=Architecture(
        layers=(3, 4, 6, 3), block="bottleneck", width=64, norm="batch", branch_scale=0
    ),
    urls=(
        "https://drive.usercontent.google.com/download?id=1Xu0ssuG0N1zjZS54wmWzJ7-nb0-7XzbA"
        f"&export=download&confirm=t#{FILE}",
        f"https://pytorch.s3.amazonaws.com/models/rl/r3m/r3m_50.pt#{FILE}",
    ),
)


def fetch_r3m(
    settings: R3mSettings,
    cache: Path,
    lock: Path,
    weights: Path,
    network: Path,
    seed: int,  # of weights that stay random
    published: Published = R3M50,
) -> None:
    """Download (or find in the cache), check, convert: model.safetensors and model.json."""
    import torch

    if settings.pretrained is None:
        raise UserError(
            "this R3M has neither pretrained weights nor a recipe to train; give it `pretrained` "
            "or an entry under `training:` in params.yaml."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = settings.architecture.build()
    source = None
    if settings.pretrained != "random":
        if settings.architecture != published.architecture:
            raise UserError(
                f"{published.name} was published as {published.architecture}, but the parameters "
                f"say {settings.architecture}; change them, or train a network of that "
                "architecture."
            )
        file, source = fetch_accepted(
            *(published.name, FILE, published.urls, settings.sha256, cache, lock),
            source=settings.source,
            refusal=_refusal,
        )
        try:
            model.load_state_dict(read_checkpoint(file), strict=True)
        except RuntimeError as error:  # missing, unexpected or misshapen tensors
            wrong = ValueError(str(error).splitlines()[-1])
            cure = "delete it and fetch it again with: make reproduce"
            raise read_error(file, f"a checkpoint of {published.name}", cure, wrong) from None
    save_weights(model, weights)
    write_json(network, describe(settings, source).model_dump(mode="json"))


def read_checkpoint(file: Path) -> "dict[str, Tensor]":
    """The residual network of a published checkpoint. Nothing in the file can run code."""
    import torch

    cure = "delete it and fetch it again with: make reproduce"
    try:
        content: Any = torch.load(file, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise read_error(file, "a file of plain tensors", cure, error) from None
    except (RuntimeError, OSError, EOFError, ValueError, *ODD) as error:
        raise read_error(file, "a whole file of tensors", cure, error) from None
    state = content.get("r3m") if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping):
        found = KeyError("it has no entry r3m")
        raise read_error(file, "a checkpoint of R3M", cure, found)
    # It was saved in torch's DataParallel, which puts `module.` before every name.
    plain = {str(name).removeprefix("module."): value for name, value in state.items()}
    return {
        name.removeprefix(_PREFIX): value
        for name, value in plain.items()
        if name.startswith(_PREFIX)
    }


def _refusal(file: Path) -> str | None:
    """What is wrong with a file: a host may answer with a page in its place."""
    try:
        return None if read_checkpoint(file) else f"has no tensors {_PREFIX}*"
    except UserError as error:
        return f"has another file: {error}"
