"""A paper's ledger: what it published, what it claims, and where anything here differs from it."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from showtell.claims.controls import Control
from showtell.claims.tests import Entry, Measured, Test
from showtell.project.errors import UserError, nearest

Scale = Literal["smoke", "mini", "desk", "paper"]
DATA = ("../papers/{paper}/ledger.yaml",)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the Python one takes 0.3 s for a ledger
_PAPERS = Path(__file__).parents[1] / "papers"


class Facts(Entry):
    """Which paper this is."""

    title: str
    short: str = ""  # what the field calls it
    authors: str
    venue: str
    arxiv: str
    code: str
    summary: str  # one sentence, in our own words


class Published(Entry):
    """One number of the paper."""

    id: str
    label: str
    value: float
    words: str | None = None  # the paper's own, where a phrase stands for the number
    # times: a ratio of two numbers; steps: of the environment; number: anything else.
    unit: Literal["share", "times", "steps", "number"] = "share"
    where: str  # page, figure or table
    read: Literal["stated", "printed in a figure", "digitised"]
    experiment: str
    task: str | None = None  # of the experiment, where the number is about one of several
    measured: Measured | None = None
    answered: str | None = None  # where ours is, if no row of a summary and no claim has it


class Caveat(Entry):
    """What a verdict does not mean, at some scales."""

    scales: tuple[Scale, ...]
    text: str


class Claim(Entry):
    """One claim, in our own words, and how it is put to a test here."""

    id: str
    text: str
    where: str
    origin: Literal["paper", "control"] = "paper"  # a control is ours: it makes claims mean more
    experiment: str
    measured: str  # how it is measured here
    test: Test | None = None
    untested: str | None = None  # why nothing here tests it yet; the claim is listed all the same
    controls: tuple[str, ...] = ()  # of its experiment; it is judged only if they hold
    figure: str | None = None
    caveats: tuple[Caveat, ...] = ()

    @model_validator(mode="after")
    def _tested_or_not(self) -> "Claim":
        if self.test is None and self.untested is None:
            raise ValueError(f"{self.id}: give a test, or say under `untested` why there is none.")
        return self

    def caveat(self, scale: str) -> str | None:
        """What its verdict does not mean at this scale."""
        return " ".join(c.text for c in self.caveats if scale in c.scales) or None


class Tuned(Entry):
    """Settings that were chosen by results: which, and by the results of what."""

    settings: str  # keys of params.yaml or of a scale
    tasks: str
    seeds: str
    shown: bool  # whether results of the same tasks and seeds are shown
    how: str


class Deviation(Entry):
    """One place where the paper, its code and this project do not agree."""

    id: str
    title: str
    paper: str
    code: str  # what the published code does
    here: str
    why: str
    switch: str | tuple[str, ...] | None = None  # the keys in params.yaml that undo it
    scales: tuple[Scale, ...] = ("smoke", "mini", "desk", "paper")
    worlds: tuple[str, ...] | None = None  # matters where one of these is studied; None: anywhere
    banner: bool = False  # weighty enough for the top of the report

    @property
    def switches(self) -> tuple[str, ...]:
        """The keys in params.yaml that undo it."""
        return (self.switch,) if isinstance(self.switch, str) else self.switch or ()

    def matters(self, scale: str, worlds: Iterable[str]) -> bool:
        """Whether a reader of one scale's results needs to know, given the worlds in them."""
        return scale in self.scales and (
            self.worlds is None or not set(self.worlds).isdisjoint(worlds)
        )


class FigureFacts(Entry):
    """What stands around a figure."""

    title: str
    where: str  # the paper's figure that it answers
    caption: str
    of_policies: bool = True  # then success, protocol and the use of the truth stand below it


class Protocol(Entry):
    """How one experiment is run and judged, in sentences for a reader."""

    title: str
    learning: str
    evaluation: str
    oracle: str  # every use of the ground truth
    controls: dict[str, Control] = Field(default={})  # by name; claims say which they need


class Ledger(Entry):
    """Everything the report says about a paper, as data."""

    paper: Facts
    experiments: dict[str, Protocol]
    published: tuple[Published, ...]
    claims: tuple[Claim, ...]
    deviations: tuple[Deviation, ...]
    tuned: tuple[Tuned, ...] = ()
    figures: dict[str, dict[str, FigureFacts]]  # experiment -> figure -> what stands around it

    def protocol(self, experiment: str) -> Protocol:
        """How an experiment is run; a user's own may not be described."""
        return self.experiments.get(experiment) or Protocol(
            title=experiment.replace("-", " ").capitalize(),
            learning=f"As params.yaml says; the paper's ledger does not describe “{experiment}”.",
            evaluation="",
            oracle="Not described in the paper's ledger.",
        )

    def controls_of(self, experiment: str) -> dict[str, Control]:
        """The controls of an experiment."""
        return self.protocol(experiment).controls

    def facts(self, experiment: str, figure: str) -> FigureFacts:
        """What stands around a figure; a user's own may not be described."""
        return self.figures.get(experiment, {}).get(figure) or FigureFacts(
            title=figure.replace("-", " ").capitalize(), where="", caption=""
        )

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
            controls = self.experiments[claim.experiment].controls
            for control in claim.controls:
                if control not in controls:
                    hint = nearest(control, controls)
                    raise ValueError(f"{claim.id}: no control {control!r}; {hint}")
            figures = self.figures.get(claim.experiment, {})
            if claim.figure is not None and claim.figure not in figures:
                hint = nearest(claim.figure, figures)
                raise ValueError(f"{claim.id}: no figure {claim.figure!r}; {hint}")
        return self


def find_ledger(paper: str) -> Ledger | None:
    """A paper's ledger; a study of one's own has none."""
    path = _PAPERS / paper / "ledger.yaml"
    return load(path) if path.exists() else None


def ledger_files(papers: Iterable[str]) -> list[Path]:
    """The ledgers of those papers that have one."""
    return [path for paper in papers if (path := _PAPERS / paper / "ledger.yaml").exists()]


def undescribed(title: str) -> Ledger:
    """The ledger of a study of one's own: nothing is published, claimed or different."""
    facts = Facts(title=title, authors="", venue="", arxiv="", code="", summary="")
    return Ledger(paper=facts, experiments={}, published=(), claims=(), deviations=(), figures={})


def ledger_path(paper: str) -> Path:
    """Where a paper's ledger is."""
    path = _PAPERS / paper / "ledger.yaml"
    if not path.exists():
        known = [entry.parent.name for entry in _PAPERS.glob("*/ledger.yaml")]
        raise UserError(f"no ledger for the paper {paper!r} ({path}); {nearest(paper, known)}")
    return path


def load(path: Path) -> Ledger:
    """Read and check a ledger."""
    return _load(path, path.stat().st_mtime_ns)


@cache
def _load(path: Path, _changed: int) -> Ledger:
    try:
        value: Any = yaml.load(path.read_text(), Loader=_LOADER)
        return Ledger.model_validate(value)
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    except ValidationError as error:
        issues = [
            f"{path}: {'.'.join(map(str, issue['loc'])) or 'ledger'}: {issue['msg']}"
            for issue in error.errors()
        ]
        raise UserError("\n".join(issues)) from None
