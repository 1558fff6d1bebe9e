"""The grid: which trainings a study needs, and what the parameters say of each of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from showtell.project.errors import UserError, nearest
from showtell.study.checks import Misfit, learner_of_studies, misfits_of
from showtell.study.needs import Needs, union
from showtell.study.parameters import Experiment, Method, Parameters, Task, swept
from showtell.study.settings import (
    FigureSettings,
    GoalSettings,
    LearnerSettings,
    Picture,
    RewardSettings,
    StudySettings,
)

TRAIN = "train"


@dataclass(frozen=True)
class Cell:
    """One training: a task, a method and a seed of an experiment of a paper."""

    paper: str
    experiment: str
    task: str
    method: str
    seed: int

    def address(self, phase: str) -> list[str | int]:
        """The branch of the seed tree of one of its phases."""
        # The first phase draws from the branch "pretrain", its former name: so no number changed.
        branch = "pretrain" if phase == TRAIN else phase
        return [self.paper, self.experiment, self.task, self.method, self.seed, branch]


class Variant(NamedTuple):
    """A method with one value of each setting that it sweeps."""

    method: Method
    reward: RewardSettings
    values: dict[str, Any]  # what the sweep set
    label: str


@dataclass(frozen=True)
class Grid:
    """The jobs of a study."""

    parameters: Parameters

    def experiments(self) -> Iterator[tuple[str, str, Experiment]]:
        """(paper, name, experiment) for each that this scale runs."""
        for paper, entry in self.parameters.papers.items():
            for name, experiment in entry.experiments.items():
                yield paper, name, experiment

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

    def task(self, name: str) -> Task:
        """One task by name."""
        if name not in self.parameters.tasks:
            raise UserError(f"there is no task {name!r}; {nearest(name, self.parameters.tasks)}")
        return self.parameters.tasks[name]

    def variants(
        self, experiment: Experiment, names: list[str] | None = None
    ) -> dict[str, Variant]:
        """Every method by its full name, sweeps expanded: `text-alpha0.5`."""
        found: dict[str, Variant] = {}
        for name in experiment.methods if names is None else names:
            if (method := experiment.methods.get(name)) is None:
                continue
            reward = self.parameters.rewards[method.reward]
            for suffix, (one, values) in swept(reward, method.sweep).items():
                label = _label(method, name, name + suffix, values)
                found[name + suffix] = Variant(method, one, values, label)
        return found

    @cached_property
    def misfits(self) -> dict[tuple[str, str], list[Misfit]]:
        """(paper, experiment) -> pairs of task and method that are left out, and why."""
        return {
            key: found
            for key, found in misfits_of(self.parameters).items()
            if self.experiment(*key).incompatible == "skip"
        }

    def methods_on(self, paper: str, name: str, task: str) -> list[str]:
        """The full names of the methods that run on one task."""
        experiment = self.experiment(paper, name)
        out = {m.method for m in self.misfits.get((paper, name), ()) if m.task == task}
        kept = [method for method in experiment.methods if method not in out]
        return list(self.variants(experiment, kept))

    def cells(self, paper: str, name: str) -> list[Cell]:
        """Every training of one experiment."""
        experiment = self.experiment(paper, name)
        return [
            Cell(paper, name, task, method, seed)
            for task in experiment.tasks
            for method in self.methods_on(paper, name, task)
            for seed in range(experiment.seeds)
        ]

    def home(self, cell: Cell) -> Cell:
        """The cell whose training a cell uses: itself, or another experiment's."""
        origin = self.variant(cell).method.trainings_of
        if origin is None:
            return cell
        paper, _, experiment = origin.partition("/")
        if cell.task not in self.experiment(paper, experiment).tasks:
            return cell
        return replace(cell, paper=paper, experiment=experiment)

    def variant(self, cell: Cell) -> Variant:
        """The method of one cell."""
        known = self.variants(self.experiment(cell.paper, cell.experiment))
        if cell.method not in known:
            raise UserError(
                f"{cell.paper}/{cell.experiment} has no method {cell.method!r}; "
                f"{nearest(cell.method, known)}"
            )
        return known[cell.method]

    def reward(self, cell: Cell, phase: str = TRAIN) -> RewardSettings:
        """The reward of one phase of one cell."""
        if phase == TRAIN:
            return self.variant(cell).reward
        finetune = self.experiment(cell.paper, cell.experiment).finetune[phase]
        return self.parameters.rewards[finetune.reward]

    def learner(self, cell: Cell, phase: str) -> LearnerSettings:
        """The learner of one phase of one cell."""
        return self.parameters.learners[self.learner_name(cell, phase)]

    def learner_name(self, cell: Cell, phase: str) -> str:
        """The name of the learner of one phase of one cell."""
        experiment = self.experiment(cell.paper, cell.experiment)
        if phase != TRAIN:
            return experiment.finetune[phase].learner
        own = self.variant(cell).method.learner
        name = own or experiment.train.learner or self.task(cell.task).learner
        assert name is not None, "checked when the parameters were read"
        return name

    def follows_goals(self, cell: Cell, phase: str) -> bool:
        """Whether an evaluation needs the training's reward, to know which goal is active."""
        goals = self.goals(self.reward(cell, phase).needs()).values()
        several = any(goal.several for goal in goals)
        return several and self.learner(cell, phase).follows_goals

    def phases(self, experiment: Experiment, method: str | None = None) -> list[str]:
        """The phases of an experiment, or those that one of its methods goes through."""
        return [
            TRAIN,
            *(
                phase
                for phase, finetune in experiment.finetune.items()
                if method is None
                or finetune.methods is None
                or method in self.variants(experiment, finetune.methods)
            ),
        ]

    # --- what rewards need ---

    def goals(self, needs: Needs) -> dict[str, GoalSettings]:
        """The goals that are needed, by name, in order."""
        return {name: self.parameters.goals[name] for name in sorted(needs.goals)}

    def encoders(self, needs: Needs) -> list[str]:
        """The encoders of these goals, in order."""
        encoders = {goal.encoder for goal in self.goals(needs).values()}
        return sorted(encoder for encoder in encoders if encoder is not None)

    def networks(self, paper: str) -> list[str]:
        """The encoders that the experiments of one paper use, in the order of the parameters."""
        used: set[str] = set()
        for name, experiment, entry in self.experiments():
            if name == paper:
                rewards = [variant.reward for variant in self.variants(entry).values()]
                rewards += [self.parameters.rewards[f.reward] for f in entry.finetune.values()]
                needs = [reward.needs() for reward in rewards]
                needs += [self.study_needs(paper, experiment, study) for study in entry.studies]
                used.update(self.encoders(union(needs)))
        return [encoder for encoder in self.parameters.encoders if encoder in used]

    def learners(self, paper: str) -> list[str]:
        """The learners that the experiments of one paper train with, in that order."""
        used = {
            self.learner_name(cell, phase)
            for name, experiment, entry in self.experiments()
            if name == paper
            for cell in self.cells(paper, experiment)
            if cell.seed == 0
            for phase in self.phases(entry, cell.method)
        }
        return [learner for learner in self.parameters.learners if learner in used]

    def demos(self, needs: Needs) -> list[str]:
        """The demos whose states are needed, in order."""
        return sorted({one.demo for one in needs.demonstrations})

    def goal(self, name: str) -> GoalSettings:
        """One goal by name."""
        if name not in self.parameters.goals:
            raise UserError(f"there is no goal {name!r}; {nearest(name, self.parameters.goals)}")
        return self.parameters.goals[name]

    def demo_of_goal(self, goal: str, task: str) -> tuple[str, str] | None:
        """(demo, task) that a goal is taken from, if it is a demo."""
        shown = self.goal(goal).demonstrations()
        return None if shown is None else (shown[0], shown[1] or task)

    def demos_of(self, paper: str, name: str) -> list[tuple[str, str]]:
        """(demo, task) of all that the methods of one experiment use for its own tasks."""
        experiment = self.experiment(paper, name)
        found: set[tuple[str, str]] = set()
        for task in experiment.tasks:
            for variant in self.variants(experiment).values():
                needs = variant.reward.needs()
                found |= {(demo, task) for demo in self.demos(needs)}
                found |= {s for g in needs.goals if (s := self.demo_of_goal(g, task)) is not None}
        return sorted(found)

    def picture(self, encoder: str | None, task: str) -> Picture:
        """The size of the pictures of one task that an encoder reads."""
        native = self.task(task).camera.native
        picture = native if encoder is None else self.parameters.encoders[encoder].picture
        return native if picture == "native" else picture

    # --- figures and studies ---

    def figure(self, paper: str, name: str, figure: str) -> FigureSettings:
        """One figure of an experiment."""
        known = self.experiment(paper, name).figures
        if figure not in known:
            raise UserError(f"{paper}/{name} has no figure {figure!r}; {nearest(figure, known)}")
        return known[figure]

    def study(self, paper: str, name: str, study: str) -> StudySettings:
        """One study of an experiment."""
        known = self.experiment(paper, name).studies
        if study not in known:
            raise UserError(f"{paper}/{name} has no study {study!r}; {nearest(study, known)}")
        return known[study]

    def study_tasks(self, paper: str, name: str, study: str) -> list[str]:
        """The tasks that one study is measured on."""
        return self.study(paper, name, study).tasks or self.experiment(paper, name).tasks

    def study_rewards(self, paper: str, name: str, study: str) -> dict[str, RewardSettings]:
        """The rewards that one study measures, by method or control."""
        experiment, entry = self.experiment(paper, name), self.study(paper, name, study)
        controls = entry.control_rewards()
        return {
            **{name: v.reward for name, v in self.variants(experiment, entry.methods).items()},
            **{name: self.parameters.rewards[reward] for name, reward in controls.items()},
        }

    def study_needs(self, paper: str, name: str, study: str) -> Needs:
        """What its rewards need together."""
        rewards = self.study_rewards(paper, name, study).values()
        return union([*(r.needs() for r in rewards), self.study(paper, name, study).needs()])

    def study_learner(self, paper: str, name: str, task: str) -> LearnerSettings:
        """The learner whose policies a study plays before any training."""
        learner = learner_of_studies(self.experiment(paper, name), self.task(task))
        assert learner is not None, "checked when the parameters were read"
        return self.parameters.learners[learner]

    def study_agents(self, paper: str, name: str, task: str, study: str) -> list[Cell]:
        """The trainings whose agents a study plays."""
        of = self.variants(
            self.experiment(paper, name), self.study(paper, name, study).trained_agents()
        )
        return [c for c in self.cells(paper, name) if c.task == task and c.method in of]

    def study_targets(self, paper: str, name: str, task: str, study: str) -> list[tuple[str, str]]:
        """(goal, task) of every target that one study compares with, in order."""
        entry = self.study(paper, name, study)
        controls = entry.control_rewards()
        return sorted(
            {
                (goal, of)
                for method, reward in self.study_rewards(paper, name, study).items()
                for goal in reward.needs().goals
                for of in ([task] if method in controls else entry.goal_tasks(task))
            }
        )


def _label(method: Method, name: str, full: str, variant: dict[str, Any]) -> str:
    """The label of a method: `α = {alpha:g}` stands for all that a sweep makes of it."""
    if method.label is None:
        return full
    if not variant:
        return method.label
    made = method.label.format(**variant)
    return f"{made}{full.removeprefix(name)}" if made == method.label else made
