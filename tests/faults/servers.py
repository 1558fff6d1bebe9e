"""A download server that misbehaves: carried on, or refused with a sentence; never half a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from showtell.project import downloads
from showtell.project.downloads import download
from showtell.project.errors import UserError
from tests.faults.table import Row
from tests.project.test_downloads import CONTENT, OK, Server, chunked, rest, whole

BEFORE = "25: sentences or carried on, 4 tracebacks"
_REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"


def _error(code: int) -> bytes:
    return b"HTTP/1.1 %d Odd\r\nContent-Length: 0\r\n\r\n" % code


ANSWERS: dict[str, tuple[bytes, ...]] = {
    "cut": (whole()[:-300], rest(len(CONTENT) - 300)),
    "cut for ever": (whole()[:-300],),
    "cut, cannot carry on": (whole()[:-300], whole()),
    "carries on elsewhere": (whole()[:-300], rest(0, said=0)),
    "says elsewhere": (whole()[:-300], rest(10, said=9), whole()),
    "chunked and cut": (chunked(CONTENT[:500]), rest(500)),
    "chunked and cut for ever": (chunked(CONTENT[:500]),),
    "chunked, no length": (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", whole()),
    "a length of words": (OK + b"Content-Length: many\r\n\r\n" + CONTENT,),
    "a negative length": (OK + b"Content-Length: -5\r\n\r\n" + CONTENT,),
    "a length of exabytes": (OK + b"Content-Length: 9000000000000000000\r\n\r\n" + CONTENT,),
    "no length": (OK + b"\r\n" + CONTENT,),
    "garbage": (b"garbage\r\n\r\n", whole()),
    "garbage for ever": (b"\xff\xfe\x00",),
    "nothing": (b"", whole()),
    "a redirect in a circle": (_REDIRECT % b"/w.bin",),
    "a redirect to a file": (_REDIRECT % b"file:///etc/passwd",),
    "a redirect to nowhere": (_REDIRECT % b"http://127.0.0.1:1/w.bin",),
    "a header without an end": (OK + b"X: " + b"a" * 200_000,),
    "200 headers": (OK + b"X: a\r\n" * 200 + b"\r\n" + CONTENT,),
    **{f"{code}": (_error(code),) for code in (400, 401, 403, 404, 410, 416, 429, 500, 503)},
    **{f"{code} at first": (_error(code), whole()) for code in (429, 500, 503)},
}


def campaign(root: Path) -> Iterator[Row]:
    """One row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(downloads, "_PAUSES_S", (0, 0))
        came = [outcome(root / f"download-{n}", name) for n, name in enumerate(ANSWERS)]
    yield Row.of("a download server that misbehaves", BEFORE, came)


def outcome(folder: Path, name: str) -> str:
    """What came of one server."""
    folder.mkdir(parents=True)
    file = folder / "w.bin"
    try:
        download(Server(*ANSWERS[name]).url, file)
    except UserError as error:
        wrong = file.exists() or len(str(error).splitlines()) > 1
        return f"WRONG: {name}: {error}" if wrong else "a sentence"
    except Exception as error:
        return f"WRONG: {name}: {type(error).__name__}: {error}"
    return "whole" if file.read_bytes() == CONTENT else f"WRONG: {name}: other bytes"
