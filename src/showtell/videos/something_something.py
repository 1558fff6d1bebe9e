"""Something-Something v2, which its users download under its licence: parts, labels or videos."""

from pathlib import Path
from typing import ClassVar, Literal

from showtell.study.settings import VideosSettings


class SomethingSomethingSettings(VideosSettings):
    """Where its parts and its labels lie."""

    note: ClassVar[str] = "Trained on Something-Something v2, as published."

    kind: Literal["something_something"]
    folder: str  # of the parts and labels.zip, or of what they unpack to

    @property
    def source(self) -> Path:
        """Unpacked where it lies."""
        return Path(self.folder)


PARTS = {"something_something": (SomethingSomethingSettings, "SomethingSomethingSettings")}
