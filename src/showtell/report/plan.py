"""What the report is about: the job that the grid writes for it, read back."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from showtell.results.reading import Comparison


class Change(BaseModel):
    """One value that a scale sets otherwise than the paper."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    paper: Any
    here: Any


class TrainedPlan(BaseModel):
    """A network that is trained here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: dict[str, Any]
    training: dict[str, Any]
    videos: str | None  # those that it learns from

    @property
    def settings(self) -> dict[str, Any]:
        """All of its settings, as params.yaml has them."""
        return {"encoder": self.encoder, "training": self.training}


class PaperPlan(BaseModel):
    """The experiments of one paper that a scale runs, and what they learn from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    order: tuple[str, ...] = ()  # of its experiments, as params.yaml has them
    experiments: dict[str, dict[str, Any]]
    networks: dict[str, TrainedPlan] = {}
    videos: dict[str, dict[str, Any]] = {}
    learners: dict[str, dict[str, Any]] = {}


class Plan(BaseModel):
    """Everything that the report needs to know besides the files it finds."""

    # The job also carries its fingerprint.
    model_config = ConfigDict(frozen=True, extra="ignore")

    root: int
    scale: str
    changes: tuple[Change, ...] = ()
    study: str = ""  # the file of a study of one's own
    papers: dict[str, PaperPlan]
    encoders: dict[str, dict[str, Any]] = {}

    @property
    def differences(self) -> list[Change]:
        """The changes value by value: what is a mapping here has a line for each of its keys."""
        return [leaf for change in self.changes for leaf in _leaves(change)]

    def differences_of(self, paper: str) -> list[Change]:
        """Those that one paper may read: all but the other papers' own."""
        own = f"papers.{paper}."
        return [c for c in self.differences if c.key.startswith(own) or c.key[:7] != "papers."]

    def comparison(self, entry: dict[str, Any]) -> Comparison:
        """One experiment of a paper."""
        return Comparison.model_validate(entry | {"root": self.root})


def _leaves(change: Change) -> Iterator[Change]:
    if not isinstance(change.here, dict):
        yield change
        return
    paper = change.paper if isinstance(change.paper, dict) else {}
    for key, here in change.here.items():
        inner = Change(key=f"{change.key}.{key}", paper=paper.get(key), here=here)
        yield from _leaves(inner)
