"""A goal on video that is changed in words (RoboCLIP, section 4.5, Figure 8)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from showtell.goals.goal import Drawing, Target, embedding_encoder
from showtell.goals.video import first_embedding, source_of
from showtell.nets.distance import Distance
from showtell.nets.encoder import Encoder
from showtell.nets.known_words import checked
from showtell.project.errors import UserError
from showtell.study.needs import Reading
from showtell.study.settings import GoalSettings

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class EditedSettings(GoalSettings):
    """Which demonstration, and which sentences are subtracted and added."""

    source: ClassVar[Literal["demo"]] = "demo"

    kind: Literal["edited"]
    encoder: str
    demo: str  # a name of `demos` in params.yaml
    task: str | None = None  # which task is demonstrated there; null: the agent's own
    minus: str
    plus: str

    def demonstrations(self) -> tuple[str, str | None, int] | None:
        """The first demonstration of a demo."""
        return self.demo, self.task, 1

    def reads(self) -> frozenset[Reading]:
        """A clip and sentences."""
        return frozenset({"video", "text"})


class EditedGoal:
    """z(video) - z(minus) + z(plus)."""

    def __init__(self, settings: EditedSettings) -> None:
        self._settings = settings

    def embed(
        self,
        encoder: Encoder | Distance | None,
        prompts: Mapping[str, Any] | None,
        demo: "Demo | None" = None,
        drawing: Drawing | None = None,
    ) -> Target:
        """The edited vector; like the paper, it is not normalised."""
        reads = embedding_encoder(encoder, "edited")
        if reads.normalised:
            raise UserError(
                f"the goal of the demo {self._settings.demo!r} is edited by adding vectors, which "
                "an encoder whose vectors all have length 1 is not made for; name a video "
                "encoder such as S3D in the goal."
            )
        for key in ("minus", "plus"):
            sentence = getattr(self._settings, key)
            checked(sentence, reads.words, key, f"encoders.{self._settings.encoder}")
        video = first_embedding(reads, demo, self._settings.demo)
        minus, plus = reads.text([self._settings.minus, self._settings.plus]).numpy()
        assert demo is not None
        words = {"minus": self._settings.minus, "plus": self._settings.plus}
        return Target.of(video - minus + plus, None, source_of(demo, 1) | words)


PARTS = {"edited": (EditedSettings, "EditedGoal")}
