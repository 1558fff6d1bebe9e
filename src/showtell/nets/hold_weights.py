"""The authors' HOLD weights: a flax checkpoint of Scenic, checked by sha256 and converted once.

They stand on the Hugging Face hub, `minttusofia/hold`, in the folders `holdc` and `holdr`. The
number in a checkpoint's name is not written down anywhere, so its folder or address is given as
the encoder's `source`. A file `activations.npz` beside it, with the arrays `inputs` (pictures in
[-1, 1], channels last; for HOLD-R the history and then the goal) and `outputs` of the authors' own
network, is compared with ours.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from showtell.nets.downloads import Source, fetch_accepted
from showtell.nets.encoder import read_error
from showtell.nets.flax_checkpoint import read_checkpoint
from showtell.nets.scenic_names import Tree, parameters_of
from showtell.project.archives import check_arrays
from showtell.project.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

ACTIVATIONS = "activations.npz"
TOLERANCE = 1e-3  # the largest difference, in parts of the largest recorded output
_HUB = "https://huggingface.co/minttusofia/hold/resolve/main"


class Converted(NamedTuple):
    """Where weights were taken from, and how far their outputs are from those recorded."""

    source: Source
    difference: float | None  # in parts of the largest recorded output; None: none are recorded


def fill(
    model: "nn.Module",
    name: str,  # holdc or holdr
    source: str | None,
    expected: str | None,  # sha256 of the checkpoint
    cache: Path,
    lock: Path,
    *,
    names: "Callable[[Tree], dict[str, Tensor]]",  # the checkpoint's parameters in ours
    outputs: "Callable[[Tensor], Tensor]",  # of pictures, channels first
) -> Converted:
    """Fill a model from the authors' checkpoint, or refuse."""
    file_name, place = _located(name, source)
    urls = [f"{_HUB}/{name}/{file_name}"]
    file, found = fetch_accepted(
        *(f"hold/{name}", file_name, urls, expected, cache, lock), source=place, refusal=_refusal
    )
    try:
        tree = parameters_of(read_checkpoint(file))
        state = names(tree)
        tree.refuse_rest()
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:  # missing, unexpected or misshapen tensors
        wrong = ValueError(str(error).splitlines()[-1])
        cure = "set the encoder's architecture to the published one in params.yaml"
        raise read_error(file, "a checkpoint of this architecture", cure, wrong) from None
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    recorded = Path(place).expanduser() / ACTIVATIONS
    model.eval()
    return Converted(found, _difference(outputs, recorded) if recorded.is_file() else None)


def _located(name: str, source: str | None) -> tuple[str, str]:
    """(a checkpoint's name, the folder or address that it is in)."""
    if source is None:
        raise UserError(
            f"the name of the published checkpoint of {name} is not known; download the folder "
            f"{name} of minttusofia/hold from the Hugging Face hub, and name it as the encoder's "
            "`source` in params.yaml."
        )
    path = Path(source).expanduser()
    if path.is_dir():
        numbers = {
            int(match[1]): file.name
            for file in path.iterdir()
            if (match := re.fullmatch(r"checkpoint_(\d+)", file.name))
        }
        if not numbers:
            raise UserError(
                f"{source} has no file checkpoint_<number>; name a folder that has one."
            )
        return numbers[max(numbers)], source
    if path.is_file():
        return path.name, str(path.parent)
    folder, _, last = source.rpartition("/")
    if "://" in folder and last:
        return last, folder
    raise UserError(
        f"the encoder's source {source!r} is neither a folder nor a file; give one that has "
        "checkpoint_<number>, or its address."
    )


def _refusal(file: Path) -> str | None:
    """What is wrong with a file: a host may answer with a page in its place."""
    try:
        parameters_of(read_checkpoint(file))
    except UserError as error:
        return f"has another file: {error}"
    return None


def _difference(outputs: "Callable[[Tensor], Tensor]", recorded: Path) -> float:
    """The largest difference from the recorded outputs, or an error where it is too large."""
    import torch

    cure = "record it again, or delete it to convert without this check"
    check_arrays(recorded, "a record of inputs and outputs", cure)
    try:
        with np.load(recorded, allow_pickle=False) as file:
            inputs, expected = (np.asarray(file[key], np.float32) for key in ("inputs", "outputs"))
        pictures = torch.from_numpy(np.moveaxis(inputs, -1, -3).copy())
        with torch.inference_mode():
            found = outputs(pictures).numpy().reshape(expected.shape)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise read_error(recorded, "a record of inputs and outputs", cure, error) from None
    difference = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not difference <= TOLERANCE:
        raise UserError(
            f"the converted network differs by {difference:.2g} of the largest output from those "
            f"in {recorded}, and {TOLERANCE:g} is allowed: the weights are of another network; "
            f"{cure}."
        )
    return difference
