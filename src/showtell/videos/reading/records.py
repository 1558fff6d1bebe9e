"""A video of a dataset as it is listed before anyone opens it, and why a video cannot be used."""

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class Video(NamedTuple):
    """One video, and what the label files say of it."""

    id: str
    split: str  # train, validation or test
    path: str  # from the dataset's folder, with forward slashes
    label: str | None = None  # "putting a cup onto a table"
    template: str | None = None  # "Putting [something] onto [something]"
    class_id: int | None = None  # of the template, in labels.json
    placeholders: tuple[str, ...] = ()  # "a cup", "a table"


class Reason(StrEnum):
    """Why a video is in the quarantine table and not in the index."""

    MISSING = "the labels name it, but there is no file"
    UNLABELLED = "there is a file, but no label file names it"
    DUPLICATE = "the label files name it more than once"
    TEMPLATE = "its template is not in labels.json"
    UNREADABLE = "the file cannot be opened as a video"
    BROKEN = "a frame cannot be decoded"
    TRUNCATED = "the video is shorter than its header says"
    SHORT = "the video has fewer than two frames"
    RESIZED = "frames differ in size"
    CRASHED = "the decoder ended its process"
    LARGE = "it is larger than is read"
    UNFIT = "a frame cannot be stored as JPEG"
    CHANGED = "the video has changed since it was indexed"


class Refused(NamedTuple):
    """A row of the quarantine table."""

    id: str
    path: str
    reason: Reason
    detail: str = ""


class Listing(NamedTuple):
    """The videos of a folder, in order, and those that the listing already refuses."""

    root: Path
    videos: list[Video]
    refused: list[Refused]


class VideoError(Exception):
    """A video that cannot be used; one bad video never stops a run."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)  # both, so that it crosses to another process whole
        self.reason = reason
        self.detail = detail
