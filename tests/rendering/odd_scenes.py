"""Scenes for the render pool's tests: they report on their process, or misbehave in it."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from showtell.worlds.classic_control.scene import CartPoleScene

AT_IMPORT = os.environ.get("SHOWTELL_TEST_SEAM", "unset")


class Witness:
    """Row 0 tells of the process: torch loaded, the seam's variable set before import, its id."""

    needs_gl = True

    def __init__(self, slow_s: float = 0.0) -> None:
        self.slow_s = slow_s
        CartPoleScene().draw(np.zeros(4), _tiny())  # all that a real scene imports

    def draw(self, snapshot, view):
        time.sleep(self.slow_s)
        picture = np.zeros((view.height, view.width, 3), dtype=np.uint8)
        picture[0, 0] = "torch" in sys.modules, AT_IMPORT == "seen", "pytest" in sys.modules
        picture[0, 1] = list(os.getpid().to_bytes(3, "big"))
        picture[1:] = int(snapshot[0]) % 256
        return picture

    def close(self) -> None:
        pass


class Mortal:
    """Kills its process over snapshot 7: once if it can leave a mark, else always."""

    needs_gl = True

    def __init__(self, mark: str | None = None) -> None:
        self.mark = mark

    def draw(self, snapshot, view):
        if snapshot[0] == 7 and not (self.mark and Path(self.mark).exists()):
            if self.mark:
                Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGSEGV)
        return np.full((view.height, view.width, 3), int(snapshot[0]), dtype=np.uint8)

    def close(self) -> None:
        pass


class Clumsy:
    """Cannot draw negative numbers."""

    needs_gl = True

    def draw(self, snapshot, view):
        if snapshot[0] < 0:
            raise ArithmeticError("no picture of a negative number")
        return np.full((view.height, view.width, 3), int(snapshot[0]), dtype=np.uint8)

    def close(self) -> None:
        pass


class Stillborn:
    """Cannot be built."""

    needs_gl = True

    def __init__(self) -> None:
        raise FileNotFoundError("no such mesh")


def _tiny():
    from showtell.rendering.scene import View

    return View(8, 8)
