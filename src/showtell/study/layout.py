"""Where every result lies: one table of paths, for the rules and for whoever reads results."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from showtell.project.errors import UserError

_RESULTS = "results/{scale}"
_EXPERIMENT = _RESULTS + "/{paper}/{experiment}"
TRAINING = _EXPERIMENT + "/{task}/{method}/seed{seed}/{phase}"
EVALUATION = TRAINING + "/evaluation"
STUDY = _EXPERIMENT + "/{task}/studies/{study}"
COMPARISON = _EXPERIMENT + "/compare"
FIGURE = _EXPERIMENT + "/figures/{figure}"
ENCODER = _RESULTS + "/models/{encoder}"
DEMO = _RESULTS + "/demos/{demo}/{task}"
GOAL = _RESULTS + "/goals/{goal}/{task}"
REPORT = _RESULTS + "/report"
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
    """The paths below the results of one scale."""

    results: Path  # results/<scale>

    @classmethod
    def of(cls, scale: str) -> "Layout":
        """The layout of one scale, from the repository's root."""
        return cls(Path(_RESULTS.format(scale=scale)))

    def training(self, paper: str, experiment: str, run: Run) -> Path:
        """The folder of one training."""
        return self._path(TRAINING, locals() | run._asdict())

    def evaluation(self, paper: str, experiment: str, run: Run) -> Path:
        """The folder of the evaluation of one training."""
        return self._path(EVALUATION, locals() | run._asdict())

    def study(self, paper: str, experiment: str, task: str, study: str) -> Path:
        """The table of one study on one task."""
        return self._path(STUDY + ".csv", locals())

    def comparison(self, paper: str, experiment: str) -> Path:
        """The folder of one experiment's summary and claims."""
        return self._path(COMPARISON, locals())

    def figure(self, paper: str, experiment: str, figure: str, suffix: str) -> Path:
        """One file of a figure: svg, pdf, csv or provenance.json."""
        return self._path(FIGURE + ".{suffix}", locals())

    def encoder(self, encoder: str) -> Path:
        """The folder of one frozen network."""
        return self._path(ENCODER, locals())

    def demo(self, demo: str, task: str) -> Path:
        """The demonstrations of one task."""
        return self._path(DEMO + "/demo.npz", locals())

    def goal(self, goal: str, task: str) -> Path:
        """The embedding of one goal on one task."""
        return self._path(GOAL + ".safetensors", locals())

    def page(self, study: str | None = None) -> Path:
        """The report of the papers, or of a study of one's own; without a suffix."""
        return self._path(OWN_REPORT, locals()) if study else self._path(REPORT)

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

    def _path(self, template: str, names: Mapping[str, object] | None = None) -> Path:
        below = template.removeprefix(_RESULTS + "/")
        return self.results / (below.format(**names) if names else below)


def _pattern(template: str) -> re.Pattern[str]:
    below = re.escape(template.removeprefix(_RESULTS + "/"))
    groups = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", below)
    return re.compile(groups.replace("(?P<seed>[^/]+)", r"(?P<seed>\d+)") + "(/|$)")


_TRAINING = _pattern(TRAINING)
