"""Published files: found where they are, downloaded whole, checked by sha256 from then on.

Few publishers give checksums, and loaders take whatever file they are handed; so a file's checksum
is enforced: the one in the parameters or, where none is published, the one that the first
download recorded in a lock file that is committed.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock
from pydantic import BaseModel, ConfigDict

from showtell.nets.encoder import read_error
from showtell.project.downloads import DownloadError, download, set_aside
from showtell.project.errors import UserError
from showtell.project.files import read_json, sha256, write_json

_LOG = logging.getLogger(__name__)


class Source(BaseModel):
    """The file that weights were fetched from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    sha256: str
    bytes: int


def fetch(
    name: str, urls: list[str], expected: str | None, cache: Path, lock: Path
) -> tuple[Path, Source]:
    """The checked file of these weights, downloaded if it is not in the cache."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    folder = cache / name.replace("/", "--")
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        recorded = _recorded(lock).get(name)
        known = expected or (recorded["sha256"] if recorded else None)
        if expected and recorded and recorded["sha256"] != expected:
            raise UserError(
                f"{lock} says sha256 {recorded['sha256']} for {name}, but the parameters say "
                f"{expected}; delete the wrong one."
            )
        file, url = _cached(folder, urls) or _downloaded(folder, urls)
        source = Source(url=url, sha256=sha256(file), bytes=file.stat().st_size)
        if known is not None and source.sha256 != known:
            raise UserError(
                f"{file} (from {url}) has sha256 {source.sha256}, but {name} must have {known}: "
                "it is damaged or another file was published under the same name. It was moved to "
                f"{set_aside(file).name}: the same command downloads it again; or change the "
                "checksum on purpose."
            )
        if recorded is None:
            _record(lock, name, source)
    return file, source


def fetch_accepted(
    name: str,
    file_name: str,
    urls: Sequence[str],
    expected: str | None,
    cache: Path,
    lock: Path,
    *,
    source: str | None,  # somebody's folder or address, in place of `urls`
    refusal: Callable[[Path], str | None],  # what is wrong with a file
) -> tuple[Path, Source]:
    """The file from the first place that has it; its checksum is recorded if it is accepted."""
    failures = []
    for url in under(source, file_name) if source else urls:
        with TemporaryDirectory() as scratch:
            try:
                path, _ = fetch(name, [url], None, cache, Path(scratch) / "lock.json")
            except UserError as error:
                failures.append(str(error))
                continue
        if (wrong := refusal(path)) is None:
            # A folder on somebody's machine is no address to be recorded and shared.
            named = list(urls) if url.startswith("file:") else [url]
            return fetch(name, named, expected, cache, lock)
        path.unlink()
        failures.append(f"{url} {wrong}")
    raise UserError(
        f"no place has {file_name} ({'; '.join(failures)}); get it from somebody and name its "
        "folder as the encoder's `source` in params.yaml."
    )


def under(source: str, name: str) -> list[str]:
    """The address of a file in a folder or under another address."""
    folder = Path(source).expanduser()
    if folder.is_dir():
        return [(folder.resolve() / name).as_uri()]
    if "://" not in source:
        raise UserError(
            f"the encoder's source {source!r} is no folder; give one that has {name}, an address, "
            "or null for the known ones."
        )
    return [f"{source.rstrip('/')}/{name}"]


def _cached(folder: Path, urls: list[str]) -> tuple[Path, str] | None:
    for url in urls:
        file = folder / _file_name(url)
        if file.exists():
            return file, url
    return None


def _downloaded(folder: Path, urls: list[str]) -> tuple[Path, str]:
    """The first of the locations that exists."""
    failures: list[str] = []
    for url in urls:
        file = folder / _file_name(url)
        try:
            download(url, file)
        except DownloadError as error:
            failures.append(str(error))
        else:
            return file, url
    raise UserError(
        f"no weights could be downloaded ({'; '.join(failures)}); check the network, or put the "
        f"file into {folder} by hand."
    )


def _file_name(url: str) -> str:
    """The last part of an address, or its fragment: some hosts have files without names."""
    parts = urlsplit(url)
    return parts.fragment or Path(parts.path).name


def _recorded(lock: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = read_json(lock)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise read_error(lock, "JSON", "restore it with: git checkout -- .", error) from None
    return found


def _record(lock: Path, name: str, source: Source) -> None:
    """Add one entry; other jobs may be adding theirs."""
    with FileLock(lock.with_name(f".{lock.name}.lock")):
        write_json(lock, _recorded(lock) | {name: source.model_dump(mode="json")})
    _LOG.info("%s: sha256 %s recorded in %s: commit it", name, source.sha256, lock)
