"""A goal on video: one demonstration, or several (RoboCLIP, sections 3 and 4.6)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from showtell.goals.goal import Drawing, Target, embedding_encoder, mean
from showtell.nets.distance import Distance, Vector
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError
from showtell.study.needs import Reading
from showtell.study.settings import GoalSettings

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class VideoSettings(GoalSettings):
    """Which encoder reads how many of which demonstrations."""

    source: ClassVar[Literal["demo"]] = "demo"

    kind: Literal["video"]
    encoder: str
    demo: str  # a name of `demos` in params.yaml
    task: str | None = None  # which task is demonstrated there; null: the agent's own
    demos: PositiveInt
    combine: Literal["sum", "mean"]  # sum: RoboCLIP's code, so that k demos give k times the reward

    def demonstrations(self) -> tuple[str, str | None, int] | None:
        """The first demonstrations of a demo."""
        return self.demo, self.task, self.demos

    def reads(self) -> frozenset[Reading]:
        """Clips."""
        return frozenset({"video"})


class VideoGoal:
    """The embedding of demonstrations."""

    def __init__(self, settings: VideoSettings) -> None:
        self._settings = settings

    def embed(
        self,
        encoder: Encoder | Distance | None,
        prompts: Mapping[str, Any] | None,
        demo: "Demo | None" = None,
        drawing: Drawing | None = None,
    ) -> Target:
        """The target of the first of the demonstrations."""
        reads = embedding_encoder(encoder, "video")
        clips = clips_of(demo, self._settings.demos, self._settings.demo)
        vectors = reads.video(clips)
        together = mean(vectors, normalise=reads.normalised)
        if self._settings.combine == "sum":
            together = vectors.numpy().sum(axis=0)
        assert demo is not None
        return Target.of(together, None, source_of(demo, self._settings.demos))


def clips_of(demo: "Demo | None", count: int, name: str) -> NDArray[np.uint8]:
    """The first `count` clips of a demonstration."""
    if demo is None:
        raise UserError(
            f"this goal is made from the demo {name!r}, but none was given; give its file as "
            "--in demo, or let the workflow do so: make reproduce"
        )
    if len(demo.frames) < count:
        raise UserError(
            f"the demo {name!r} shows the task {len(demo.frames)} times, but the goal asks for "
            f"{count}; raise the demo's count in params.yaml, or lower the goal's `demos`."
        )
    return demo.frames[:count]


def source_of(demo: "Demo", count: int) -> dict[str, Any]:
    """How a target describes the demonstrations that it was made from."""
    return {"demos": count, "about": dict(demo.about)}


def first_embedding(encoder: Encoder, demo: "Demo | None", name: str) -> Vector:
    """The vector of the first clip of a demonstration."""
    return np.asarray(encoder.video(clips_of(demo, 1, name)).numpy()[0], dtype=np.float32)


PARTS = {"video": (VideoSettings, "VideoGoal")}
