"""One writer at a time: two that look for missing runs at once would both add them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

_POSTGRESQL = ("postgresql://", "postgresql+", "postgres://")
_LOCK = 0x73686F77  # a number of PostgreSQL's advisory locks: "show"
_LOOK_S = 0.5


@contextmanager
def alone(root: Path, uri: str, *, wait_s: float) -> Iterator[None]:
    """The only one of this repository who writes; in PostgreSQL, the only one of all people.

    A fresh PostgreSQL that two open at once fails in the migrations of one of them (measured).
    Raises filelock's Timeout where another one writes for longer.
    """
    folder = root / ".snakemake"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "tracking.lock", timeout=wait_s):
        if uri.startswith(_POSTGRESQL):
            with _alone_in_postgresql(uri, wait_s):
                yield
        else:
            yield


@contextmanager
def _alone_in_postgresql(uri: str, wait_s: float) -> Iterator[None]:
    """Held by a connection of its own: it ends with the process, however that ends."""
    from sqlalchemy import NullPool, create_engine, text

    deadline = time.monotonic() + wait_s
    with create_engine(uri, poolclass=NullPool).connect() as connection:
        ask = text("SELECT pg_try_advisory_lock(:number)").bindparams(number=_LOCK)
        while not connection.execute(ask).scalar():
            if time.monotonic() >= deadline:
                raise Timeout("the lock of the tracking database")
            time.sleep(_LOOK_S)
        yield
