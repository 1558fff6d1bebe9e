"""A goal that was told: VLM-RM's goal sentence and its baseline (Definition 1)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from showtell.goals.goal import Target, Vector, mean
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class TextSettings(BaseModel):
    """Which encoder reads the task's prompts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["text"]
    encoder: str


class TextGoal:
    """Reads the task's prompts."""

    def __init__(self, settings: TextSettings) -> None:
        self._settings = settings

    def embed(
        self, encoder: Encoder, prompts: Mapping[str, Any] | None, demo: "Demo | None" = None
    ) -> Target:
        """The target of `prompts`: {goal, baseline}, each a sentence, several, or (baseline) None.

        Several are averaged. Where the encoder's vectors have length 1, so has the average, as
        Definition 1 of VLM-RM asks; its code leaves it shorter. The paper never uses several.
        """
        if prompts is None or not prompts.get("goal"):
            raise UserError(
                "this task has no prompts to be told by; add prompts.goal to the task in "
                "params.yaml."
            )
        baseline = prompts.get("baseline")
        return Target(
            goal=_mean(encoder, prompts["goal"]),
            baseline=None if baseline is None else _mean(encoder, baseline),
            shown={"prompts": dict(prompts)},
        )


def _mean(encoder: Encoder, sentences: str | list[str]) -> Vector:
    told = [sentences] if isinstance(sentences, str) else sentences
    return mean(encoder.text(told), encoder)


PARTS = {"text": (TextSettings, "TextGoal")}
