"""Files that are whole or absent: write under a temporary name, then rename."""

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from showtell.project import shortages
from showtell.project.bounds import JSON_BYTES, check_size, loads
from showtell.project.errors import UserError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it becomes `path` only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last: writers such as PyAV and matplotlib choose a format by it.
    mine = f".{path.stem}.{platform.node()}-"
    temporary = path.with_name(f"{mine}{os.getpid()}.part{path.suffix}")
    _sweep(path.parent, mine, f".part{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except Exception as error:
        if (why := shortages.of_disk(error)) is None:
            raise
        raise UserError(shortages.unwritten(path, why)) from error
    finally:
        with suppress(OSError):  # of a disk that has become read-only: the error above says it
            temporary.unlink(missing_ok=True)


def _sweep(folder: Path, start: str, end: str) -> None:
    """Remove what writers of this file left on this machine when they were killed."""
    for path in folder.iterdir():
        pid = path.name.removeprefix(start).removesuffix(end)
        if path.name == f"{start}{pid}{end}" and pid.isdecimal() and not _lives(int(pid)):
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def canonical_json(value: Any) -> str:
    """One spelling per value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON, atomically."""
    text = json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n"
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Write text, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text)


def read_json(path: Path) -> Any:
    """Read a JSON file; one that is no JSON, or larger than any of ours, is a ValueError."""
    check_size(path, JSON_BYTES, "Make it again, or remove it.")
    return loads(path.read_text())


def sha256(path: Path) -> str:
    """The content hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
