"""The frames of videos, in order of time: what HOLD's networks and R3M are trained on."""

from collections.abc import Collection
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from showtell.data.samples import Request, VideoSplits
from showtell.project.files import read_json
from showtell.study.settings import DatasetSettings, Samples


class VideosDatasetSettings(DatasetSettings):
    """Which videos."""

    samples: ClassVar[Samples] = "videos"

    kind: Literal["videos"]
    videos: str  # the name of an entry of videos

    def videos_name(self) -> str | None:
        """The entry whose shards are read."""
        return self.videos

    def world_kinds(self) -> Collection[str] | None:
        """A distance learned from people is for any world: it has seen none."""
        return None


class VideosDataset:
    """Reads the shards that the workflow has packed."""

    def __init__(self, settings: VideosDatasetSettings) -> None:
        self.note = ""

    def make(
        self, generator: np.random.Generator, request: Request
    ) -> tuple[VideoSplits, VideoSplits]:
        """(training, held out): the splits `train` and `validation` of the label files."""
        # Here: settings are read in half a second, without Arrow.
        from showtell.videos.reading.shards import Videos

        assert request.videos is not None
        self.note = str(read_json(request.videos / MANIFEST)["note"])
        videos = Videos(request.videos)
        return (
            VideoSplits(videos, videos.of_split("train")),
            VideoSplits(videos, videos.of_split("validation")),
        )


MANIFEST = Path("shards.json")
PARTS = {"videos": (VideosDatasetSettings, "VideosDataset")}
