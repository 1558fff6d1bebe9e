"""The published S3D: found where it still is, checked by size and sha256, converted once."""

from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from showtell.nets.downloads import Source, fetch_accepted
from showtell.nets.encoder import read_error
from showtell.nets.open_clip_models import save_weights
from showtell.nets.s3d import Architecture, S3dSettings, describe
from showtell.nets.s3d_text import Vocabulary
from showtell.project.archives import check_arrays
from showtell.project.bounds import ODD
from showtell.project.errors import UserError
from showtell.project.files import write_json

if TYPE_CHECKING:
    from showtell.nets.modules.s3dg import S3DG

_FETCH_AGAIN = "delete it and fetch it again with: make reproduce"


class File(NamedTuple):
    """A published file."""

    name: str
    bytes: int  # as somebody noted who still had it; no checksum was ever published
    urls: list[str]


class Published(NamedTuple):
    """A published network."""

    name: str
    architecture: Architecture
    weights: File
    dictionary: File


def _locations(name: str, drive: str) -> list[str]:
    """The authors' two addresses (gone since 2024), and a mirror."""
    return [
        f"https://www.rocq.inria.fr/cluster-willow/amiech/howto100m/{name}",
        f"https://www.di.ens.fr/~miech/S3D_howto100m/{name}",
        f"https://drive.usercontent.google.com/download?id={drive}&export=download&confirm=t",
    ]


HOWTO100M = Published(
    name="s3d/howto100m",
    architecture=Architecture(width=1.0, dimensions=512, word_dimensions=300, text_hidden=2048),
    weights=File(
        "s3d_howto100m.pth",
        125_031_128,
        _locations("s3d_howto100m.pth", "1DN8t1feS0t5hYYTfXQfZd596Pu9yXJIr"),
    ),
    dictionary=File(
        "s3d_dict.npy", 5_830_040, _locations("s3d_dict.npy", "1p_CMGppAQk3B0_Z0i1r2AN_D1FM3kUFW")
    ),
)


def fetch_s3d(
    settings: S3dSettings,
    cache: Path,
    lock: Path,
    weights: Path,
    network: Path,
    seed: int,  # of weights that stay random
    published: Published = HOWTO100M,
) -> None:
    """Download (or find in the cache), check, convert: model.safetensors and model.json."""
    import torch

    if settings.pretrained is None:
        raise UserError(
            "this S3D has neither pretrained weights nor a recipe to train; give it `pretrained` "
            "or an entry under `training:` in params.yaml."
        )
    if settings.architecture != published.architecture:
        raise UserError(
            f"{published.name} was published as {published.architecture}, but the parameters say "
            f"{settings.architecture}; change them, or train a network of that architecture."
        )
    sums = settings.sha256.model_dump()
    sources, files = {}, {}
    for part in ("dictionary", "weights") if settings.pretrained != "random" else ("dictionary",):
        name, file = f"{published.name}/{part}", getattr(published, part)
        files[part], sources[part] = _fetch_whole(
            name, file, settings.source, sums[part], cache, lock
        )
    vocabulary = read_dictionary(files["dictionary"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = settings.architecture.build(vocabulary)
    if "weights" in files:
        read_weights(model, files["weights"])
    save_weights(model, weights)
    write_json(network, describe(settings, vocabulary, sources).model_dump(mode="json"))


def read_weights(model: "S3DG", file: Path) -> None:
    """Fill a model from a published checkpoint. Nothing in the file can run code."""
    import torch

    try:
        model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True), strict=True)
    except UnpicklingError as error:
        raise read_error(file, "a file of plain tensors", _FETCH_AGAIN, error) from None
    except (RuntimeError, OSError, EOFError, TypeError, AttributeError, *ODD) as error:
        raise read_error(file, "a whole file of S3D's tensors", _FETCH_AGAIN, error) from None


def read_dictionary(file: Path) -> Vocabulary:
    """The published words. Nothing in the file can run code."""
    check_arrays(file, "a whole file of words", _FETCH_AGAIN)
    try:
        words = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError, *ODD) as error:
        raise read_error(file, "a whole file of words", _FETCH_AGAIN, error) from None
    if not isinstance(words, np.ndarray) or words.ndim != 1 or words.dtype.kind != "U":
        found = TypeError("it holds something else")
        raise read_error(file, "a list of words", _FETCH_AGAIN, found)
    return Vocabulary(words.tolist())


def _fetch_whole(
    name: str, file: File, source: str | None, expected: str | None, cache: Path, lock: Path
) -> tuple[Path, Source]:
    """The file from the first place that has one of its size."""

    def refusal(path: Path) -> str | None:
        size = path.stat().st_size
        return None if size == file.bytes else f"has {size} bytes, not {file.bytes}"

    return fetch_accepted(
        name, file.name, file.urls, expected, cache, lock, source=source, refusal=refusal
    )
