"""Files from the web, by URL and checksum."""

import logging
import shutil
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from filelock import FileLock

from showtell.project.errors import UserError
from showtell.project.files import sha256

_LOG = logging.getLogger(__name__)
_BLOCK = 1 << 20
_TIMEOUT_S = 60


def fetch(url: str, expected: str, folder: Path) -> Path:
    """The file of this checksum, from the folder or else from the web, and into the folder."""
    file = folder / Path(urlsplit(url).path).name
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if not file.exists():
            _fetch(url, file)
        found = sha256(file)
    if found != expected:
        raise UserError(
            f"{file} (from {url}) has sha256 {found}, but params.yaml says {expected}: it is "
            "damaged, or another file stands at that address now. Delete it to download it again."
        )
    return file


def _fetch(url: str, file: Path) -> None:
    try:
        download(url, file)
    except (URLError, TimeoutError, ConnectionError) as error:
        raise UserError(
            f"{url} could not be downloaded ({error}); check the network, or put the file into "
            f"{file.parent} by hand and run the same command again."
        ) from None


def download(url: str, file: Path) -> None:
    """Download a file whole, or carry on where an earlier attempt stopped."""
    part = file.with_name(file.name + ".part")
    done = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={done}-"} if done else {}
    with urlopen(Request(url, headers=headers), timeout=_TIMEOUT_S) as answer:
        if answer.status != 206:  # the server sends everything from the start
            done = 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length is not None else None
        _check_space(file, total, done)
        _LOG.info("downloading %s (%s MB)", url, "?" if total is None else total >> 20)
        with part.open("ab" if done else "wb") as stream:
            shutil.copyfileobj(answer, stream, _BLOCK)
    size = part.stat().st_size
    if total is not None and size != total:
        raise UserError(
            f"{part} has {size} of {total} bytes: the download of {url} broke off; run the same "
            "command again and it carries on."
        )
    part.replace(file)


def _check_space(file: Path, total: int | None, done: int) -> None:
    """The download and its converted copy, which may lie on the same disk."""
    needed = 0 if total is None else 2 * total - done
    free = shutil.disk_usage(file.parent).free
    if free < needed:
        raise UserError(
            f"{file.parent} has {free >> 20} MB free, but {file.name} and its converted copy need "
            f"{needed >> 20} MB; free some, or name another folder in SHOWTELL_CACHE."
        )
