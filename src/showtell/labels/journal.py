"""Every click of one rater, on disk at once: a file that only grows, and what it adds up to."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from pydantic import AwareDatetime, ValidationError

from showtell.project.bounds import loads
from showtell.project.errors import UserError
from showtell.project.settings import Frozen


class Click(Frozen):
    """One line of the journal: a label, a skip, or that an earlier label was taken back."""

    item: str
    label: str | None = None  # null without `skipped`: taken back
    skipped: bool = False
    time: AwareDatetime


@dataclass
class Clicks:
    """What the lines of a journal add up to."""

    labels: dict[str, Click] = field(default_factory=dict)  # item -> its label
    skipped: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)  # the items with an answer, the newest last

    def add(self, click: Click) -> None:
        """Take one more line into account; the last one about an item counts."""
        self.labels.pop(click.item, None)
        self.skipped.discard(click.item)
        if click.item in self.order:
            self.order.remove(click.item)
        if click.label is not None:
            self.labels[click.item] = click
        elif click.skipped:
            self.skipped.add(click.item)
        if click.label is not None or click.skipped:
            self.order.append(click.item)


class Journal:
    """The open journal of one rater; one process at a time writes it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path.with_suffix(".lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"another page writes the labels of {path.stem!r} ({path}); close it with Ctrl-C, "
                "or choose another name with RATER=…."
            ) from None
        clicks, whole = _read(path)
        self.clicks = clicks
        self._stream = path.open("ab")
        if self._stream.tell() > whole:  # the line that a killed process did not finish
            self._stream.truncate(whole)
            self._stream.seek(whole)
        self._keep()

    def write(self, item: str, label: str | None = None, *, skipped: bool = False) -> None:
        """Add one line; when this returns, the line survives a crash of the machine."""
        self.extend([Click(item=item, label=label, skipped=skipped, time=_now())])

    def extend(self, clicks: Iterable[Click]) -> None:
        """Add lines."""
        lines = list(clicks)
        self._stream.write(b"".join(click.model_dump_json().encode() + b"\n" for click in lines))
        self._keep()
        for click in lines:
            self.clicks.add(click)

    def _keep(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._lock.release()


def read_clicks(path: Path) -> Clicks:
    """What one journal adds up to; a last line that is not whole is left out."""
    return _read(path)[0]


def _read(path: Path) -> tuple[Clicks, int]:
    """The clicks, and the bytes that their whole lines take."""
    clicks = Clicks()
    text = path.read_bytes() if path.exists() else b""
    whole = text.rfind(b"\n") + 1
    for number, line in enumerate(text[:whole].splitlines(), 1):
        try:
            clicks.add(Click.model_validate(loads(line)))
        except (ValueError, ValidationError):
            raise UserError(
                f"{path}, line {number}: expected one click, such as "
                '{"item": "…", "label": "50", "skipped": false, "time": "…"}; correct the line or '
                "delete it."
            ) from None
    return clicks, whole


def _now() -> datetime:
    return datetime.fromtimestamp(time_ns() // 1_000_000 / 1000, UTC)
