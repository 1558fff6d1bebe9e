"""A goal in words: VLM-RM's goal sentence and its baseline (Definition 1), and its controls."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from showtell.goals.goal import Drawing, Target, embedding_encoder, mean
from showtell.nets.distance import Distance, Vector
from showtell.nets.encoder import Encoder
from showtell.nets.known_words import Known, checked
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
    # goal and wrong: the task's prompts of these names. shuffled: the words of the goal in reverse.
    # S3D's text module takes the maximum over the words, so that their order cannot matter to it.
    sentence: Literal["goal", "wrong", "shuffled"]

    def prompt(self) -> Literal["goal", "wrong"] | None:
        """A goal in another order is still the goal."""
        return "wrong" if self.sentence == "wrong" else "goal"

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
        """The target of `prompts`: {goal or wrong, baseline}, each a sentence, several, or None.

        Several are averaged, as `combine` says. Raises a UserError where the encoder knows too few
        of their words.
        """
        key = self._settings.prompt()
        assert key is not None
        if prompts is None or not prompts.get(key):
            raise UserError(
                f"this task has no such prompt, and its goal is a sentence; add prompts.{key} to "
                "the task in params.yaml."
            )
        reads = embedding_encoder(encoder, "text")
        sentences = _several(prompts[key])
        if self._settings.sentence == "shuffled":
            sentences = [reverse(sentence) for sentence in sentences]
        baselines = _several(prompts.get("baseline") or [])
        goal, words = self._mean(reads, sentences, f"prompts.{key}")
        baseline, others = self._mean(reads, baselines, "prompts.baseline")
        assert goal is not None
        source = {
            "prompts": dict(prompts),
            "sentence": self._settings.sentence,
            "read": sentences,
            "known_words": min(one.share for one in words),
            "unknown_words": sorted({w for one in (*words, *others) for w in one.unknown}),
        }
        return Target.of(goal, baseline, source)

    def _mean(
        self, encoder: Encoder, sentences: list[str], key: str
    ) -> tuple[Vector | None, list[Known]]:
        if not sentences:
            return None, []
        name = f"encoders.{self._settings.encoder}"
        words = [checked(sentence, encoder.words, key, name) for sentence in sentences]
        normalise = self._settings.combine == "normalised_mean" and encoder.normalised
        return mean(encoder.text(sentences), normalise=normalise), words


def reverse(sentence: str) -> str:
    """The words of a sentence from the last to the first."""
    words = sentence.replace(",", "").split()
    if words == words[::-1]:
        raise UserError(
            f"prompts.goal: {sentence!r} reads the same in any other order of its words; use a "
            "longer sentence, or leave out the control that shuffles it."
        )
    return " ".join(words[::-1])


def _several(sentences: str | list[str]) -> list[str]:
    return [sentences] if isinstance(sentences, str) else sentences


PARTS = {"text": (TextSettings, "TextGoal")}
