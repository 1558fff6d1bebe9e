"""A demonstration in a file, and the interface of what makes one."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from showtell.project import archives, bounds
from showtell.project.errors import UserError
from showtell.project.files import canonical_json, replacing
from showtell.rendering.scene import View
from showtell.worlds.world import World

_ROLLOUT = {  # name -> (dtype, number of axes)
    "observations": (np.float32, 3),
    "actions": (np.float32, 3),
    "true_rewards": (np.float32, 2),
    "successes": (np.bool_, 2),
    "snapshots": (np.float64, 3),
}
_MEMBERS = ("frames", *_ROLLOUT)
# One date for every member: the same demonstration is the same bytes whenever it is written.
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Demo:
    """K demonstrations of one task; the last five are None where it is no rollout of a world."""

    frames: NDArray[np.uint8]  # (K, N, H, W, 3), upright RGB, evenly spaced, the last included
    about: Mapping[str, Any]  # how it was made: plain JSON
    observations: NDArray[np.float32] | None = None  # (K, T + 1, D); the first is after reset
    actions: NDArray[np.float32] | None = None  # (K, T, A)
    true_rewards: NDArray[np.float32] | None = None  # (K, T)
    successes: NDArray[np.bool_] | None = None  # (K, T)
    snapshots: NDArray[np.float64] | None = None  # (K, T + 1, S)

    def __post_init__(self) -> None:
        """Refuse what is no demonstration; what uses one need not look again."""
        frames = self.frames
        if frames.dtype != np.uint8 or frames.ndim != 5 or frames.shape[-1] != 3 or not frames.size:
            raise ValueError(f"frames are {frames.dtype} {frames.shape}, not uint8 (K, N, H, W, 3)")
        arrays = {name: getattr(self, name) for name in _ROLLOUT}
        missing = [name for name, array in arrays.items() if array is None]
        if missing and len(missing) < len(arrays):
            raise ValueError(f"a rollout has no {', '.join(missing)}")
        if missing:
            return
        for name, (dtype, axes) in _ROLLOUT.items():
            array = arrays[name]
            if array.dtype != dtype or array.ndim != axes:
                raise ValueError(f"{name} are {array.dtype} {array.shape}")
        count, steps = arrays["actions"].shape[:2]
        lengths = {"observations": steps + 1, "snapshots": steps + 1}
        for name, array in arrays.items():
            expected = (count, lengths.get(name, steps))
            if array.shape[:2] != expected or len(frames) != count:
                raise ValueError(
                    f"{name} are {array.shape} beside {count} rollouts of {steps} steps "
                    f"and {len(frames)} clips"
                )

    def first(self, count: int) -> "Demo":
        """The first of the demonstrations."""
        arrays = {name: getattr(self, name) for name in _ROLLOUT}
        kept = {name: None if array is None else array[:count] for name, array in arrays.items()}
        return Demo(self.frames[:count], self.about, **kept)

    @property
    def is_rollout(self) -> bool:
        """Whether it was played in the task's own world, so that its states are known."""
        return self.actions is not None

    def save(self, path: Path) -> None:
        """Write NPZ without objects, atomically; the same demonstration gives the same bytes."""
        members = {name: getattr(self, name) for name in _MEMBERS}
        text = canonical_json(dict(self.about)).encode()
        members["about"] = np.frombuffer(text, dtype=np.uint8)
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for name, array in members.items():
                if array is None:
                    continue
                member = zipfile.ZipInfo(f"{name}.npy", _DATE)
                member.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(member, "w", force_zip64=True) as stream:
                    np.lib.format.write_array(
                        stream, np.ascontiguousarray(array), allow_pickle=False
                    )

    @classmethod
    def load(cls, path: Path) -> "Demo":
        """Read what `save` wrote."""
        cure = "delete it and make it again with: make reproduce"
        if path.is_file():
            archives.check_arrays(path, "a whole demonstration", cure)
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in _MEMBERS if name in archive}
                about = bounds.loads(archive["about"].tobytes())
            return cls(**arrays, about=about)
        except FileNotFoundError:
            raise UserError(
                f"there is no demonstration at {path}; make it with: make reproduce"
            ) from None
        except (OSError, EOFError, KeyError, TypeError, ValueError, *bounds.ODD) as error:
            raise UserError(
                f"{path} is not a whole demonstration ({bounds.said(error)}); {cure}"
            ) from None


class Request(NamedTuple):
    """The task to demonstrate, and the branch of the seed tree for its random draws."""

    task: str  # its name in params.yaml
    view: View  # as which its frames are wanted
    # Of each demonstration, evenly spaced from its start to its end; None: all that there are.
    frames: int | None
    make_world: Callable[[], World]
    root: int
    address: tuple[str | int, ...]
    cache: Path  # for downloads


class Demonstrator(Protocol):
    """A source of demonstrations of a task; built from the settings of one entry of `demos`."""

    def demonstrate(self, request: Request) -> Demo:
        """The demonstrations of one task, or a `UserError` that says why there are none."""
        ...
