"""A paper's ledger: what it published, what it claims, and where anything here differs from it."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from showtell.project.errors import UserError, nearest

Scale = Literal["smoke", "mini", "desk", "paper"]
Policy = Literal["deterministic", "stochastic"]
Share = Literal["every", "most", "any"]
Setting = dict[str, float]  # values of a reward's settings that tell one method: {alpha: 0}
_HERE = Path(__file__).parent


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Facts(_Entry):
    """Which paper this is."""

    title: str
    authors: str
    venue: str
    arxiv: str
    code: str
    summary: str  # one sentence, in our own words


class Measured(_Entry):
    """Where a number of ours stands: the row of summary.csv that answers a published value."""

    method: str  # may be a pattern: text*
    metric: str
    policy: Policy
    phase: str = "pretrain"


class Published(_Entry):
    """One number of the paper."""

    id: str
    label: str
    value: float
    ci: tuple[float, float] | None = None
    where: str  # page, figure or table
    read: Literal["stated", "digitised"]
    experiment: str
    measured: Measured | None = None


class Above(Measured):
    """One method beats another: the interval of the difference of their IQMs lies above zero."""

    kind: Literal["above"]
    versus: str
    share: Share = "every"


class AtLeast(Measured):
    """A method reaches a value: the whole interval of its IQM does."""

    kind: Literal["at_least"]
    value: float
    share: Share = "every"


class LandscapePeak(_Entry):
    """The reward is largest at the goal: the argmax of a curve lies within a distance of it."""

    kind: Literal["landscape_peak"]
    study: str = "landscape"
    method: str
    at: float
    within: float
    unit: str
    share: Share = "every"


class SameShape(_Entry):
    """Two reward curves have one shape: their rank correlation reaches a value."""

    kind: Literal["same_shape"]
    study: str = "landscape"
    method: str
    reference: Setting  # which of the matched methods the others are compared with
    value: float
    share: Share = "every"


class Order(_Entry):
    """A study's number is lower for one method than for another: their intervals are apart."""

    kind: Literal["order"]
    study: str
    column: str
    rows: dict[str, str] = {}  # which of its rows: {against: success}
    method: str  # pattern of the methods that should have the lower number
    than: Setting  # which of the matched methods they should be lower than
    share: Share = "every"


Test = Annotated[Above | AtLeast | LandscapePeak | SameShape | Order, Field(discriminator="kind")]


class Caveat(_Entry):
    """What a verdict does not mean, at some scales."""

    scales: tuple[Scale, ...]
    text: str


class Claim(_Entry):
    """One claim, in our own words, and how it is put to a test here."""

    id: str
    text: str
    where: str
    origin: Literal["paper", "control"] = "paper"  # a control is ours: it makes claims mean more
    experiment: str
    measured: str  # how it is measured here
    test: Test | None = None  # None: no test here yet; the claim is listed all the same
    figure: str | None = None
    caveats: tuple[Caveat, ...] = ()

    def caveat(self, scale: str) -> str | None:
        """What its verdict does not mean at this scale."""
        return " ".join(c.text for c in self.caveats if scale in c.scales) or None


class Deviation(_Entry):
    """One place where the paper, its code and this project do not agree."""

    id: str
    title: str
    paper: str
    code: str  # what the published code does
    here: str
    why: str
    switch: str | None = None  # the key in params.yaml that undoes it
    scales: tuple[Scale, ...] = ("smoke", "mini", "desk", "paper")
    banner: bool = False  # weighty enough for the top of the report


class FigureFacts(_Entry):
    """What stands around a figure."""

    title: str
    where: str  # the paper's figure that it answers
    caption: str
    of_policies: bool = True  # then success, protocol and the use of the truth are said below it


class Protocol(_Entry):
    """How one experiment is run and judged, in sentences for a reader."""

    title: str
    learning: str
    evaluation: str
    oracle: str  # every use of the ground truth


class Ledger(_Entry):
    """Everything the report says about a paper, as data."""

    paper: Facts
    experiments: dict[str, Protocol]
    published: tuple[Published, ...]
    claims: tuple[Claim, ...]
    deviations: tuple[Deviation, ...]
    figures: dict[str, dict[str, FigureFacts]]  # experiment -> figure -> what stands around it

    @model_validator(mode="after")
    def _names_are_known(self) -> "Ledger":
        for kind in ("published", "claims", "deviations"):
            ids = [entry.id for entry in getattr(self, kind)]
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"{kind}: the id {twice[0]!r} is given twice; ids are addresses.")
        mentions = [(e.id, e.experiment) for e in self.published]
        mentions += [(e.id, e.experiment) for e in self.claims]
        for name, experiment in mentions:
            if experiment not in self.experiments:
                hint = nearest(experiment, self.experiments)
                raise ValueError(f"{name}: no experiment {experiment!r}; {hint}")
        for claim in self.claims:
            figures = self.figures.get(claim.experiment, {})
            if claim.figure is not None and claim.figure not in figures:
                hint = nearest(claim.figure, figures)
                raise ValueError(f"{claim.id}: no figure {claim.figure!r}; {hint}")
        return self


def ledger_path(paper: str) -> Path:
    """Where a paper's ledger is."""
    path = _HERE / paper / "ledger.yaml"
    if not path.exists():
        known = [entry.parent.name for entry in _HERE.glob("*/ledger.yaml")]
        raise UserError(f"no ledger for the paper {paper!r} ({path}); {nearest(paper, known)}")
    return path


def load(path: Path) -> Ledger:
    """Read and check a ledger."""
    return _load(path, path.stat().st_mtime_ns)


@cache
def _load(path: Path, _changed: int) -> Ledger:
    try:
        value: Any = yaml.safe_load(path.read_text())
        return Ledger.model_validate(value)
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    except ValidationError as error:
        issues = [
            f"{path}: {'.'.join(map(str, issue['loc'])) or 'ledger'}: {issue['msg']}"
            for issue in error.errors()
        ]
        raise UserError("\n".join(issues)) from None
