"""The three questions that a rater answers, and their labels (VLM-RM, §4.1 and Appendix B)."""

from typing import Literal, NamedTuple

from showtell.project.errors import UserError, nearest


class Choice(NamedTuple):
    """One answer: the key that gives it, the label that is kept, and what the page says."""

    key: str  # as browsers name it
    label: str
    text: str


class Kind(NamedTuple):
    """One question."""

    shows: Literal["video", "frame", "two videos"]
    question: str
    choices: tuple[Choice, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that an answer can have, in the order of the choices."""
        return tuple(choice.label for choice in self.choices)


KINDS: dict[str, Kind] = {
    # Figure 5: the task is done at 0, 25, 50, 75 or 100 of 100 steps; here in percent of the steps.
    "buckets": Kind(
        "video",
        "For how much of the video is this so? Choose the nearest answer.",
        (
            Choice("1", "0", "never"),
            Choice("2", "25", "a quarter"),
            Choice("3", "50", "half"),
            Choice("4", "75", "three quarters"),
            Choice("5", "100", "all of it"),
        ),
    ),
    # Appendix B, the second evaluation: whether a picture shows the goal, for EPIC.
    "frames": Kind(
        "frame",
        "Is this so at the moment of the picture?",
        (Choice("y", "yes", "yes"), Choice("n", "no", "no")),
    ),
    # Ours: the paper compares no videos side by side.
    "pairs": Kind(
        "two videos",
        "In which video is this so for longer, or more nearly so?",
        (
            Choice("ArrowLeft", "left", "left"),
            Choice("ArrowRight", "right", "right"),
        ),
    ),
}
SUCCESS_PERCENT = 50  # Table 1 and Table 2: at least half of the steps


def kind_of(name: str) -> Kind:
    """The question of this name."""
    if name not in KINDS:
        raise UserError(f"there is no kind of label {name!r}; {nearest(name, KINDS)}")
    return KINDS[name]
