"""Requests for demonstrations, small enough for a test."""

from pathlib import Path
from typing import Any

from showtell.demos.demo import Request
from showtell.rendering.scene import View
from showtell.study.parameters import read_yaml
from showtell.study.registry import build, part
from showtell.worlds.world import World

TASKS = read_yaml(Path(__file__).resolve().parents[2] / "params.yaml")["tasks"]


def world(task: str, **changes: Any) -> World:
    values = TASKS[task]["world"] | changes
    return build("worlds", part("worlds", values["kind"]).settings.model_validate(values))


def request(task: str, cache: Path = Path(), **changes: Any) -> Request:
    view = View(48, 32, quality="fast")
    address = ("demo", "test", task)
    return Request(task, view, lambda: world(task, **changes), 0, address, cache)
