"""A full disk, said in a sentence."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from showtell.project.errors import UserError


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the system's error about a full disk into one that names the folder and the cure."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UserError(
            f"the disk of {folder} is full; free some space and run the same command again: what "
            "is complete is kept."
        ) from None
