"""Where every result lies: one table of paths, for the rules and for whoever reads results."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from showtell.project.errors import UserError

_RESULTS = "results/{replicate}"
_EXPERIMENT = _RESULTS + "/{paper}/{experiment}"
TRAINING = _EXPERIMENT + "/{task}/{method}/seed{seed}/{phase}"
EVALUATION = TRAINING + "/evaluation"
STUDY = _EXPERIMENT + "/{task}/studies/{study}"
COMPARISON = _EXPERIMENT + "/compare"
FIGURE = _EXPERIMENT + "/figures/{figure}"
VIDEOS = _RESULTS + "/videos/{videos}"
ENCODER = _RESULTS + "/models/{encoder}"
DEMO = _RESULTS + "/demos/{demo}/{task}"
GOAL = _RESULTS + "/goals/{goal}/{task}"
LABELS = _RESULTS + "/labels/{task}/{kind}"  # by people: git keeps them
TABLES = _RESULTS + "/tables/{paper}/{experiment}"  # small enough for git
REPORT = _RESULTS + "/report"
PAPER_PAGE = REPORT + "/{paper}"
OWN_REPORT = _RESULTS + "/{study}/report"


class Run(NamedTuple):
    """One training of an experiment."""

    task: str
    method: str
    seed: int
    phase: str


class Place(NamedTuple):
    """The training that a file belongs to."""

    paper: str
    experiment: str
    run: Run


@dataclass(frozen=True)
class Layout:
    """The paths below the results of one replicate."""

    results: Path  # results/<replicate>

    @classmethod
    def of(cls, replicate: str) -> "Layout":
        """The layout of one replicate, from the repository's root."""
        return cls(Path(_RESULTS.format(replicate=replicate)))

    def training(self, paper: str, experiment: str, run: Run) -> Path:
        """The folder of one training."""
        return self._path(TRAINING, locals() | run._asdict())

    def evaluation(self, paper: str, experiment: str, run: Run) -> Path:
        """The folder of the evaluation of one training."""
        return self._path(EVALUATION, locals() | run._asdict())

    def study(self, paper: str, experiment: str, task: str, study: str) -> Path:
        """The table of one study on one task."""
        return self._path(STUDY + ".csv", locals())

    def strips(self, paper: str, experiment: str, task: str, study: str) -> Path:
        """The frames that figures show of one study on one task."""
        return self._path(STUDY + ".npz", locals())

    def comparison(self, paper: str, experiment: str) -> Path:
        """The folder of one experiment's summary and claims."""
        return self._path(COMPARISON, locals())

    def tables(self, paper: str, experiment: str) -> Path:
        """The folder of one experiment's small tables."""
        return self._path(TABLES, locals())

    def figure(self, paper: str, experiment: str, figure: str, suffix: str) -> Path:
        """One file of a figure: svg, pdf, csv or provenance.json."""
        return self._path(FIGURE + ".{suffix}", locals())

    def videos(self, videos: str) -> Path:
        """The folder of some videos' index and shards."""
        return self._path(VIDEOS, locals())

    def encoder(self, encoder: str) -> Path:
        """The folder of one frozen network."""
        return self._path(ENCODER, locals())

    def demo(self, demo: str, task: str) -> Path:
        """The demonstrations of one task."""
        return self._path(DEMO + "/demo.npz", locals())

    def goal(self, goal: str, task: str) -> Path:
        """The embedding of one goal on one task."""
        return self._path(GOAL + ".safetensors", locals())

    def labels(self, task: str, kind: str) -> Path:
        """The folder of the labels that people gave to one task, of one kind."""
        return self._path(LABELS, locals())

    def labelled(self) -> list[tuple[str, str]]:
        """The tasks and the kinds that have labels by people."""
        return [(names["task"], names["kind"]) for names, _ in self._existing(LABELS)]

    def page(self, study: str | None = None) -> Path:
        """The report of the papers, or of a study of one's own; without a suffix."""
        return self._path(OWN_REPORT, locals()) if study else self._path(REPORT)

    def paper_page(self, paper: str) -> Path:
        """The page of one paper, beside the report; without a suffix."""
        return self._path(PAPER_PAGE, locals())

    def parse(self, path: Path) -> Place:
        """The training that a file belongs to, by its path."""
        below = path.relative_to(self.results) if path.is_relative_to(self.results) else path
        match = _TRAINING.match(below.as_posix())
        if match is None:
            raise UserError(
                f"{path} is not in a folder {self._path(TRAINING)}; results are read by their "
                "path, so keep the folders as the pipeline makes them."
            )
        paper, experiment, task, method, seed, phase, _ = match.groups()
        return Place(paper, experiment, Run(task, method, int(seed), phase))

    def encoders(self) -> dict[str, Path]:
        """The folders of the frozen networks that exist, by name."""
        return {names["encoder"]: path for names, path in self._existing(ENCODER)}

    def comparisons(self, paper: str) -> dict[str, Path]:
        """The folders of a paper's compared experiments that exist, by experiment."""
        found = self._existing(COMPARISON, paper=paper)
        return {names["experiment"]: path for names, path in found}

    def studies(self, paper: str, experiment: str) -> dict[tuple[str, str], Path]:
        """The tables of an experiment's studies that exist, by task and study."""
        found = self._existing(STUDY + ".csv", paper=paper, experiment=experiment)
        return {(names["task"], names["study"]): path for names, path in found}

    def trainings(self, paper: str) -> list[tuple[Place, Path]]:
        """The folders of a paper's trainings that exist."""
        return [(self.parse(path), path) for _, path in self._existing(TRAINING, paper=paper)]

    def evaluations(self, task: str) -> list[tuple[Place, Path]]:
        """The folders of the evaluations of one task that exist, in any experiment."""
        return [(self.parse(path), path) for _, path in self._existing(EVALUATION, task=task)]

    def _existing(self, template: str, **known: str) -> Iterator[tuple[dict[str, str], Path]]:
        """What exists of one template, with the names in its path; `known` are given."""
        below, pattern = template.removeprefix(_RESULTS + "/"), _pattern(template)
        glob = re.sub(r"\{(\w+)\}", lambda name: known.get(name[1], "*"), below)
        for path in sorted(self.results.glob(glob)):
            match = pattern.match(path.relative_to(self.results).as_posix())
            if match is not None:
                yield match.groupdict(), path

    def _path(self, template: str, names: Mapping[str, object] | None = None) -> Path:
        below = template.removeprefix(_RESULTS + "/")
        return self.results / (below.format(**names) if names else below)


def _pattern(template: str) -> re.Pattern[str]:
    below = re.escape(template.removeprefix(_RESULTS + "/"))
    groups = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", below)
    return re.compile(groups.replace("(?P<seed>[^/]+)", r"(?P<seed>\d+)") + "(/|$)")


_TRAINING = _pattern(TRAINING)
