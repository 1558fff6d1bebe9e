"""The file boundaries of one process: each write is counted, and one of them can go wrong.

Armed in a forked child, it stands around every open for writing, fsync, rename, removal and new
folder under one root. The product knows nothing of it.
"""

import errno
import functools
import os
import signal
import sys
from pathlib import Path
from typing import Any, Literal, NamedTuple

Wrong = Literal["kill before", "kill after", "kill, half written", "disk full from here on"]
_CALLS = ("fsync", "mkdir", "remove", "rename", "replace", "rmdir", "unlink")
_WRITES = os.O_WRONLY | os.O_RDWR


class Point(NamedTuple):
    """One boundary of a job, by its number, and what goes wrong there."""

    number: int
    wrong: Wrong


class Boundaries:
    """Counts the boundaries of this process, and does at one of them what is asked."""

    def __init__(self, root: Path, point: Point | None = None) -> None:
        self._root, self._point = str(root), point
        self.kinds: list[str] = []

    def arm(self) -> None:
        """Stand around the system's calls from here on; only the end of the process undoes it."""
        for name in _CALLS:
            setattr(os, name, self._around(name, getattr(os, name)))
        sys.addaudithook(self._opened)

    def _around(self, name: str, call: Any) -> Any:
        @functools.wraps(call)
        def around(*given: Any, **options: Any) -> Any:
            path = _path(given[0])
            if not (path.startswith(self._root) or options.get("dir_fd") is not None):
                return call(*given, **options)
            here = self._at(name, path)
            try:
                return call(*given, **options)
            finally:  # a file that is not there to be removed is a place, too
                if here and self._point is not None and self._point.wrong == "kill after":
                    _die()

        return around

    def _opened(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(given[0], str | bytes | Path):
            path, _, flags = given
            if (flags or 0) & _WRITES and _path(path).startswith(self._root):
                self._at("open", _path(path))

    def _at(self, kind: str, path: str) -> bool:
        """Count; go wrong before the call; whether this is the place."""
        self.kinds.append(kind)
        if self._point is None:
            return False
        here = len(self.kinds) - 1 == self._point.number
        if here and self._point.wrong == "kill before":
            _die()
        if here and self._point.wrong == "kill, half written" and kind == "fsync":
            os.truncate(path, os.path.getsize(path) // 2)  # noqa: PTH202
            _die()
        past = len(self.kinds) - 1 >= self._point.number
        if self._point.wrong == "disk full from here on" and past and kind in _TAKES_ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return here


_TAKES_ROOM = {"open", "fsync", "mkdir", "replace", "rename"}


def points(kinds: list[str]) -> list[Point]:
    """Each place at which a job that met these boundaries can be killed."""
    found = []
    for number, kind in enumerate(kinds):
        found.append(Point(number, "kill before"))
        if kind != "open":
            found.append(Point(number, "kill after"))
        if kind == "fsync":
            found.append(Point(number, "kill, half written"))
    return found


def _path(given: Any) -> str:
    if isinstance(given, int):
        return os.readlink(f"/proc/self/fd/{given}")  # noqa: PTH115
    return os.path.abspath(os.fsdecode(given))  # noqa: PTH100


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
