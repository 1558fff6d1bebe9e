"""A file of finished rows that only grows, so that a killed run continues where it was."""

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from filelock import FileLock, Timeout

from showtell.project.errors import UserError
from showtell.project.files import canonical_json


class Journal:
    """One JSON object a line after a line of identity; a half-written last line is cut off."""

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self._path = path
        self._identity = canonical_json(identity)
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._stream: IO[bytes] | None = None
        self.rows: dict[str, dict[str, Any]] = {}  # key -> row

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"{self._path} is in use by another process; wait for it, or stop it."
            ) from None
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()
        self._lock.release()

    def add(self, key: str, row: dict[str, Any]) -> None:
        """Append a row, and hand it to the system at once."""
        self.rows[key] = row
        self._append(canonical_json({"key": key, "row": row}))

    def _open(self) -> None:
        content = self._path.read_bytes() if self._path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        first, _, rest = whole.partition(b"\n")
        same = first.decode(errors="replace") == self._identity
        for line in rest.splitlines() if same else ():
            try:
                entry = json.loads(line)
                self.rows[entry["key"]] = entry["row"]
            except (ValueError, TypeError, KeyError):
                continue  # damaged: that row is made again
        self._stream = self._path.open("ab")
        self._stream.truncate(len(whole) if same else 0)
        if not same:
            self._append(self._identity)

    def _append(self, line: str) -> None:
        assert self._stream is not None
        self._stream.write(line.encode() + b"\n")
        self._stream.flush()
