"""Files from the web, by URL and checksum."""

import shutil
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from filelock import FileLock

from showtell.project.errors import UserError
from showtell.project.files import replacing, sha256

_TIMEOUT_S = 60


def fetch(url: str, expected: str, folder: Path) -> Path:
    """The file of this checksum, from the folder or else from the web, and into the folder."""
    file = folder / Path(urlsplit(url).path).name
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if not file.exists():
            _download(url, file)
        found = sha256(file)
    if found != expected:
        raise UserError(
            f"{file} (from {url}) has sha256 {found}, but params.yaml says {expected}: it is "
            "damaged, or another file stands at that address now. Delete it to download it again."
        )
    return file


def _download(url: str, file: Path) -> None:
    try:
        with replacing(file) as temporary, urlopen(Request(url), timeout=_TIMEOUT_S) as answer:
            length = answer.headers.get("Content-Length")
            with temporary.open("wb") as stream:
                shutil.copyfileobj(answer, stream)
            size = temporary.stat().st_size
            if length is not None and size != int(length):
                raise ConnectionError(f"{size} of {length} bytes came")
    except (URLError, TimeoutError, ConnectionError) as error:
        raise UserError(
            f"{url} could not be downloaded ({error}); check the network, or put the file into "
            f"{file.parent} by hand and run the same command again."
        ) from None
