"""Headless Chromium, driven over its own protocol: real key presses, and screens of any size."""

import base64
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_COMMAND = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--remote-debugging-port=0", "--remote-allow-origins=*",
)  # fmt: skip
_WAIT_S = 120.0  # a loaded machine takes its time
_CODES = {"ArrowLeft": 37, "ArrowRight": 39}


class Browser:
    """One tab."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.call("Page.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, address: str) -> None:
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && typeof begin === 'function'")

    def value(self, expression: str) -> Any:
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression: str) -> None:
        end = time.monotonic() + _WAIT_S
        while not self.value(expression):
            assert time.monotonic() < end, f"{expression} did not come; {self.text()}"
            time.sleep(0.02)

    def text(self) -> str:
        return self.value("document.body.innerText")

    def press(self, key: str) -> None:
        code = _CODES.get(key, ord(key[0].upper()))
        same = {"key": key, "windowsVirtualKeyCode": code}
        text = {} if key in _CODES else {"text": key}
        self.call("Input.dispatchKeyEvent", type="keyDown", **same, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **same)

    def screen(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A tab of a Chromium of its own, whose profile lies in `folder`."""
    import websocket

    assert CHROMIUM is not None
    process = subprocess.Popen(
        [CHROMIUM, *_COMMAND, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = folder / "DevToolsActivePort"
        end = time.monotonic() + _WAIT_S
        while not port.exists() or not port.read_text().strip():
            assert process.poll() is None and time.monotonic() < end, "Chromium did not start"
            time.sleep(0.05)
        number = port.read_text().splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{number}/json") as answer:
            tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
        socket = websocket.create_connection(tabs[0]["webSocketDebuggerUrl"], timeout=_WAIT_S)
        try:
            yield Browser(socket)
        finally:
            socket.close()
    finally:
        process.terminate()
        process.wait()
