"""Requests for demonstrations, small enough for a test."""

from pathlib import Path
from typing import Any

from showtell.demos.demo import Request
from showtell.rendering.scene import View
from showtell.study.loading import load
from showtell.study.registry import build
from showtell.worlds.world import World

TASKS = load(Path(__file__).resolve().parents[2], "paper").tasks


def world(task: str, **changes: Any) -> World:
    settings = TASKS[task].world
    return build("worlds", type(settings).model_validate(settings.model_dump() | changes))


def request(task: str, cache: Path = Path(), frames: int | None = 4, **changes: Any) -> Request:
    view = View(48, 32, quality="fast")
    address = ("demo", "test", task)
    return Request(task, view, frames, lambda: world(task, **changes), 0, address, cache)
