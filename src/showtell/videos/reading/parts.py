"""The downloaded parts of Something-Something v2: pieces of one tar.gz, each zipped or not."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from showtell.project import archives, bounds
from showtell.project.errors import UserError
from showtell.videos.reading.labels import FOLDER

_NAME = re.compile(re.escape(FOLDER) + r"-(\d{2,})(\.zip)?")
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_AGAIN = "Download it again."


class Part(NamedTuple):
    """One part: a file, or the only member of a zip file."""

    number: int
    path: Path
    member: str | None  # None: the file itself is the part
    size: int  # unzipped


def find(root: Path) -> list[Part]:
    """The parts in a folder by number; of a part that is there twice, the zip file with its CRC."""
    found: dict[int, Part] = {}
    for path in sorted(root.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match and path.is_file():
            part = _part(int(match[1]), path)
            if part.member is not None or part.number not in found:
                found[part.number] = part
    return [found[number] for number in sorted(found)]


def check(parts: Sequence[Part]) -> None:
    """Refuse parts that cannot be one whole archive."""
    numbers = [part.number for part in parts]
    absent = sorted(set(range(numbers[-1] + 1)) - set(numbers))
    root = parts[0].path.parent
    if absent:
        names = ", ".join(f"{FOLDER}-{number:02d}" for number in absent)
        raise UserError(
            f"{root} has parts up to number {numbers[-1]:02d}, but not {names}; download what is "
            "missing into the same folder."
        )
    with opened(parts[0]) as stream:
        start = stream.read(len(_ZIP))
    if not start.startswith(_GZIP):
        raise UserError(
            f"{parts[0].path} does not begin like a tar.gz archive; the parts were changed or "
            "joined before each was unzipped: download them again and leave them as they are."
        )
    for part in parts[:-1]:  # all but the last have one size
        if part.size != parts[0].size:
            raise UserError(
                f"{part.path} has {part.size} bytes, but other parts have {parts[0].size}: the "
                "download of one of them broke off; download the shorter one again."
            )


def opened(part: Part) -> IO[bytes]:
    """The bytes of a part."""
    if part.member is None:
        return part.path.open("rb")
    archive = archives.opened_zip(part.path, _AGAIN)
    return archives.member(archive, archive.getinfo(part.member), part.path, _AGAIN)


class Joined(io.RawIOBase):
    """All parts as one stream; no joined file is written."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._waiting = list(parts)
        self._current: IO[bytes] | None = None
        self.part = parts[0]  # the part that is being read
        self.bytes_read = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer from the current part, or from the next one where it has ended."""
        view = memoryview(buffer)
        while True:
            if self._current is None:
                if not self._waiting:
                    return 0
                self.part = self._waiting.pop(0)
                self._current = opened(self.part)
            try:
                content = self._current.read(len(view))
            except (EOFError, *bounds.ODD) as error:
                raise UserError(
                    f"{self.part.path} is damaged ({error}); download it again."
                ) from None
            if content:
                view[: len(content)] = content
                self.bytes_read += len(content)
                return len(content)
            self._current.close()
            self._current = None

    def close(self) -> None:
        """Close the part that is open."""
        if self._current is not None:
            self._current.close()
            self._current = None
        super().close()


def _part(number: int, path: Path) -> Part:
    with path.open("rb") as stream:
        zipped = path.suffix == ".zip" or stream.read(len(_ZIP)) == _ZIP
    if not zipped:
        return Part(number, path, None, path.stat().st_size)
    with archives.opened_zip(path, _AGAIN) as archive:
        inside = [entry for entry in archive.infolist() if not entry.is_dir()]
    expected = f"{FOLDER}-{number:02d}"
    if len(inside) != 1 or Path(inside[0].filename).name != expected:
        names = ", ".join(entry.filename for entry in inside[:3]) or "nothing"
        raise UserError(
            f"{path} holds {names}, but one file called {expected} was expected; download it again."
        )
    return Part(number, path, inside[0].filename, inside[0].file_size)
