"""The names that a path of results may have, and a sentence for a target that no job makes."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from showtell.project.errors import UserError, nearest
from showtell.project.replicate import Replicate
from showtell.study.grid import Grid


@dataclass(frozen=True)
class Targets:
    """The targets of a grid in one replicate."""

    grid: Grid
    replicate: str

    def names(self) -> dict[str, list[str]]:
        """Wildcard -> the names that it may have."""
        entries = [entry for _, _, entry in self.grid.experiments()]
        parameters = self.grid.parameters
        found: dict[str, Iterable[str]] = {
            "paper": parameters.papers,
            "experiment": [name for _, name, _ in self.grid.experiments()],
            "task": parameters.tasks,
            "method": [name for entry in entries for name in self.grid.variants(entry)],
            "phase": [name for entry in entries for name in self.grid.phases(entry)],
            "study": [name for entry in entries for name in entry.studies],
            "figure": [name for entry in entries for name in entry.figures],
            "demo": parameters.demos,
            "goal": parameters.goals,
            "encoder": parameters.encoders,
            "videos": parameters.videos,
        }
        return {wildcard: sorted(set(of)) for wildcard, of in found.items()}

    def check(self, targets: Iterable[str]) -> None:
        """Refuse a target in a folder of results that no job makes, with the nearest name."""
        for target in targets:
            self._check_target(target)

    def _check_target(self, target: str) -> None:
        results, replicate, *below = (*Path(target).parts, "", "")
        below = [part for part in below if part]
        if results != "results" or not below:
            return
        if replicate != self.replicate:
            options = Replicate.parse(replicate).options
            raise UserError(
                f"{target}: this run makes results/{self.replicate}; for this target say {options} "
                f"(make: {options.replace('scale', 'SCALE').replace('seed', 'SEED')})."
            )
        names = self.names()
        kinds = {"models": "encoder", "demos": "demo", "goals": "goal", "videos": "videos"}
        if below[0] in kinds:
            kind = kinds[below[0]]
            self._check(target, kind, below[1:2], names[kind])
        elif below[0] == "report":  # a page of each paper
            self._check(target, "paper", [Path(part).stem for part in below[1:2]], names["paper"])
        elif len(below) > 1 and below[0] not in ("records", "tables"):
            self._check(target, "paper", below[:1], names["paper"])
            self._check_experiment(target, *below)

    def _check_experiment(self, target: str, paper: str, name: str, *below: str) -> None:
        experiment = self.grid.experiment(paper, name)
        if not below or below[0] == "compare":
            return
        if below[0] == "figures":
            known = experiment.figures
            self._check(target, "figure", [part.split(".")[0] for part in below[1:2]], known)
            return
        studied = [self.grid.study_tasks(paper, name, study) for study in experiment.studies]
        tasks = [*experiment.tasks, *(task for of in studied for task in of)]
        self._check(target, "task", below[:1], tasks)
        if below[1:2] == ("studies",):
            study = [part.split(".")[0] for part in below[2:3]]
            self._check(target, "study", study, experiment.studies)
            return
        seeds = [f"seed{seed}" for seed in range(experiment.seeds)]
        self._check(target, "method", below[1:2], self.grid.variants(experiment))
        self._check(target, "seed", below[2:3], seeds)
        self._check(target, "phase", below[3:4], self.grid.phases(experiment))

    def _check(self, target: str, kind: str, found: Iterable[str], known: Iterable[str]) -> None:
        for name in found:
            if name not in known:
                raise UserError(f"{target}: there is no {kind} {name!r}; {nearest(name, known)}")


def refuse_unmade(targets: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a target that no job makes, with the nearest file or name."""
    files = sorted(known)
    for target in targets:
        beside = [file for file in files if Path(file).parent == Path(target).parent]
        close = difflib.get_close_matches(target, beside or files, n=1, cutoff=0.5)
        cure = f"did you mean {close[0]!r}?" if close else "`make plan` says what can be made."
        raise UserError(f"{target}: no job makes this; {cure}")


def one_of(names: Iterable[str]) -> str:
    """A wildcard constraint that matches exactly these names, or nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"
