"""The grid: which trainings a study needs, and what each of them is told by its parameters."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from showtell.project.errors import UserError, nearest
from showtell.study.parameters import Experiment, Method, Parameters

PRETRAIN = "pretrain"


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
    return variants(experiment, list(experiment.methods))


def variants(experiment: Experiment, names: list[str]) -> dict[str, BaseModel]:
    """The expanded methods that these methods stand for, less those that a scale leaves out."""
    expanded: dict[str, BaseModel] = {}
    for name in names:
        method = experiment.methods.get(name)
        if method is not None and not method.skip:
            expanded |= _swept(name, method)
    return expanded


def labelled(experiment: Experiment) -> list[dict[str, Any]]:
    """Every method with its label and what a sweep set, in the order of the parameters."""
    return [
        {
            "name": full,
            "label": _label(method, name, full, variant),
            "variant": variant,
            "reward": values,
        }
        for name, method in experiment.methods.items()
        for full, reward in variants(experiment, [name]).items()
        for values in [reward.model_dump(mode="json")]
        for variant in [{key: values[key] for key in method.sweep}]
    ]


def _label(method: Method, name: str, full: str, variant: dict[str, Any]) -> str:
    """The label of a method: `α = {alpha:g}` stands for all that a sweep makes of it."""
    if method.label is None:
        return full
    if not variant:
        return method.label
    made = method.label.format(**variant)
    return f"{made}{full.removeprefix(name)}" if made == method.label else made


def figures(experiment: Experiment) -> dict[str, BaseModel]:
    """The figures of an experiment, less those of a phase that a scale leaves out."""
    known = phases(experiment)
    return {
        name: settings
        for name, settings in experiment.figures.items()
        if set(settings.needs().phases) <= set(known)
    }


def _swept(name: str, method: Method) -> dict[str, BaseModel]:
    rewards: dict[str, BaseModel] = {name: method.reward}
    for key, values in method.sweep.items():
        rewards = {
            f"{full}-{key}{value}": type(reward).model_validate(reward.model_dump() | {key: value})
            for full, reward in rewards.items()
            for value in values
        }
    return rewards


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

    def home(self, cell: Cell) -> Cell:
        """The cell whose training a cell uses: itself, or another experiment's."""
        experiment = self.experiment(cell.paper, cell.experiment)
        for name, method in experiment.methods.items():
            if method.trainings_of is not None and cell.method in variants(experiment, [name]):
                paper, _, other = method.trainings_of.partition("/")
                if cell.task in self.experiment(paper, other).tasks:
                    return replace(cell, paper=paper, experiment=other)
        return cell

    def reward(self, cell: Cell) -> BaseModel:
        """The reward that pays the agent of one cell."""
        known = methods(self.experiment(cell.paper, cell.experiment))
        if cell.method not in known:
            raise UserError(
                f"{cell.paper}/{cell.experiment} has no method {cell.method!r}; "
                f"{nearest(cell.method, known)}"
            )
        return known[cell.method]

    def paid(self, cell: Cell, phase: str) -> BaseModel:
        """The reward that pays in one phase of one cell."""
        if phase == PRETRAIN:
            return self.reward(cell)
        finetune: BaseModel = self.experiment(cell.paper, cell.experiment).finetunes[phase].reward
        return finetune

    def learner(self, cell: Cell, phase: str) -> str:
        """Who learns in one phase of one cell."""
        experiment = self.experiment(cell.paper, cell.experiment)
        if phase != PRETRAIN:
            return experiment.finetunes[phase].learner
        own = [
            method.learner
            for name, method in experiment.methods.items()
            if method.learner is not None and cell.method in variants(experiment, [name])
        ]
        return own[0] if own else experiment.pretrain.learner

    def goal_of(self, reward: BaseModel) -> str | None:
        """The goal that a reward compares with, if it has one."""
        return getattr(reward, "goal", None)

    def demo_of_goal(self, goal: str, task: str) -> tuple[str, str] | None:
        """(demo, task) that a goal is shown by, if it is shown."""
        settings = self.parameters.goals[goal]
        demo = getattr(settings, "demo", None)
        return None if demo is None else (demo, settings.task or task)

    def demos_of(self, paper: str, name: str) -> list[tuple[str, str]]:
        """(demo, task) of all that the methods of one experiment watch of its own tasks."""
        experiment = self.experiment(paper, name)
        found: set[tuple[str, str]] = set()
        for task in experiment.tasks:
            for reward in methods(experiment).values():
                goal = self.goal_of(reward)
                shown = None if goal is None else self.demo_of_goal(goal, task)
                own = getattr(reward, "demo", None)
                found |= {pair for pair in (shown, own and (own, task)) if pair is not None}
        return sorted(found)

    def study_tasks(self, paper: str, name: str, study: str) -> list[str]:
        """The tasks that one study is measured on."""
        experiment = self.experiment(paper, name)
        return experiment.studies[study].tasks or experiment.tasks

    def study_rewards(self, paper: str, name: str, study: str) -> dict[str, BaseModel]:
        """The rewards that one study measures, by method."""
        experiment = self.experiment(paper, name)
        return variants(experiment, experiment.studies[study].of)

    def study_targets(self, paper: str, name: str, task: str, study: str) -> list[tuple[str, str]]:
        """(goal, task) of every target that one study compares with, in order."""
        told = getattr(self.experiment(paper, name).studies[study].study, "told", None) or [task]
        goals = map(self.goal_of, self.study_rewards(paper, name, study).values())
        return sorted({(goal, of) for goal in goals if goal is not None for of in told})

    def study_encoders(self, paper: str, name: str, study: str) -> list[str]:
        """The encoders that one study needs, in order."""
        goals = map(self.goal_of, self.study_rewards(paper, name, study).values())
        return sorted({self.parameters.goals[g].encoder for g in goals if g is not None})


def phases(experiment: Experiment, method: str | None = None) -> list[str]:
    """The phases of an experiment, or those that one of its methods goes through."""
    return [
        PRETRAIN,
        *(
            phase
            for phase, finetune in experiment.finetunes.items()
            if not finetune.skip
            and (
                method is None or finetune.of is None or method in variants(experiment, finetune.of)
            )
        ),
    ]
