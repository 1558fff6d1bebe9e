"""The clips that a paper's authors published, by URL and checksum."""

from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from showtell.demos.demo import Demo, Request
from showtell.demos.file import from_clip
from showtell.project.downloads import fetch
from showtell.project.errors import UserError, nearest
from showtell.study.settings import DemoSettings


class Clip(BaseModel):
    """Where one clip is, and what it must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^(https?|file)://")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class PublishedSettings(DemoSettings):
    """Which published clip shows which task."""

    kind: Literal["published"]
    clips: dict[str, Clip]  # by a task's name

    def tasks(self) -> Collection[str]:
        """The tasks that have a clip."""
        return self.clips


class Published:
    """Fetches a clip once, then reads it from the cache."""

    def __init__(self, settings: PublishedSettings) -> None:
        self._settings = settings

    def demonstrate(self, request: Request) -> Demo:
        """The published clip of the task, as large and as long as is asked for."""
        clips = self._settings.clips
        if request.task not in clips:
            raise UserError(
                f"no published clip shows {request.task}; {nearest(request.task, clips)} Name a "
                "demo of another kind for it in params.yaml: `scripted`, `drawn_hand` or `file`."
            )
        clip = clips[request.task]
        path = fetch(clip.url, clip.sha256, request.cache / "demos")
        return from_clip(path, request.frames, request, {"url": clip.url, "sha256": clip.sha256})


PARTS = {"published": (PublishedSettings, "Published")}
