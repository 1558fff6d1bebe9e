"""An animated hand at everyday things: another body, another scene, another camera.

RoboCLIP's demonstrations are two cartoons and a video that may not be copied; these stand in for
them, drawn by code: no robot, no simulator, nothing in common with the task but what is done.
"""

from collections.abc import Collection
from typing import Literal

import numpy as np
from pydantic import PositiveInt, model_validator

from showtell.demos.demo import Demo, Request
from showtell.media.cartoons import SCENES, cartoon
from showtell.project.errors import UserError, nearest
from showtell.project.seeds import generator
from showtell.study.settings import DemoSettings


class DrawnHandSettings(DemoSettings):
    """How many cartoons, and of how many frames."""

    kind: Literal["drawn_hand"]
    count: PositiveInt

    @model_validator(mode="after")
    def _of_some_frames(self) -> "DrawnHandSettings":
        if self.frames == "all":
            raise ValueError(
                "frames: all keeps every frame of a video, but a cartoon is drawn with as many as "
                "are asked for; set frames to a number"
            )
        return self

    def tasks(self) -> Collection[str]:
        """The tasks that the hand can do."""
        return SCENES

    def available(self) -> int:
        """Cartoons of each task."""
        return self.count


class DrawnHand:
    """Draws cartoons."""

    def __init__(self, settings: DrawnHandSettings) -> None:
        self._settings = settings

    def demonstrate(self, request: Request) -> Demo:
        """Cartoons of the task, each a little different."""
        if request.task not in SCENES:
            raise UserError(
                f"the drawn hand does not know {request.task}; {nearest(request.task, SCENES)} "
                "Name a demo of another kind for it in params.yaml: `scripted` or `file`."
            )
        if request.frames is None:
            raise ValueError("a cartoon is drawn with some number of frames, and none was given")
        size = request.frames, request.view.width, request.view.height
        dice = (
            generator(request.root, *request.address, number)
            for number in range(self._settings.count)
        )
        clips = [cartoon(request.task, one, *size) for one in dice]
        about = {"made_by": "code that draws a hand", "caption": SCENES[request.task].caption}
        return Demo(frames=np.array(clips), about=about)


PARTS = {"drawn_hand": (DrawnHandSettings, "DrawnHand")}
