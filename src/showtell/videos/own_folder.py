"""A folder of one's own videos, without labels: mp4, webm, gif and what else FFmpeg reads."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from showtell.study.settings import VideosSettings


class OwnFolderSettings(VideosSettings):
    """Which folder, and how much of it is held out."""

    note: ClassVar[str] = "Trained on a folder of one's own videos."

    kind: Literal["own_folder"]
    folder: str  # subfolders belong to it
    validation_share: float = Field(gt=0, lt=1)  # of the videos, chosen by a hash of their names

    @property
    def source(self) -> Path:
        """Read where it lies."""
        return Path(self.folder)

    @property
    def held_out(self) -> float:
        """No label file names a split."""
        return self.validation_share


PARTS = {"own_folder": (OwnFolderSettings, "OwnFolderSettings")}
