"""Files from the web, by URL and checksum."""

import logging
import re
import shutil
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from filelock import FileLock

from showtell.project.errors import UserError
from showtell.project.files import sha256

_LOG = logging.getLogger(__name__)
_BLOCK = 1 << 20
_TIMEOUT_S = 60
_SLOWEST = 1000  # bytes a second, after the first minute
_LONGEST = 256 << 30  # bytes: more than any file that the papers name
_PAUSES_S = (1, 4)  # before another attempt at what may pass


class DownloadError(UserError):
    """A file that could not be downloaded, and why."""


class _BrokenError(Exception):
    """A connection that gave less than it said."""


def fetch(url: str, expected: str, folder: Path) -> Path:
    """The file of this checksum, from the folder or else from the web, and into the folder."""
    file = folder / Path(urlsplit(url).path).name
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if not file.exists():
            try:
                download(url, file)
            except DownloadError as error:
                raise UserError(
                    f"{url} could not be downloaded ({error}); check the network, or put the file "
                    f"into {folder} by hand and run the same command again."
                ) from None
        found = sha256(file)
        if found != expected:
            raise UserError(
                f"{file} (from {url}) has sha256 {found}, but params.yaml says {expected}: it is "
                "damaged, or another file stands at that address now. It was moved to "
                f"{set_aside(file).name}; the same command downloads it again."
            )
    return file


def set_aside(file: Path) -> Path:
    """Move a file that is not what it should be out of the way: the next run downloads it again."""
    return file.replace(file.with_name(f"{file.name}.damaged"))


def download(url: str, file: Path) -> None:
    """Download a file whole, or carry on where an earlier attempt stopped."""
    part = file.with_name(file.name + ".part")
    for pause in (*_PAUSES_S, None):
        try:
            _attempt(url, file, part)
            return
        except HTTPError as error:
            if error.code == 416 and part.exists():  # what is here is no beginning of what is there
                part.unlink()
                failure = "it was published anew"
            elif error.code < 500 and error.code != 429:
                raise DownloadError(f"{url}: {error.code} {_line(error.reason)}") from None
            else:
                failure = f"{error.code} {_line(error.reason)}"
        except (URLError, ValueError) as error:  # no network, no such host, no address
            raise DownloadError(f"{url}: {getattr(error, 'reason', error)}") from None
        except (HTTPException, TimeoutError, ConnectionError, _BrokenError) as error:
            failure = str(error) or type(error).__name__
        if pause is None:
            break
        _LOG.info("%s: %s; once more in %d s", url, failure, pause)
        time.sleep(pause)
    kept = f"{_size(part)} bytes are kept in {part}" if part.exists() else "nothing came"
    raise DownloadError(
        f"{url}: {failure}, {len(_PAUSES_S) + 1} times; {kept}: run the same command again and it "
        "carries on."
    )


def _attempt(url: str, file: Path, part: Path) -> None:
    done = _size(part)
    headers = {"Range": f"bytes={done}-"} if done else {}
    with urlopen(Request(url, headers=headers), timeout=_TIMEOUT_S) as answer:
        begins = _begins(answer, done)
        if begins not in (0, done):  # neither here nor everything: the next attempt asks for all
            part.unlink()
            raise _BrokenError(f"it sent what begins at byte {begins}, not at {done}")
        done = begins
        length = answer.headers.get("Content-Length") or ""
        total = done + int(length) if length.isdigit() else None
        _check_space(file, total, done)
        _LOG.info("downloading %s (%s MB)", url, "?" if total is None else total >> 20)
        with part.open("ab" if done else "wb") as stream:
            _copy(answer, stream, file)
    if total is not None and _size(part) != total:
        raise _BrokenError(f"it broke off after {_size(part)} of {total} bytes")
    part.replace(file)


def _begins(answer: Any, asked: int) -> int:
    """The byte at which the server begins; one that cannot carry on sends everything."""
    if getattr(answer, "status", None) != 206:
        return 0
    sent = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range") or f"bytes {asked}-")
    return int(sent[1]) if sent else -1


def _copy(answer: Any, stream: BinaryIO, file: Path) -> None:
    """Write what comes as it comes: a connection that is lost or crawls keeps what it brought."""
    read = getattr(answer, "read1", answer.read)
    began, came = time.monotonic(), 0
    while block := read(_BLOCK):
        stream.write(block)
        came += len(block)
        if came >> 28 != (came - len(block)) >> 28:  # each 256 MB: nobody said how long it is
            _check_space(file, None, 0)
        if came > _LONGEST:
            raise DownloadError(f"{file.name} has no end after {_LONGEST >> 30} GB")
        spent = time.monotonic() - began
        if spent > _TIMEOUT_S and came < spent * _SLOWEST:
            raise _BrokenError(f"less than {_SLOWEST} bytes a second came")


def _line(said: object) -> str:
    """What a server said, in one line: an error about redirections has three."""
    return " ".join(str(said).split())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check_space(file: Path, total: int | None, done: int) -> None:
    """The download and its converted copy, which may lie on the same disk."""
    needed = 1 << 30 if total is None else 2 * total - done
    free = shutil.disk_usage(file.parent).free
    if free < needed:
        raise UserError(
            f"{file.parent} has {free >> 20} MB free, but {file.name} and its converted copy need "
            f"{needed >> 20} MB; free some, or name another folder in SHOWTELL_CACHE."
        )
