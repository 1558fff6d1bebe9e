"""The last frames of clips of the worlds, captioned: what a network of single pictures can know."""

from collections.abc import Collection
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveInt

from showtell.data.samples import Captioned, Narrated, Request
from showtell.data.world_clips import WorldClips, WorldClipsSettings
from showtell.study.settings import DatasetSettings, Samples


class LastFramesSettings(DatasetSettings):
    """How many episodes of which tasks, and how their ends look."""

    samples: ClassVar[Samples] = "frames"

    kind: Literal["last_frames"]
    tasks: dict[str, PositiveInt]  # a task of params.yaml -> episodes
    other_views: float = Field(ge=0, lt=1)  # share of the pictures that another camera saw
    held_out: float = Field(gt=0, lt=1)  # share of the episodes
    camera: str | None  # which camera saw the others; null: each task's own

    def task_names(self) -> Collection[str]:
        """The tasks whose worlds are played."""
        return sorted(self.tasks)


class LastFrames:
    """Plays episodes as `world_clips` does, and keeps the last frame of each."""

    def __init__(self, settings: LastFramesSettings) -> None:
        values = settings.model_dump(exclude={"camera"})
        values |= {"kind": "world_clips", "hands": 0, "nouns": False}
        names = ", ".join(settings.task_names())
        self.note = (
            "A stand-in trained on the last frames of episodes of this very simulator, captioned "
            "by rule from what happened in the whole episode: it has seen the simulator, which the "
            f"public CLIP has not. Its tasks: {names}."
        )
        self._camera = settings.camera
        self._clips = WorldClips(WorldClipsSettings.model_validate(values))

    def make(self, generator: np.random.Generator, request: Request) -> tuple[Captioned, Captioned]:
        """(training, held out): different episodes, in random order."""
        if self._camera is not None:
            named = {"name": self._camera}
            tasks = {n: {**t, "camera": {**t["camera"], **named}} for n, t in request.tasks.items()}
            request = request._replace(tasks=tasks)
        seen, held_out = self._clips.make(
            generator, request._replace(frames=2)
        )  # the second is the last
        captions = sorted(
            {caption for part in (seen, held_out) for bag in part.captions for caption in bag}
        )
        return _captioned(seen, captions), _captioned(held_out, captions)


def _captioned(narrated: Narrated, captions: list[str]) -> Captioned:
    """Every sentence of a clip's bag is as likely to be said of its last frame."""
    fits = np.zeros((len(narrated.clips), len(captions)), dtype=np.float32)
    for row, bag in zip(fits, narrated.captions, strict=True):
        for caption in bag:
            row[captions.index(caption)] += 1 / len(bag)
    return Captioned(narrated.clips[:, -1], captions, fits)


PARTS = {"last_frames": (LastFramesSettings, "LastFrames")}
