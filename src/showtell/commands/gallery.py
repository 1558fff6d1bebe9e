"""Pictures to look at: every task from its cameras in both qualities, every demo as a strip."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from showtell.demos.demo import Demo, Request
from showtell.demos.drawn_hand import DrawnHand, DrawnHandSettings
from showtell.demos.scripted import Scripted, ScriptedSettings
from showtell.media.cartoons import SCENES
from showtell.media.frames import Picture
from showtell.project.files import replacing
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View, view_of
from showtell.study.loading import load
from showtell.study.parameters import Task
from showtell.study.registry import build, part
from showtell.worlds.script import has_script, script_of
from showtell.worlds.world import World

_LOG = logging.getLogger(__name__)
_HEIGHT = 76  # of one picture; the whole folder has to stay small
_STRIP_HEIGHT = 68
_STRIP_FRAMES = 8
_GAP, _LINE = 2, 12  # pixels: between pictures, and of a line of text
_JPEG = 58
_QUALITIES: tuple[dict[str, Any], ...] = ({"quality": "faithful"}, {"quality": "fast"})


class Row(NamedTuple):
    """One line of a sheet."""

    label: str
    cells: list[tuple[str, Picture]]


def gallery(root: Path, only: list[str]) -> int:
    """Write one sheet a family and one of all demonstrations into docs/gallery."""
    tasks = load(root, "paper").tasks
    folder = root / "docs/gallery"
    families: dict[str, dict[str, Task]] = {}
    for name, task in tasks.items():
        family = part("worlds", task.world.kind).family
        if not only or family in only:
            families.setdefault(family, {})[name] = task
    for family, members in families.items():
        rows = [_tasks_row(name, task) for name, task in members.items()]
        _write(folder / f"{family}.jpg", rows, family)
        shown = [row for name, task in members.items() for row in _demos_rows(name, task)]
        if shown:
            _write(folder / f"{family}-demos.jpg", shown, f"{family}: demonstrations")
    if not only or "hand" in only:
        _write(folder / "hand-demos.jpg", list(_hand_rows()), "The drawn hand")
    return 0


def _tasks_row(name: str, task: Task) -> Row:
    """One task in its example, or at the end of its script, or at its start."""
    _LOG.info("%s: looks", name)
    cells: list[tuple[str, Picture]] = []
    pools: dict[str, tuple[RenderPool, NDArray[np.float64]]] = {}
    try:
        for look in _world(task, {}).looks:
            key = repr(dict(look.world))
            if key not in pools:
                world = _world(task, look.world)
                pool = RenderPool(world.scene, world.scene_settings())
                pools[key] = pool, _moment(world)
            pool, moment = pools[key]
            for quality in _QUALITIES:
                view = _sized(task, _HEIGHT)._replace(**look.view, **quality)
                cells.append(
                    (f"{look.label} {quality['quality']}", pool.draw(moment[None], view)[0])
                )
    finally:
        for pool, _ in pools.values():
            pool.close()
    return Row(name, cells)


def _moment(world: World) -> NDArray[np.float64]:
    world.reset(seed=0)
    example = world.example()
    if example is not None:
        return example
    if has_script(world):
        act = script_of(world)
        for _ in range(world.horizon):
            world.step(act())
    return world.snapshot()


def _demos_rows(name: str, task: Task) -> Iterator[Row]:
    """The scripted demonstration of a task, if it has a script."""
    if not has_script(_world(task, {})):
        return
    _LOG.info("%s: demonstration", name)
    settings = ScriptedSettings(kind="scripted", encoder="", count=1, attempts=10)
    view = _sized(task, _STRIP_HEIGHT)
    address = ("gallery", name)
    request = Request(name, view, _STRIP_FRAMES, lambda: _world(task, {}), 0, address, Path())
    yield Row(name, _strip(Scripted(settings).demonstrate(request)))


def _hand_rows() -> Iterator[Row]:
    settings = DrawnHandSettings(kind="drawn_hand", encoder="", count=1)
    for name, scene in SCENES.items():
        view = View(_STRIP_HEIGHT, _STRIP_HEIGHT)
        request = Request(name, view, _STRIP_FRAMES, _no_world, 0, ("gallery", name), Path())
        demo = DrawnHand(settings).demonstrate(request)
        yield Row(f"{name}: {scene.caption}", _strip(demo))


def _strip(demo: Demo) -> list[tuple[str, Picture]]:
    return [("", picture) for picture in demo.frames[0]]


def _no_world() -> World:
    raise AssertionError("a drawn hand lives in no world")


def _world(task: Task, changes: Mapping[str, Any]) -> World:
    settings = type(task.world).model_validate({**task.world.model_dump(), **changes})
    world: World = build("worlds", settings)
    return world


def _sized(task: Task, height: int) -> View:
    """A task's view at another height."""
    native = task.camera.native
    width = 2 * round(native.width * height / native.height / 2)
    return view_of(task.camera.model_dump(), width, height)


def _write(path: Path, rows: list[Row], title: str) -> None:
    """One sheet: a line of text above each row, and beneath each picture where it has a name."""
    named = any(label for row in rows for label, _ in row.cells)
    height, width = (max(picture.shape[n] for r in rows for _, picture in r.cells) for n in (0, 1))
    across = max(len(row.cells) for row in rows)
    # Narrow pictures still have room for their names.
    width = max(width, 92 if named else 0)
    row_height = _LINE + height + (_LINE if named else 0) + _GAP
    sheet = Image.new("RGB", (across * (width + _GAP), _LINE + len(rows) * row_height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(9)
    draw.text((1, 0), title, "black", font)
    for number, row in enumerate(rows):
        top = _LINE + number * row_height
        draw.text((1, top), row.label, "black", font)
        for column, (label, picture) in enumerate(row.cells):
            left = column * (width + _GAP)
            sheet.paste(Image.fromarray(picture), (left, top + _LINE))
            draw.text((left, top + _LINE + height), label, "dimgray", font)
    with replacing(path) as temporary:
        sheet.save(temporary, quality=_JPEG, optimize=True)
    _LOG.info("%s: %d kB", path, path.stat().st_size >> 10)
