"""Serves the page on this machine alone, and writes each click to the rater's journal."""

import errno
import json
import re
import secrets
import threading
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from showtell.labels.items import Item
from showtell.labels.journal import Journal
from showtell.labels.kinds import kind_of
from showtell.labels.page import bytes_of, data_of, media_of, page
from showtell.labels.study import Key
from showtell.project.errors import UserError

HOST = "127.0.0.1"
_LARGEST = 10_000  # bytes of one click
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_RULES = "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class LabelServer(ThreadingHTTPServer):
    """One rater's page; its address has a random token, without which nothing is answered."""

    daemon_threads = True
    # A port that another process listens at is an error on every system.
    allow_reuse_address = False

    def __init__(
        self,
        key: Key,
        items: Sequence[Item],
        journal: Journal,
        rater: str,
        results: Path,
        port: int,
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        self._key, self._items, self._journal, self._rater = key, items, journal, rater
        self._media = {medium for item in items for medium in media_of(item)}
        self._labels = {item.id: kind_of(key.kind).labels for item in items}
        self._writing = threading.Lock()
        self.bytes_of = lru_cache(maxsize=64)(lambda medium: bytes_of(medium, key, results))
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise UserError(
                f"port {port} cannot be used ({error.strerror}); leave PORT out, and a free one "
                "is taken."
            ) from None

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    @property
    def page(self) -> str:
        """The page as it stands after all clicks so far."""
        media = {medium: f"media/{medium}" for medium in sorted(self._media)}
        with self._writing:
            clicks = self._journal.clicks
            return page(data_of(self._key, self._items, self._rater, clicks, media))

    def has(self, medium: str) -> bool:
        """Whether an item shows it."""
        return medium in self._media

    def save(self, click: Any) -> int:
        """Keep one click; the number of labels. A ValueError says what is wrong with it."""
        if not isinstance(click, dict) or click.get("item") not in self._labels:
            raise ValueError("no such item")
        item, label, skipped = click["item"], click.get("label"), click.get("skipped") is True
        if label is not None and (skipped or label not in self._labels[item]):
            raise ValueError(f"no such label: {label!r}")
        with self._writing:
            self._journal.write(item, label, skipped=skipped)
            return len(self._journal.clicks.labels)


class _Handler(BaseHTTPRequestHandler):
    server: LabelServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page, a video or a frame."""
        below = self._below()
        if below is None:
            return
        if below == "":
            self._answer(self.server.page.encode(), "text/html; charset=utf-8")
        elif below.startswith("media/") and self.server.has(medium := below[6:]):
            self._answer(*self.server.bytes_of(medium))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """One click."""
        below = self._below()
        if below is None:
            return None
        length = self.headers.get("Content-Length", "")
        if below != "save" or not length.isdigit() or int(length) > _LARGEST:
            return self._refuse(HTTPStatus.BAD_REQUEST)
        try:
            labels = self.server.save(json.loads(self.rfile.read(int(length))))
        except ValueError as error:
            return self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        return self._answer(json.dumps({"labels": labels}).encode(), "application/json")

    def _below(self) -> str | None:
        """The path below the token; None where the request was refused.

        The name of the host is checked too: a page of another site may have its name resolved to
        this machine.
        """
        token, _, below = self.path.partition("?")[0].removeprefix("/").partition("/")
        hosts = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        if known and self.headers.get("Host") in hosts:
            return below
        self._refuse(HTTPStatus.FORBIDDEN)
        return None

    def _refuse(self, status: HTTPStatus, why: str = "") -> None:
        self.close_connection = True  # what else it sent is not read
        self._send(status, (why or status.phrase).encode(), "text/plain; charset=utf-8")

    def _answer(self, content: bytes, kind: str) -> None:
        """All of it, or the part that a browser asks for: some play no video without."""
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None or int(asked[1]) >= len(content):
            return self._send(HTTPStatus.OK, content, kind)
        first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
        extent = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return self._send(HTTPStatus.PARTIAL_CONTENT, content[first : last + 1], kind, extent)

    def _send(
        self, status: HTTPStatus, content: bytes, kind: str, also: dict[str, str] | None = None
    ) -> None:
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-store",
            "Content-Security-Policy": _RULES,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        self.send_response(status)
        for name, value in (headers | (also or {})).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address has the token in it."""
