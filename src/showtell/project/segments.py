"""Arrays that only grow, in files beside checkpoints: each file is written once, when it is new."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.project.files import replacing, sha256

Arrays = Mapping[str, NDArray[Any]]
_PREFIX = "segment-"


@dataclass(frozen=True)
class Segment:
    """Arrays under a name of which the content never changes; read only when they are needed."""

    name: str
    read: Callable[[], Arrays]


class Segments:
    """The segment files of one folder, and the hashes of those that are known to be whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, str] = {}

    def path(self, name: str) -> Path:
        """Where the segment stands."""
        return self._folder / f"{_PREFIX}{name}.safetensors"

    def hash_of(self, segment: Segment) -> str:
        """The hash of the segment's file, which is written if this process does not know it."""
        if segment.name not in self._known:
            path = self.path(segment.name)
            write_arrays(path, segment.read())
            self._known[segment.name] = sha256(path)
        return self._known[segment.name]

    def damaged(self, hashes: Mapping[str, str]) -> Path | None:
        """The first file that is missing or has another content, if there is one."""
        for name, wanted in hashes.items():
            if self._known.get(name) != wanted:
                path = self.path(name)
                if not path.is_file() or sha256(path) != wanted:
                    return path
                self._known[name] = wanted
        return None

    def segment(self, name: str) -> Segment:
        """A segment that has been written."""
        return Segment(name, partial(read_arrays, self.path(name)))

    def keep(self, names: Iterable[str]) -> None:
        """Remove all files but these."""
        kept = {self.path(name) for name in names}
        for path in self._folder.glob(f"{_PREFIX}*.safetensors"):
            if path not in kept:
                path.unlink()
                self._known.pop(path.stem.removeprefix(_PREFIX), None)


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write a safetensors file, whole or not at all."""
    from safetensors.numpy import save_file

    with replacing(path) as temporary:
        save_file({name: np.asarray(array, order="C") for name, array in arrays.items()}, temporary)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read a safetensors file."""
    from safetensors.numpy import load_file

    arrays: dict[str, NDArray[Any]] = load_file(path)
    return arrays
