"""Videos of a drawn hand, through the files, reader and shards of Something-Something v2."""

import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveInt

from showtell.data.samples import Request, VideoSplits
from showtell.project.errors import UserError
from showtell.study.settings import DatasetSettings

_PARTS = 2  # of the archive


class HandVideosSettings(DatasetSettings):
    """How many videos are drawn, and how large."""

    kind: Literal["hand_videos"]
    videos: int = Field(ge=20)  # every tenth is held out for validation, every fiftieth for a test
    height: PositiveInt  # of a video, in pixels; 240 in Something-Something v2
    short_side: PositiveInt  # of the pictures that are kept

    def world_kinds(self) -> Collection[str] | None:
        """A distance learned from people is for any world: it has seen none."""
        return None


class HandVideos:
    """Draws videos, writes them as an archive, and reads that archive as it reads the real one."""

    note: ClassVar[str] = (
        "Trained on videos of a hand, drawn by code: it has seen neither the robot nor its "
        "tasks. The published networks learned from 168,913 videos of people."
    )

    def __init__(self, settings: HandVideosSettings) -> None:
        self._settings = settings

    def make(
        self, generator: np.random.Generator, request: Request
    ) -> tuple[VideoSplits, VideoSplits]:
        """(training, held out): the splits `train` and `validation` of the label files."""
        # Here: settings are read in half a second, without MuJoCo and Arrow.
        from showtell.data.hands import archive
        from showtell.data.videos.index import build_index
        from showtell.data.videos.layout import detect, listing
        from showtell.data.videos.pack import Packing, pack
        from showtell.data.videos.shards import Videos
        from showtell.data.videos.unpack import unpack

        settings = self._settings
        self._folder = tempfile.TemporaryDirectory(prefix="showtell-videos-")  # as long as `self`
        folder = Path(self._folder.name)
        root = int(generator.integers(2**31))
        for _ in archive.write(
            folder / "ssv2", folder / "drawn", settings.videos, settings.height, _PARTS, root
        ):
            pass
        unpack(detect(folder / "ssv2"))
        found = build_index(
            listing(detect(folder / "ssv2")),
            folder / "videos.parquet",
            folder / "quarantine.csv",
            folder / "journal.jsonl",
        )
        if found.refused:
            first = (folder / "quarantine.csv").read_text().splitlines()[1]
            first = (folder / "quarantine.csv").read_text().splitlines()[1]
            raise UserError(
                f"{found.refused} of {settings.videos} drawn videos cannot be read back, the first "
                f"for this reason: {first}; run the same command again."
            )
        packing = Packing(short_side=settings.short_side)
        pack(folder / "ssv2", folder / "videos.parquet", folder / "shards", packing)
        videos = Videos(folder / "shards")
        return (
            VideoSplits(videos, videos.of_split("train")),
            VideoSplits(videos, videos.of_split("validation")),
        )


PARTS = {"hand_videos": (HandVideosSettings, "HandVideos")}
