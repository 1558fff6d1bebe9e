"""The grid: which jobs a study needs, and everything each of them depends on.

Pure functions of the parameters. A job's specification holds all that can change its result and
nothing else (no path, no scale, no thread count): editing one value changes exactly the
specifications that read it, and those are the jobs that run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from showtell.project.errors import UserError, nearest
from showtell.project.files import canonical_json
from showtell.project.fingerprint import fingerprint
from showtell.project.parameters import Experiment, Parameters
from showtell.project.registry import part


@dataclass(frozen=True)
class Cell:
    """One training: a task, a method and a seed of an experiment of a paper."""

    paper: str
    experiment: str
    task: str
    method: str
    seed: int

    @property
    def address(self) -> list[str | int]:
        """Its branch of the seed tree."""
        return [self.paper, self.experiment, self.task, self.method, self.seed]


def methods(experiment: Experiment) -> dict[str, BaseModel]:
    """Every method by its full name, sweeps expanded: `text-alpha0.5`."""
    expanded: dict[str, BaseModel] = {}
    for name, method in experiment.methods.items():
        variants = {name: method.reward}
        for key, values in method.sweep.items():
            variants = {
                f"{variant}-{key}{value}": type(reward).model_validate(
                    reward.model_dump() | {key: value}
                )
                for variant, reward in variants.items()
                for value in values
            }
        expanded |= variants
    return expanded


def variants(experiment: Experiment, names: list[str]) -> dict[str, BaseModel]:
    """The expanded methods that these methods stand for."""
    return {
        full: reward
        for name in names
        for full, reward in methods(experiment).items()
        if full == name or full.startswith(f"{name}-")
    }


@dataclass(frozen=True)
class Grid:
    """The jobs of a study."""

    parameters: Parameters

    def experiments(self) -> Iterator[tuple[str, str, Experiment]]:
        """(paper, name, experiment) for each that this scale runs."""
        for paper, entry in self.parameters.papers.items():
            for name, experiment in entry.experiments.items():
                if not experiment.skip:
                    yield paper, name, experiment

    def cells(self, paper: str, name: str) -> list[Cell]:
        """Every training of one experiment."""
        experiment = self.experiment(paper, name)
        return [
            Cell(paper, name, task, method, seed)
            for task in experiment.tasks
            for method in methods(experiment)
            for seed in range(experiment.seeds)
        ]

    def experiment(self, paper: str, name: str) -> Experiment:
        """One experiment by name."""
        known = self.parameters.papers
        if paper not in known:
            raise UserError(f"there is no paper {paper!r}; {nearest(paper, known)}")
        if name not in known[paper].experiments:
            raise UserError(
                f"{paper} has no experiment {name!r}; {nearest(name, known[paper].experiments)}"
            )
        return known[paper].experiments[name]

    def reward(self, cell: Cell) -> BaseModel:
        """The reward that pays the agent of one cell."""
        known = methods(self.experiment(cell.paper, cell.experiment))
        if cell.method not in known:
            raise UserError(
                f"{cell.paper}/{cell.experiment} has no method {cell.method!r}; "
                f"{nearest(cell.method, known)}"
            )
        return known[cell.method]

    def goal_of(self, reward: BaseModel) -> str | None:
        """The goal that a reward compares with, if it has one."""
        return getattr(reward, "goal", None)

    # --- specifications, one function a job ---

    def encoder_job(self, encoder: str) -> str:
        """Making or fetching one frozen network."""
        settings = self.parameters.encoders[encoder]
        train = getattr(settings, "train", None)
        job = "train_encoder" if train is not None else "fetch_encoder"
        modules = [_module("nets", settings)]
        if train is not None:
            modules.append(_module("data", train.dataset))
        return self._job(job, modules, encoder=_plain(settings), address=["encoder", encoder])

    def goal_job(self, goal: str, task: str) -> str:
        """Turning what is shown or told into one target."""
        settings = self.parameters.goals[goal]
        encoder = self.parameters.encoders[settings.encoder]
        return self._job(
            "embed_goal",
            [_module("goals", settings), _module("nets", encoder)],
            goal=_plain(settings),
            encoder=_without_training(encoder),
            prompts=_plain(self.parameters.tasks[task].prompts),
            address=["goal", goal, task],
        )

    def train_job(self, cell: Cell, phase: str) -> str:
        """One training."""
        experiment = self.experiment(cell.paper, cell.experiment)
        reward = self.reward(cell)
        if phase == "finetune":
            assert experiment.finetune is not None
            learner, reward = experiment.finetune.learner, experiment.finetune.reward
        else:
            learner = experiment.pretrain.learner
        task, goal, encoder = self._context(cell.task, reward)
        learner_settings = self.parameters.learners[learner]
        return self._job(
            "train",
            [
                *(_module("worlds", task.world), _module("rewards", reward)),
                *(_module("learners", learner_settings), *self._modules(goal, encoder)),
            ],
            task=_plain(task),
            reward=_plain(reward),
            goal=_plain(goal),
            encoder=_without_training(encoder),
            learner=_plain(learner_settings),
            address=[*cell.address, phase],
        )

    def evaluate_job(self, cell: Cell, phase: str) -> str:
        """Judging one policy."""
        experiment = self.experiment(cell.paper, cell.experiment)
        entry = experiment.finetune if phase == "finetune" else experiment.pretrain
        assert entry is not None
        learner = self.parameters.learners[entry.learner]
        task = self.parameters.tasks[cell.task]
        return self._job(
            "evaluate",
            [_module("worlds", task.world), _module("learners", learner)],
            task=_plain(task),
            learner=_plain(learner),
            evaluate=_plain(experiment.evaluate),
            address=[*cell.address, phase],
        )

    def measure_job(self, paper: str, name: str, task: str, study: str) -> str:
        """One study of rewards on one task."""
        entry = self.experiment(paper, name).studies[study]
        rewards = self.study_rewards(paper, name, study)
        world, goal, encoder = self._context(task, next(iter(rewards.values())))
        return self._job(
            "measure",
            [
                *(_module("studies", entry.study), _module("worlds", world.world)),
                *(_module("rewards", reward) for reward in rewards.values()),
                *self._modules(goal, encoder),
            ],
            study=_plain(entry.study),
            task=_plain(world),
            rewards={method: _plain(reward) for method, reward in rewards.items()},
            goal=_plain(goal),
            encoder=_without_training(encoder),
            address=[paper, name, task, study],
        )

    def compare_job(self, paper: str, name: str) -> str:
        """Putting an experiment's methods side by side."""
        return self._job("compare", [f"showtell.papers.{paper}"], **self.comparison(paper, name))

    def figure_job(self, paper: str, name: str, figure: str) -> str:
        """One figure of one experiment."""
        return self._job(
            "figure",
            [f"showtell.papers.{paper}.figures"],
            figure=figure,
            **self.comparison(paper, name),
        )

    def report_job(self, scale: str, changes: list[dict[str, Any]]) -> str:
        """The page."""
        papers: dict[str, Any] = {}
        for paper, name, _ in self.experiments():
            entry = papers.setdefault(
                paper, {"title": self.parameters.papers[paper].title, "experiments": {}}
            )
            entry["experiments"][name] = self.comparison(paper, name)
        modules = [f"showtell.papers.{paper}.figures" for paper in papers]
        return self._job(
            "report",
            modules,
            scale=scale,
            changes=changes,
            papers=papers,
            encoders={n: _plain(e) for n, e in self.parameters.encoders.items()},
        )

    def comparison(self, paper: str, name: str) -> dict[str, Any]:
        """What is compared in one experiment, as plain data."""
        experiment = self.experiment(paper, name)
        return {
            "paper": paper,
            "experiment": name,
            "tasks": experiment.tasks,
            "worlds": {
                task: _plain(self.parameters.tasks[task].world) for task in experiment.tasks
            },
            "methods": {method: _plain(reward) for method, reward in methods(experiment).items()},
            "seeds": experiment.seeds,
            "phases": phases(experiment),
            "evaluate": _plain(experiment.evaluate),
            "studies": {study: _plain(entry) for study, entry in experiment.studies.items()},
            "figures": experiment.figures,
            "address": [paper, name],
        }

    def study_rewards(self, paper: str, name: str, study: str) -> dict[str, BaseModel]:
        """The rewards that one study measures, by method."""
        experiment = self.experiment(paper, name)
        return variants(experiment, experiment.studies[study].of)

    def _context(self, task: str, reward: BaseModel) -> tuple[Any, Any, Any]:
        goal_name = self.goal_of(reward)
        goal = self.parameters.goals[goal_name] if goal_name is not None else None
        encoder = self.parameters.encoders[goal.encoder] if goal is not None else None
        return self.parameters.tasks[task], goal, encoder

    def _modules(self, goal: Any, encoder: Any) -> list[str]:
        return [] if goal is None else [_module("goals", goal), _module("nets", encoder)]

    def _job(self, job: str, modules: list[str], **settings: Any) -> str:
        closure = (f"showtell.jobs.{job}", *sorted(set(modules)))
        return canonical_json(
            {"fingerprint": fingerprint(closure), "root": self.parameters.seed, **settings}
        )


def phases(experiment: Experiment) -> list[str]:
    """The phases that every cell of an experiment goes through."""
    return ["pretrain"] if experiment.finetune is None else ["pretrain", "finetune"]


def _module(kind: str, settings: BaseModel) -> str:
    return part(kind, settings.name).module  # type: ignore[attr-defined]


def _plain(settings: Any) -> Any:
    return settings.model_dump(mode="json") if isinstance(settings, BaseModel) else settings


def _without_training(encoder: Any) -> Any:
    """An encoder as its users see it: how it was trained is in its weights, an input file."""
    if encoder is None:
        return None
    return {key: value for key, value in _plain(encoder).items() if key != "train"}
