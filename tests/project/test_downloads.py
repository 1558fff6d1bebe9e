"""Whatever a server does, a download is whole, carried on, or refused with a sentence."""

import hashlib
import socket
import threading

import pytest

from showtell.project import downloads
from showtell.project.downloads import DownloadError, download, fetch
from showtell.project.errors import UserError

CONTENT = bytes(range(256)) * 8
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(downloads, "_PAUSES_S", (0, 0))


class Server:
    """Says exactly these bytes, one answer a connection, the last one for ever; keeps requests."""

    def __init__(self, *answers: bytes) -> None:
        self.requests: list[bytes] = []
        self._answers = list(answers)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/w.bin"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                self.requests.append(connection.recv(65536))
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                connection.sendall(answer)


def whole(body: bytes = CONTENT) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes) -> bytes:
    return OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(CONTENT) + body


def rest(start: int, said: int | None = None) -> bytes:
    said = start if said is None else said
    body = CONTENT[start:]
    head = b"HTTP/1.1 206 Partial\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n"
    return head % (said, len(CONTENT) - 1, len(CONTENT), len(body)) + body


def test_a_chunked_transfer_that_is_cut_off_is_carried_on(tmp_path):
    server = Server(chunked(CONTENT[:500]), rest(500))
    download(server.url, tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT
    assert b"Range: bytes=500-" in server.requests[1]


@pytest.mark.parametrize(
    "answers",
    [
        (whole()[:-300], rest(len(CONTENT) - 300)),
        (whole()[:-300], whole()),  # it cannot carry on
        (whole()[:-300], rest(0, said=0)),  # it carries on elsewhere
        (whole()[:-300], rest(10, said=10), whole()),
        (b"garbage\r\n\r\n", whole()),
        (b"", whole()),
        (b"HTTP/1.1 503 Busy\r\n\r\n", whole()),
        (OK + b"Content-Length: ten\r\n\r\n" + CONTENT,),
        (OK + b"Content-Length: -5\r\n\r\n" + CONTENT,),
        (whole()[:-300], b"HTTP/1.1 416 No\r\n\r\n", whole()),
    ],
    ids=[
        "cut",
        "no-ranges",
        "elsewhere",
        "between",
        "garbage",
        "silence",
        "busy",
        "word",
        "negative",
        "416",
    ],
)
def test_what_may_pass_is_tried_again(tmp_path, answers):
    download(Server(*answers).url, tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "answer",
    [
        chunked(b""),
        chunked(CONTENT[:500]),  # for ever, and never carried on
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + CONTENT,
        b"garbage\r\n\r\n",
        b"HTTP/1.1 999999999999\r\n\r\n",
        b"HTTP/1.1 404 Not here\r\n\r\n",
        b"HTTP/1.1 500 Broken\r\n\r\n",
        OK + b"X: " + b"a" * 70000 + b"\r\n\r\n",
        OK + b"Content-Length: 900\r\n\r\nshort",
        b"HTTP/1.1 302 There\r\nLocation: file:///etc/passwd\r\n\r\n",
        b"HTTP/1.1 302 There\r\nLocation: /w.bin\r\n\r\n",
        b"",
    ],
)
def test_every_failure_is_a_sentence_and_leaves_no_file(tmp_path, answer):
    server = Server(answer)
    with pytest.raises(DownloadError, match=r"w\.bin: "):
        download(server.url, tmp_path / "w.bin")
    assert not (tmp_path / "w.bin").exists()
    assert len(server.requests) <= 40


@pytest.mark.parametrize("url", ["http://[::1", "nothing", "gopher://x/y", "http://127.0.0.1:9/x"])
def test_an_address_that_is_none_is_a_sentence(tmp_path, url):
    with pytest.raises(DownloadError):
        download(url, tmp_path / "w.bin")


def test_a_crawling_server_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "_TIMEOUT_S", 0.0)
    monkeypatch.setattr(downloads, "_SLOWEST", 1 << 60)
    monkeypatch.setattr(downloads, "urlopen", lambda r, timeout: _open(r, timeout=9))
    with pytest.raises(DownloadError, match="bytes a second"):
        download(Server(whole()).url, tmp_path / "w.bin")


_open = downloads.urlopen


def test_a_file_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "_LONGEST", 1000)
    with pytest.raises(DownloadError, match="no end"):
        download(Server(OK + b"\r\n" + CONTENT).url, tmp_path / "w.bin")


def test_a_file_with_a_wrong_checksum_is_moved_away_and_asked_for_again(tmp_path):
    server = Server(whole(b"a page that says sorry"), whole())
    expected = hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(UserError, match=r"params\.yaml says .* moved to w\.bin\.damaged"):
        fetch(server.url, expected, tmp_path)
    assert fetch(server.url, expected, tmp_path).read_bytes() == CONTENT
