"""Videos of a hand, drawn by code: what stands in for Something-Something v2 below paper scale."""

from typing import ClassVar, Literal

from pydantic import Field, PositiveInt

from showtell.study.settings import VideosSettings


class DrawnHandSettings(VideosSettings):
    """How many videos are drawn, and how large."""

    drawn: ClassVar[bool] = True
    note: ClassVar[str] = (
        "Trained on videos of a hand, drawn by code: it has seen neither the robot nor its scenes, "
        "but hands that do what its tasks ask for, such as opening a drawer of another look. The "
        "published networks learned from 168,913 videos of people."
    )

    kind: Literal["drawn_hand"]
    videos: int = Field(ge=20)  # every tenth is held out for validation, every fiftieth for a test
    height: PositiveInt  # of a video, in pixels; 240 in Something-Something v2


PARTS = {"drawn_hand": (DrawnHandSettings, "DrawnHandSettings")}
