"""A goal for every moment: the frames of one demonstration, followed in time (TCN)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import PositiveInt

from showtell.goals.goal import Drawing, Target, embedding_encoder
from showtell.goals.video import clips_of
from showtell.nets.distance import Distance, Stage
from showtell.nets.encoder import Encoder
from showtell.study.needs import Reading
from showtell.study.settings import GoalSettings

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class DemoFramesSettings(GoalSettings):
    """Which encoder reads the frames of which demonstration."""

    source: ClassVar[Literal["demo"]] = "demo"
    timed: ClassVar[bool] = True
    moments: ClassVar[bool] = True

    kind: Literal["demo_frames"]
    encoder: str
    demo: str  # a name of `demos` in params.yaml, whose `frames` are all
    task: str | None = None  # which task is demonstrated there; null: the agent's own
    number: PositiveInt  # of its demonstrations, from 1; HOLD averages over three

    def demonstrations(self) -> tuple[str, str | None, int] | None:
        """One demonstration of a demo."""
        return self.demo, self.task, self.number

    def reads(self) -> frozenset[Reading]:
        """Pictures."""
        return frozenset({"image"})


class DemoFramesGoal:
    """The embedding of each frame of a demonstration."""

    def __init__(self, settings: DemoFramesSettings) -> None:
        self._settings = settings

    def embed(
        self,
        encoder: Encoder | Distance | None,
        prompts: Mapping[str, Any] | None,
        demo: "Demo | None" = None,
        drawing: Drawing | None = None,
    ) -> Target:
        """One stage a frame, in order of time."""
        reads = embedding_encoder(encoder, "demo_frames")
        number = self._settings.number
        frames = clips_of(demo, number, self._settings.demo)[number - 1]
        vectors = reads.image(frames).numpy().astype(np.float32)
        assert demo is not None
        return Target(
            stages=tuple(Stage(embedding=vector) for vector in vectors),
            baseline=None,
            source={"demonstration": number, "about": dict(demo.about)},
        )


PARTS = {"demo_frames": (DemoFramesSettings, "DemoFramesGoal")}
