"""A user's own clips as demonstrations: a GIF, a video, or a folder of pictures for each task."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

import numpy as np

from showtell.demos.demo import Demo, Request
from showtell.media.clips import Clip, fit, read_clip
from showtell.project.errors import UserError, nearest
from showtell.study.settings import DemoSettings

_CODEC = 12  # of 255: what a codec changes in a picture that stays


class FileSettings(DemoSettings):
    """Which clip shows which task."""

    kind: Literal["file"]
    files: dict[str, str]  # a task's name -> a path, from the repository's root

    def tasks(self) -> Collection[str]:
        """The tasks that have a file."""
        return self.files


class File:
    """Reads a clip."""

    def __init__(self, settings: FileSettings) -> None:
        self._settings = settings

    def demonstrate(self, request: Request) -> Demo:
        """The clip of the task, as large and as long as is asked for."""
        files = self._settings.files
        if request.task not in files:
            raise UserError(
                f"no file shows {request.task}; {nearest(request.task, files)} "
                "Add it to `files` of its demo in params.yaml."
            )
        path = files[request.task]
        return from_clip(Path(path), request.frames, request, {"file": path})


def from_clip(path: Path, frames: int | None, request: Request, about: dict[str, Any]) -> Demo:
    """One clip as a demonstration: its page cut off, resampled, cropped to the view's aspect."""
    clip = read_clip(path, frames)
    _refuse_empty(path, clip, moving=frames is not None)
    view = request.view
    shown = fit(clip.frames, view.width, view.height)
    about = about | {
        "made_by": "a clip",
        "clip_frames": clip.found,
        "clip_size": list(clip.size),
        "size_without_margins": [clip.frames.shape[2], clip.frames.shape[1]],
    }
    return Demo(frames=shown[None], about=about)


def _refuse_empty(path: Path, clip: Clip, *, moving: bool) -> None:
    """Nothing can be learned from one colour, nor from a still where a network reads motion."""
    if np.ptp(clip.frames) <= _CODEC:
        raise UserError(f"{path} shows one colour everywhere; give a clip that shows the goal.")
    change = np.abs(clip.frames - clip.frames[0].astype(np.int16)).max()
    if moving and change <= _CODEC:
        shows = "one picture" if clip.found == 1 else f"the same picture {clip.found} times"
        raise UserError(
            f"{path} shows {shows}, and its encoder reads videos; give a video, or make it the "
            "goal of an encoder of pictures (kind: demo_pictures; docs/own-study.md, A picture)."
        )


PARTS = {"file": (FileSettings, "File")}
