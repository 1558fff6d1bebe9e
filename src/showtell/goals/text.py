"""A goal in words: VLM-RM's goal sentence and its baseline (Definition 1)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from showtell.goals.goal import Drawing, Target, embedding_encoder, mean
from showtell.nets.distance import Distance, Vector
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError
from showtell.study.needs import Reading
from showtell.study.settings import GoalSettings

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class TextSettings(GoalSettings):
    """Which encoder reads the task's prompts."""

    source: ClassVar[Literal["prompts"]] = "prompts"

    kind: Literal["text"]
    encoder: str
    # Of several sentences, where the encoder's vectors have length 1. VLM-RM's Definition 1 asks
    # for a vector of length 1; its code averages and leaves the mean shorter.
    combine: Literal["normalised_mean", "mean"] = "normalised_mean"

    def reads(self) -> frozenset[Reading]:
        """Sentences."""
        return frozenset({"text"})


class TextGoal:
    """The embedding of the task's prompts."""

    def __init__(self, settings: TextSettings) -> None:
        self._settings = settings

    def embed(
        self,
        encoder: Encoder | Distance | None,
        prompts: Mapping[str, Any] | None,
        demo: "Demo | None" = None,
        drawing: Drawing | None = None,
    ) -> Target:
        """The target of `prompts`: {goal, baseline}, each a sentence, several, or (baseline) None.

        Several are averaged, as `combine` says.
        """
        if prompts is None or not prompts.get("goal"):
            raise UserError(
                "this task has no prompts, and its goal is a sentence; add prompts.goal to the "
                "task in params.yaml."
            )
        reads = embedding_encoder(encoder, "text")
        baseline = prompts.get("baseline")
        return Target.of(
            self._mean(reads, prompts["goal"]),
            None if baseline is None else self._mean(reads, baseline),
            {"prompts": dict(prompts)},
        )

    def _mean(self, encoder: Encoder, sentences: str | list[str]) -> Vector:
        several = [sentences] if isinstance(sentences, str) else sentences
        normalise = self._settings.combine == "normalised_mean" and encoder.normalised
        return mean(encoder.text(several), normalise=normalise)


PARTS = {"text": (TextSettings, "TextGoal")}
