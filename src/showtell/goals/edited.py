"""A goal that was shown and then changed in words (RoboCLIP, section 4.5, Figure 8)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from showtell.goals.goal import Target
from showtell.goals.video import story, watch
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class EditedSettings(BaseModel):
    """What is shown, and what is taken from it and put into it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["edited"]
    encoder: str
    demo: str  # a name of `demos` in params.yaml
    task: str | None = None  # which task is demonstrated there; null: the agent's own
    minus: str
    plus: str


class EditedGoal:
    """z(video) - z(minus) + z(plus)."""

    def __init__(self, settings: EditedSettings) -> None:
        self._settings = settings

    def embed(
        self, encoder: Encoder, prompts: Mapping[str, Any] | None, demo: "Demo | None" = None
    ) -> Target:
        """The edited vector, as long as it comes: the paper does not normalise it."""
        if encoder.normalised:
            raise UserError(
                f"the goal of the demo {self._settings.demo!r} is edited by adding vectors, which "
                "an encoder whose vectors all have length 1 is not made for; name a video "
                "encoder such as S3D in the goal."
            )
        watched = watch(encoder, demo, self._settings.demo)
        minus, plus = encoder.text([self._settings.minus, self._settings.plus]).numpy()
        assert demo is not None
        return Target(
            goal=watched - minus + plus,
            baseline=None,
            shown=story(demo, 1) | {"minus": self._settings.minus, "plus": self._settings.plus},
        )


PARTS = {"edited": (EditedSettings, "EditedGoal")}
