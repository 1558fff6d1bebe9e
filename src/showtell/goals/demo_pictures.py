"""Goal images from a demonstration: a user's own pictures, or the end of a video.

HOLD's goals are pictures; where a world cannot draw its solved task, or the goal is a photograph,
they come from a file.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveInt

from showtell.goals.goal import Drawing, Target
from showtell.goals.rendered import stages_of
from showtell.goals.video import clips_of, source_of
from showtell.media.clips import fit
from showtell.nets.distance import Distance
from showtell.nets.encoder import Encoder
from showtell.study.needs import Reading
from showtell.study.settings import GoalSettings

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class DemoPicturesSettings(GoalSettings):
    """Which frames of which demonstration are the goal, and which encoder embeds them."""

    source: ClassVar[Literal["demo"]] = "demo"
    moments: ClassVar[bool] = True

    kind: Literal["demo_pictures"]
    encoder: str | None  # null: the pictures alone, for distances between pixels
    demo: str  # a name of `demos` in params.yaml, whose `frames` are all
    task: str | None = None  # which task is demonstrated there; null: the agent's own
    number: PositiveInt  # of its demonstrations, from 1
    stages: Literal["all", "last"]  # all: every frame is a goal, reached in turn; last: the last

    @property
    def several(self) -> bool:
        """A folder of pictures is a goal for each stage."""
        return self.stages == "all"

    def demonstrations(self) -> tuple[str, str | None, int] | None:
        """One demonstration of a demo."""
        return self.demo, self.task, self.number

    def reads(self) -> frozenset[Reading]:
        """Pictures, where an encoder embeds them."""
        return frozenset({"image"} if self.encoder is not None else ())


class DemoPicturesGoal:
    """Frames of a demonstration, and their embeddings where the encoder has some."""

    def __init__(self, settings: DemoPicturesSettings) -> None:
        self._settings = settings

    def embed(
        self,
        encoder: Encoder | Distance | None,
        prompts: Mapping[str, Any] | None,
        demo: "Demo | None" = None,
        drawing: Drawing | None = None,
    ) -> Target:
        """One stage a picture; without an encoder they get the size that the reward draws."""
        number = self._settings.number
        pictures = clips_of(demo, number, self._settings.demo)[number - 1]
        if self._settings.stages == "last":
            pictures = pictures[-1:]
        if encoder is None:
            assert drawing is not None
            pictures = fit(pictures, drawing.view.width, drawing.view.height)
        assert demo is not None
        return Target(
            stages=stages_of(encoder, pictures),
            baseline=None,
            source=source_of(demo, number),
        )


PARTS = {"demo_pictures": (DemoPicturesSettings, "DemoPicturesGoal")}
