"""A goal that was shown: one demonstration on video, or several (RoboCLIP, sections 3 and 4.6)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveInt

from showtell.goals.goal import Target, Vector, mean
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class VideoSettings(BaseModel):
    """Which encoder watches how many of which demonstrations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["video"]
    encoder: str
    demo: str  # a name of `demos` in params.yaml
    task: str | None = None  # which task is demonstrated there; null: the agent's own
    demos: PositiveInt
    combine: Literal["sum", "mean"]  # sum: as RoboCLIP's code does, so that k pay k times as much


class VideoGoal:
    """Watches demonstrations."""

    def __init__(self, settings: VideoSettings) -> None:
        self._settings = settings

    def embed(
        self, encoder: Encoder, prompts: Mapping[str, Any] | None, demo: "Demo | None" = None
    ) -> Target:
        """The target of the first of the demonstrations."""
        watched = shown(demo, self._settings.demos, self._settings.demo)
        vectors = encoder.video(watched)
        together = mean(vectors, encoder)
        if self._settings.combine == "sum":
            together = vectors.numpy().sum(axis=0)
        assert demo is not None
        return Target(goal=together, baseline=None, shown=story(demo, self._settings.demos))


def shown(demo: "Demo | None", count: int, name: str) -> NDArray[np.uint8]:
    """The first `count` clips of a demonstration."""
    if demo is None:
        raise UserError(
            f"this goal is shown by the demo {name!r}, but none was given; give its file as "
            "--in demo, or let the workflow do so: make reproduce"
        )
    if len(demo.frames) < count:
        raise UserError(
            f"the demo {name!r} shows the task {len(demo.frames)} times, but the goal asks for "
            f"{count}; raise the demo's count in params.yaml, or lower the goal's `demos`."
        )
    return demo.frames[:count]


def story(demo: "Demo", count: int) -> dict[str, Any]:
    """What a target remembers of what it was shown."""
    return {"demos": count, "about": dict(demo.about)}


def watch(encoder: Encoder, demo: "Demo | None", name: str) -> Vector:
    """The vector of the first clip of a demonstration."""
    return np.asarray(encoder.video(shown(demo, 1, name)).numpy()[0], dtype=np.float32)


PARTS = {"video": (VideoSettings, "VideoGoal")}
