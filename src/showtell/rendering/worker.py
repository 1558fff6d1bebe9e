"""One render process: takes snapshots from a socket, leaves pictures in shared memory.

Started as `python -m showtell.rendering.worker`, not by `multiprocessing`: its `spawn` imports
the parent's `__main__` again, and with it torch, which must never meet Mesa in one process.
"""

import importlib
import mmap
import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.project.errors import UserError, nearest
from showtell.rendering.scene import View


class Start(NamedTuple):
    """The first message to a worker."""

    scene: str
    settings: dict[str, Any]


class Task(NamedTuple):
    """Draw these, and put the pictures at this place in the shared memory."""

    snapshots: NDArray[np.float64]
    view: View
    offset: int
    size: int  # of the shared memory, which may have grown


def scene_class(name: str) -> Any:
    """The class that `package.module:Class` names."""
    module_name, colon, class_name = name.partition(":")
    if not colon:
        raise UserError(f"a scene is named 'package.module:Class', but this one is {name!r}.")
    module = importlib.import_module(module_name)
    if not hasattr(module, class_name):
        raise UserError(
            f"{module_name} has no scene {class_name!r}; {nearest(class_name, dir(module))}"
        )
    return getattr(module, class_name)


def main(connection: Connection, memory: int, parent: int) -> None:
    """Answer every task with None, or with what went wrong, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    scene, failure, shared = None, "", None
    start: Start = connection.recv()
    try:
        scene = scene_class(start.scene)(**start.settings)
    except Exception:
        failure = traceback.format_exc()
    while task := _next(connection, parent):
        try:
            if scene is not None:
                if shared is None or len(shared) < task.size:
                    shared = mmap.mmap(memory, task.size)
                _draw(scene, task, shared)
        except Exception:
            connection.send(traceback.format_exc())
        else:
            connection.send(failure or None)
    if scene is not None:
        scene.close()


def _next(connection: Connection, parent: int) -> Task | None:
    """The next task. The socket tells of the parent's end, unless a fork of it lives on."""
    try:
        while not connection.poll(2.0):
            if os.getppid() != parent:
                return None
        task: Task | None = connection.recv()
    except (EOFError, ConnectionResetError):
        return None
    return task


def _draw(scene: Any, task: Task, shared: mmap.mmap) -> None:
    view = task.view
    shape = (len(task.snapshots), view.height, view.width, 3)
    pictures: NDArray[np.uint8] = np.ndarray(shape, np.uint8, shared, task.offset)
    for picture, snapshot in zip(pictures, task.snapshots, strict=True):
        picture[:] = scene.draw(snapshot, view)


if __name__ == "__main__":
    socket, memory, parent = map(int, sys.argv[1:])
    main(Connection(socket), memory, parent)
