"""A folder that people share: what is in it may be read, and added to, by whom the folder lets."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from showtell.project.foreign.dvc import object_path

_WHO = 0o2777  # the folder's own bits, and that new files get its group
_READ = 0o444


def as_their_folder(folder: Path, digests: Iterable[str]) -> None:
    """Give objects, and the folders that they lie in, the permissions of the remote's folder.

    Otherwise the umask of who came first decides: then a second person cannot add an object to a
    folder that the first one made, and nobody of the group reads what was shared with umask 077.
    What belongs to another person is theirs to open.
    """
    mode = folder.stat().st_mode & _WHO
    store = folder / "files" / "md5"
    places = [object_path(store, digest) for digest in digests]
    for inner in sorted({folder / "files", store, *(place.parent for place in places)}):
        _set(inner, mode)
    for place in places:
        _set(place, 0o400 | mode & _READ)


def _set(path: Path, mode: int) -> None:
    with suppress(PermissionError, FileNotFoundError):
        if path.stat().st_mode & 0o7777 != mode:
            path.chmod(mode)
