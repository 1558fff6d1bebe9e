"""What an experiment left on disk, read into plain numbers: one score a seed."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, field_validator

from showtell.learners.checkpoints import policy_name
from showtell.project import seeds
from showtell.project.files import read_json
from showtell.results.table import Table
from showtell.study.layout import Layout, Run

Role = Literal["true reward", "no reward"]
METRICS = ("success", "success_any", "success_final", "success_always", "return")
Key = TypeVar("Key")
_ROLES: dict[str, Role] = {"true_reward": "true reward", "zero": "no reward"}


class Method(BaseModel):
    """One method of an experiment: what it is called, what a sweep set, its reward."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str  # in full: text-alpha0.5
    label: str
    variant: dict[str, Any] = {}  # what a sweep set: {alpha: 0.5}
    reward: dict[str, Any]

    @property
    def role(self) -> Role | None:
        """Whether it marks an end of the scale on which learned rewards lie."""
        return _ROLES.get(self.reward["kind"])


class Incompatible(NamedTuple):
    """A method that cannot run on a task."""

    task: str
    method: str
    why: str


class Home(BaseModel):
    """The experiment whose trainings of a method are read, on some tasks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: str
    experiment: str
    tasks: tuple[str, ...]


class Comparison(BaseModel):
    """What is compared in one experiment: the job of `compare`, `figure`, and of the report."""

    # The job also carries its fingerprint, and a figure's job the figure.
    model_config = ConfigDict(frozen=True, extra="ignore")

    root: int
    address: tuple[str | int, ...]
    paper: str
    experiment: str
    tasks: tuple[str, ...]
    left_out: tuple[str, ...] = ()  # tasks of the experiment that this scale does not run
    worlds: dict[str, dict[str, Any]] = {}
    methods: dict[str, Method]  # by full name, in the order of the parameters
    seeds: int
    phases: tuple[str, ...] = ("train",)
    only: dict[str, tuple[str, ...]] = {}  # phase -> the methods that go through it, if not all
    trained_elsewhere: dict[str, Home] = {}  # by method
    evaluate: dict[str, Any]
    studies: dict[str, dict[str, Any]] = {}
    demos: tuple[tuple[str, str], ...] = ()  # (demo, task) that its methods are given
    figures: tuple[dict[str, Any], ...] = ()  # name and settings of each
    incompatible: tuple[Incompatible, ...] = ()  # left out of the grid
    trained_here: tuple[str, ...] = ()  # encoders: stand-ins for published ones

    @field_validator("methods", mode="before")
    @classmethod
    def _by_name(cls, methods: list[dict[str, Any]]) -> dict[str, Any]:
        """A job has them as a list: the keys of its mappings are sorted."""
        return {method["name"]: method for method in methods}

    @property
    def policies(self) -> tuple[str, ...]:
        """How policies act in the evaluation, and which checkpoints are evaluated."""
        checkpoints = self.evaluate.get("checkpoints", ["last"])
        return tuple(
            policy_name(actions, checkpoint)
            for checkpoint in checkpoints
            for actions in self.evaluate["actions"]
        )

    @property
    def runs(self) -> list[Run]:
        """Every training, in the order of tasks, methods and seeds."""
        return [
            Run(task, method, seed, phase)
            for task in self.tasks
            for method in self.methods
            if task in self.tasks_of(method)
            for seed in range(self.seeds)
            for phase in self.phases_of(method)
        ]

    def tasks_of(self, method: str) -> tuple[str, ...]:
        """The tasks that one method runs on."""
        out = {entry.task for entry in self.incompatible if entry.method == method}
        return tuple(task for task in self.tasks if task not in out)

    def study_tasks(self, study: str) -> tuple[str, ...]:
        """The tasks that a study is measured on."""
        return tuple(self.studies[study].get("tasks") or self.tasks)

    def home(self, run: Run) -> tuple[str, str]:
        """The paper and the experiment that make a training."""
        home = self.trained_elsewhere.get(run.method)
        if home is None or run.task not in home.tasks:
            return self.paper, self.experiment
        return home.paper, home.experiment

    def phases_of(self, method: str) -> tuple[str, ...]:
        """The phases that one method goes through."""
        return tuple(p for p in self.phases if method in self.only.get(p, (method,)))

    def generator(self, *purpose: str | int) -> np.random.Generator:
        """The stream of one statistic."""
        return seeds.generator(self.root, *self.address, "statistics", *purpose)


@dataclass(frozen=True)
class Results:
    """Everything that exists of one experiment."""

    comparison: Comparison
    scores_of: dict[Run, dict[str, dict[str, float]]]  # run -> policy -> metric -> mean
    progress: dict[Run, Table]
    studies: dict[tuple[str, str], Table]  # (task, study) -> its table
    videos: dict[Run, Path] = field(default_factory=dict)  # a rollout of each trained policy
    demos: dict[str, Path] = field(default_factory=dict)  # task -> its demonstrations
    strips: dict[tuple[str, str], Path] = field(default_factory=dict)  # (task, study) -> its frames
    numbers: tuple[Path, ...] = ()  # the files that all these numbers are read from

    def scores(
        self, method: str, phase: str, policy: str, metric: str, task: str | None = None
    ) -> dict[str, list[float]]:
        """Task -> one number a seed, in the order of the seeds; a task without any is left out."""
        found: dict[str, list[float]] = {}
        for run in sorted(self.scores_of):
            wanted = run.method == method and run.phase == phase and task in (None, run.task)
            if wanted and policy in self.scores_of[run]:
                found.setdefault(run.task, []).append(self.scores_of[run][policy][metric])
        return found

    def seeds_of(self, method: str, phase: str) -> int:
        """How many seeds of a method are evaluated, on the task that has fewest."""
        runs = [run for run in self.scores_of if (run.method, run.phase) == (method, phase)]
        tasks = self.comparison.tasks_of(method)
        return min((sum(run.task == task for run in runs) for task in tasks), default=0)

    @cached_property
    def missing(self) -> list[Run]:
        """Trainings that should have been evaluated and are not."""
        return [run for run in self.comparison.runs if run not in self.scores_of]

    def study_tables(self, study: str) -> dict[str, Table]:
        """Task -> table of one study, in the order of its tasks."""
        if study not in self.comparison.studies:
            return {}
        tasks = self.comparison.study_tasks(study)
        return {task: self.studies[task, study] for task in tasks if (task, study) in self.studies}

    def study_settings(self, study: str) -> dict[str, Any]:
        """The settings of one study."""
        found: dict[str, Any] = self.comparison.studies[study]["study"]
        return found

    def curves(
        self, method: str, phase: str, task: str, column: str
    ) -> tuple[list[int], dict[int, list[float]]]:
        """Steps that all seeds share, and seed -> its values at them."""
        lines = {
            run.seed: dict(zip(table.numbers("step"), table.numbers(column), strict=True))
            for run, table in sorted(self.progress.items())
            if (run.task, run.method, run.phase) == (task, method, phase)
        }
        shared = sorted(set.intersection(*map(set, lines.values()))) if lines else []
        return [int(step) for step in shared], {
            seed: [line[step] for step in shared] for seed, line in lines.items()
        }


def read(comparison: Comparison, results: Path) -> Results:
    """What exists of one experiment under `results/<replicate>`; some of it may be missing."""
    plan, layout = comparison, Layout(results)
    where = (plan.paper, plan.experiment)
    evaluations = _existing(
        {run: layout.evaluation(*plan.home(run), run) / "episodes.csv" for run in plan.runs}
    )
    curves = _existing(
        {run: layout.training(*plan.home(run), run) / "progress.csv" for run in plan.runs}
    )
    videos = _existing(
        {run: layout.evaluation(*plan.home(run), run) / "rollout.mp4" for run in plan.runs}
    )
    studies = _existing(
        {
            (task, study): layout.study(*where, task, study)
            for study in plan.studies
            for task in plan.study_tasks(study)
        }
    )
    strips = _existing({key: layout.strips(*where, *key) for key in studies})
    demos = _existing({task: layout.demo(demo, task) for demo, task in plan.demos})
    scores = {run: _scores(path, plan.evaluate["episodes"]) for run, path in evaluations.items()}
    wanted = set(plan.policies)
    return Results(
        plan,
        {run: found for run, found in scores.items() if wanted <= found.keys()},  # or it is stale
        {run: _curve(path) for run, path in curves.items()},
        {key: Table.read(path) for key, path in studies.items()},
        videos,
        demos,
        strips,
        numbers=(*evaluations.values(), *curves.values(), *studies.values()),
    )


def _existing(paths: dict[Key, Path]) -> dict[Key, Path]:
    return {key: path for key, path in paths.items() if path.exists()}


def _curve(path: Path) -> Table:
    """A learning curve, of which the steps grow."""
    table = Table.read(path, key=("step",))
    steps = table.numbers("step")
    if steps != sorted(steps):
        raise table.damaged("has steps that do not grow")
    return table


def _scores(path: Path, episodes: int) -> dict[str, dict[str, float]]:
    """Policy -> metric -> mean over the episodes."""
    table = Table.read(path, key=("policy", "episode"))
    if lacking := sorted(set(METRICS) - set(table.columns)):
        raise table.damaged(f"has no column {lacking[0]!r}")
    found = {policy: table.where(policy=policy) for policy in table.distinct("policy")}
    for policy, rows in found.items():
        if len(rows.rows) != episodes:
            if _asked_for(path) not in (episodes, None):  # by other parameters: stale
                return {}
            raise table.damaged(f"has {len(rows.rows)} of {episodes} episodes of {policy}")
    return {
        policy: {metric: _mean(rows, metric) for metric in METRICS}
        for policy, rows in found.items()
    }


def _asked_for(path: Path) -> int | None:
    """How many episodes the evaluation that wrote this file was to play, where that is known."""
    try:
        return int(read_json(path.with_name("provenance.json"))["job"]["evaluate"]["episodes"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _mean(table: Table, column: str) -> float:
    mean = float(np.mean(table.numbers(column)))
    if np.isnan(mean):
        raise table.damaged(f"has an empty cell in column {column!r}")
    return mean
