"""A goal image, rendered from the task's own world (HOLD): the end of a scripted episode.

The published goal images show the arm at the contact point, so they are moments of a success and
not a state with the objects moved alone. RLV's drawer has two: the fingers in the handle, then the
drawer open; the paper finds that without the first one the agent matches the arm alone.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import NonNegativeInt

from showtell.goals.goal import Drawing, Target
from showtell.nets.distance import Distance, Stage
from showtell.nets.encoder import Encoder, Frames
from showtell.project.errors import UserError
from showtell.study.needs import Reading
from showtell.study.settings import GoalSettings
from showtell.worlds.world import ShowsGoals

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class RenderedSettings(GoalSettings):
    """Which moments are rendered, and which encoder embeds them."""

    source: ClassVar[Literal["rendered"]] = "rendered"

    kind: Literal["rendered"]
    encoder: str | None  # null: the pictures alone, for distances between pixels
    stages: Literal["all", "last"]  # last: the final image alone
    seed: NonNegativeInt  # of the scripted episode

    @property
    def several(self) -> bool:
        """A task can have a picture for each stage."""
        return self.stages == "all"

    def reads(self) -> frozenset[Reading]:
        """Pictures, where an encoder embeds them."""
        return frozenset({"image"} if self.encoder is not None else ())


class RenderedGoal:
    """Pictures of a scripted success, and their embeddings where the encoder has some."""

    def __init__(self, settings: RenderedSettings) -> None:
        self._settings = settings

    def embed(
        self,
        encoder: Encoder | Distance | None,
        prompts: Mapping[str, Any] | None,
        demo: "Demo | None" = None,
        drawing: Drawing | None = None,
    ) -> Target:
        """One stage an image, in the order in which they are reached."""
        if drawing is None:
            raise ValueError("a rendered goal is drawn from a world, and none was given")
        if not isinstance(drawing.world, ShowsGoals):
            raise UserError(
                f"a goal image is rendered at the end of a scripted episode, and the world "
                f"{type(drawing.world).__name__} has no script for it; use one of HOLD's "
                "table-top tasks, or a goal of the kind 'text' or 'video'."
            )
        moments = drawing.world.goal_snapshots(self._settings.seed)
        pictures = drawing.draw(moments, drawing.view)
        if self._settings.stages == "last":
            pictures = pictures[-1:]
        return Target(
            stages=stages_of(encoder, pictures),
            baseline=None,
            source={"rendered": type(drawing.world).__name__, "view": list(drawing.view)},
        )


def stages_of(encoder: Encoder | Distance | None, pictures: Frames) -> tuple[Stage, ...]:
    """A stage a picture; without an embedding where the pictures themselves are compared."""
    if encoder is None or isinstance(encoder, Distance):
        return tuple(Stage(None, picture) for picture in pictures)
    vectors = encoder.image(pictures).numpy().astype(np.float32)
    return tuple(Stage(vector, picture) for vector, picture in zip(vectors, pictures, strict=True))


PARTS = {"rendered": (RenderedSettings, "RenderedGoal")}
