"""Measures in a fresh process, whose memory nothing else has used; no section of its own."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")


def apart(run: Callable[..., Result], *arguments: Any) -> Result:
    """What the function returns there."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(run, *arguments).result()


def peak_mb() -> float:
    """The most memory that this process has had; unlike `ru_maxrss` never its parent's."""
    return _status("VmHWM")


def resident_mb() -> float:
    """The memory that it has now."""
    return _status("VmRSS")


def _status(key: str) -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[key].split()[0]) / 1024
