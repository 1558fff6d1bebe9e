"""Checkpoints that survive any kill: a folder under an exclusive lock, files whole or absent.

Beside a training's outputs stands `.resume/`: who holds it, its live file, and its latest two
checkpoints, each a safetensors file and, written last, a JSON file with its hash. What only grows
(a replay buffer) stands in segments that the JSON file names with their hashes, so a checkpoint
writes what is new. Nothing is pickled. A checkpoint that is torn, or belongs to another job, is
not used.
"""

import hashlib
import json
import logging
import os
import platform
import shlex
import shutil
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from showtell.project.errors import UserError
from showtell.project.files import canonical_json, read_json, replacing, sha256, write_json
from showtell.project.segments import Segment, Segments, read_arrays, write_arrays

_log = logging.getLogger(__name__)
_FORMAT = 2  # of a checkpoint's files; one of another format is not used
_COMMAND_SHOWN = 200  # characters of the holder's command in an error


def identity(job: dict[str, Any], inputs: dict[str, list[Path]]) -> str:
    """What a checkpoint belongs to: a job's specification and the content of its inputs."""
    hashes = {name: [sha256(path) for path in paths] for name, paths in inputs.items()}
    text = canonical_json({"job": job, "inputs": hashes})
    return hashlib.sha256(text.encode()).hexdigest()


class Resume:
    """The `.resume/` folder of one training, held by one process at a time."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = folder
        self._identity = identity
        self._lock = FileLock(folder / "lock")
        self._segments = Segments(folder)
        self._started = time.time()
        self.resumed = 0  # how often this job was started again after an interruption

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise UserError(
                f"{self.folder} is a file where a folder of checkpoints should be; "
                f"remove it: rm {shlex.quote(str(self.folder))}"
            ) from None
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UserError(self._held()) from None
        self._take_over()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    def write(self, segment: Segment) -> None:
        """Write a segment that a later checkpoint will name."""
        self._segments.hash_of(segment)

    def save(self, step: int, state: Any) -> None:
        """Write a checkpoint; the one before it stays, in case this one is torn."""
        arrays: dict[str, NDArray[Any]] = {}
        segments: dict[str, Segment] = {}
        tree = _plain(state, arrays, segments)
        tensors = self._tensors(step)
        write_arrays(tensors, arrays)
        content = {
            "format": _FORMAT,
            "step": step,
            "state": tree,
            "tensors": sha256(tensors),
            "segments": {n: self._segments.hash_of(segment) for n, segment in segments.items()},
        }
        with replacing(self._index(step)) as temporary:
            temporary.write_text(json.dumps(content | {"sha256": _digest(content)}))
        for old in self._steps()[:-2]:
            self._remove(old)
        if segments:
            kept = [content["segments"]]
            kept += [
                read_json(self._index(old))["segments"] for old in self._steps() if old != step
            ]
            self._segments.keep(name for names in kept for name in names)

    def load(self) -> Any:
        """The latest whole checkpoint's state, or None."""
        unusable: dict[int, Path] = {}
        for step in reversed(self._steps()):
            content = self._content(step)
            if content is None:
                _log.warning("the checkpoint at step %d is damaged; trying the one before", step)
                self._index(step).unlink(missing_ok=True)
                continue
            if damaged := self._segments.damaged(content["segments"]):
                _log.warning("the checkpoint at step %d needs %s, which is damaged", step, damaged)
                unusable[step] = damaged
                continue
            for later in unusable:
                self._remove(later)
            arrays = read_arrays(self._tensors(step))
            return _state(content["state"], arrays, self._segments)
        if unusable:
            step, damaged = max(unusable.items())
            found = "damaged" if damaged.exists() else "missing"
            raise UserError(
                f"{damaged} is {found}, and the checkpoint at step {step} cannot be used without "
                f"it; put the file back from a copy, or train from step 0 again after: "
                f"rm -r {shlex.quote(str(self.folder))}"
            )
        return None

    def finish(self) -> None:
        """Remove the folder: the results are in place."""
        shutil.rmtree(self.folder)

    def _take_over(self) -> None:
        before = self._holder()
        if before.get("identity") == self._identity:
            self.resumed = int(before["starts"])
        else:
            for step in self._steps():
                _log.warning("the checkpoint at step %d belongs to another job; not used", step)
                self._remove(step)
            self._segments.keep(())
        holder = {
            "pid": os.getpid(),
            "host": platform.node(),
            "command": shlex.join(sys.orig_argv),
            "started": self._started,
            "starts": self.resumed + 1,
            "identity": self._identity,
        }
        write_json(self.folder / "holder.json", holder)

    def _holder(self) -> dict[str, Any]:
        try:
            holder: dict[str, Any] = read_json(self.folder / "holder.json")
        except (OSError, ValueError):
            return {}
        return holder

    def _held(self) -> str:
        holder = self._holder()
        if not holder:
            return f"another process holds {self.folder}; wait for it, or find it with: fuser lock"
        return (
            f"this training is already running: process {holder['pid']} on {holder['host']} holds "
            f"{self.folder} ({holder['command'][:_COMMAND_SHOWN]}); wait for it, or end it there "
            f"with: kill {holder['pid']}"
        )

    def _steps(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.json"))

    def _content(self, step: int) -> dict[str, Any] | None:
        """What the checkpoint's JSON file says, if it and the tensors are whole."""
        try:
            content: dict[str, Any] = read_json(self._index(step))
            whole = content.pop("sha256") == _digest(content) and content["format"] == _FORMAT
            if whole and content["tensors"] == sha256(self._tensors(step)):
                return content
        except (OSError, ValueError, KeyError, AttributeError):
            pass
        return None

    def _remove(self, step: int) -> None:
        self._index(step).unlink(missing_ok=True)
        self._tensors(step).unlink(missing_ok=True)

    def _index(self, step: int) -> Path:
        return self.folder / f"{step:012d}.json"

    def _tensors(self, step: int) -> Path:
        return self.folder / f"{step:012d}.safetensors"


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _plain(value: Any, arrays: dict[str, NDArray[Any]], segments: dict[str, Segment]) -> Any:
    """Any nesting of dicts, lists, tuples, numbers and arrays as JSON; arrays are set aside."""
    if isinstance(value, Segment):
        segments[value.name] = value
        return {"segment": value.name}
    if isinstance(value, np.ndarray):
        name = str(len(arrays))
        arrays[name] = np.array(value, order="C")
        return {"array": name}
    if isinstance(value, dict):
        items = [[_plain(part, arrays, segments) for part in item] for item in value.items()]
        return {"dict": items}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_plain(item, arrays, segments) for item in value]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a checkpoint cannot hold a {type(value).__name__}")


def _state(value: Any, arrays: dict[str, NDArray[Any]], segments: Segments) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return arrays[content]
    if kind == "segment":
        return segments.segment(content)
    if kind == "dict":
        return dict([_state(part, arrays, segments) for part in item] for item in content)
    items = [_state(item, arrays, segments) for item in content]
    return tuple(items) if kind == "tuple" else items
