"""What each job depends on: all that can change its result, as one canonical JSON text.

Pure functions of the parameters. No path, no scale, no thread count: editing one value changes
exactly the specifications that read it, and those are the jobs that run again.
"""

from typing import Any

from pydantic import BaseModel

from showtell.project.errors import UserError, nearest
from showtell.project.files import canonical_json
from showtell.project.fingerprint import fingerprint
from showtell.study.grid import PRETRAIN, Cell, Grid, figures, labelled, phases, variants
from showtell.study.parameters import Task
from showtell.study.registry import part


class Specifications:
    """The specification of every job of a grid, one function a job."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._parameters = grid.parameters

    def encoder(self, encoder: str) -> str:
        """Making or fetching one frozen network."""
        settings = self._parameters.encoders[encoder]
        train = getattr(settings, "train", None)
        address = ["encoder", encoder]
        if train is None:
            modules = [_module("nets", settings)]
            return self._job("fetch_encoder", modules, encoder=_plain(settings), address=address)
        tasks = {
            name: self._parameters.tasks[name]
            for name in sorted(getattr(train.dataset, "tasks", ()))
        }
        return self._job(
            "train_encoder",
            [
                *(_module("nets", settings), _module("data", train.dataset)),
                *(_module("worlds", task.world) for task in tasks.values()),
            ],
            encoder=_plain(settings),
            tasks={name: _world(task) for name, task in tasks.items()},
            address=address,
        )

    def demo(self, demo: str, task: str) -> str:
        """Making or fetching the demonstrations of one task."""
        settings = self._parameters.demos[demo]
        entry = self._parameters.tasks[task]
        return self._job(
            "demonstrate",
            [_module("demos", settings), _module("worlds", entry.world)],
            demo=_plain(settings),
            task=_world(entry) | {"name": task},
            address=["demo", demo, task],
        )

    def goal(self, goal: str, task: str) -> str:
        """Turning what is shown or told into one target."""
        settings = self._parameters.goals[goal]
        encoder = self._parameters.encoders[settings.encoder]
        return self._job(
            "embed_goal",
            [_module("goals", settings), _module("nets", encoder)],
            goal=_plain(settings),
            encoder=_without_training(encoder),
            prompts=_told(settings, self._parameters.tasks[task]),
            address=["goal", goal, task],
        )

    def training(self, cell: Cell, phase: str) -> str:
        """One training."""
        experiment = self._grid.experiment(cell.paper, cell.experiment)
        reward = self._grid.paid(cell, phase)
        goal, encoder = self._goal_and_encoder(reward)
        task = self._parameters.tasks[cell.task]
        learner_settings = self._parameters.learners[self._grid.learner(cell, phase)]
        return self._job(
            "train",
            [
                *(_module("worlds", task.world), _module("rewards", reward)),
                *(_module("learners", learner_settings), *self._modules(goal, encoder)),
            ],
            task=_world(task),
            reward=_plain(reward),
            goal=_plain(goal),
            encoder=_without_training(encoder),
            learner=_plain(learner_settings),
            address=[*cell.address, phase],
            **({} if phase == PRETRAIN else {"choice": experiment.pretrain.choice}),
        )

    def evaluation(self, cell: Cell, phase: str) -> str:
        """Judging one policy."""
        experiment = self._grid.experiment(cell.paper, cell.experiment)
        learner = self._parameters.learners[self._grid.learner(cell, phase)]
        task = self._parameters.tasks[cell.task]
        return self._job(
            "evaluate",
            [_module("worlds", task.world), _module("learners", learner)],
            task=_world(task),
            learner=_plain(learner),
            evaluate=_plain(experiment.evaluate),
            address=[*cell.address, phase],
        )

    def study(self, paper: str, name: str, task: str, study: str) -> str:
        """One study of rewards on one task."""
        entry = self._grid.experiment(paper, name).studies[study]
        rewards = self._grid.study_rewards(paper, name, study)
        world = self._parameters.tasks[task]
        encoders = {
            name: self._parameters.encoders[name]
            for name in self._grid.study_encoders(paper, name, study)
        }
        return self._job(
            "measure",
            [
                *(_module("studies", entry.study), _module("worlds", world.world)),
                *(_module("rewards", reward) for reward in rewards.values()),
                *(_module("nets", encoder) for encoder in encoders.values()),
            ],
            study=_plain(entry.study),
            task=_world(world) | {"name": task},
            rewards={method: _plain(reward) for method, reward in rewards.items()},
            variants={
                entry["name"]: entry["variant"]
                for entry in labelled(self._grid.experiment(paper, name))
                if entry["name"] in rewards
            },
            # In the order of the input files.
            targets=[
                {"goal": goal, "task": of, "encoder": self._parameters.goals[goal].encoder}
                for goal, of in self._grid.study_targets(paper, name, task, study)
            ],
            encoders={name: _without_training(encoder) for name, encoder in encoders.items()},
            address=[paper, name, task, study],
        )

    def comparison(self, paper: str, name: str) -> str:
        """Putting an experiment's methods side by side."""
        # The paper's package is its ledger.
        return self._job("compare", [f"showtell.papers.{paper}"], **self._compared(paper, name))

    def figure(self, paper: str, name: str, figure: str) -> str:
        """One figure of one experiment."""
        known = figures(self._grid.experiment(paper, name))
        if figure not in known:
            raise UserError(f"{paper}/{name} has no figure {figure!r}; {nearest(figure, known)}")
        return self._job(
            "figure",
            [_module("figures", known[figure])],
            figure={"name": figure, **_plain(known[figure])},
            **self._compared(paper, name),
        )

    def report(self, scale: str, changes: list[dict[str, Any]]) -> str:
        """The page."""
        papers: dict[str, Any] = {}
        modules: list[str] = []
        for paper, name, _ in self._grid.experiments():
            entry = papers.setdefault(
                paper, {"title": self._parameters.papers[paper].title, "experiments": {}}
            )
            drawn = figures(self._grid.experiment(paper, name))
            entry["experiments"][name] = self._compared(paper, name) | {
                "figures": [{"name": n, **_plain(settings)} for n, settings in drawn.items()]
            }
            modules += [_module("figures", settings) for settings in drawn.values()]
            modules.append(f"showtell.papers.{paper}")
        return self._job(
            "report",
            modules,
            scale=scale,
            changes=changes,
            papers=papers,
            encoders={n: _plain(e) for n, e in self._parameters.encoders.items()},
        )

    def _compared(self, paper: str, name: str) -> dict[str, Any]:
        """What is compared in one experiment, as plain data."""
        experiment = self._grid.experiment(paper, name)
        return {
            "paper": paper,
            "experiment": name,
            "tasks": experiment.tasks,
            "worlds": {
                task: _plain(self._parameters.tasks[task].world) for task in experiment.tasks
            },
            "methods": labelled(experiment),
            "seeds": experiment.seeds,
            "phases": phases(experiment),
            "only": {
                phase: list(variants(experiment, finetune.of))
                for phase, finetune in experiment.finetunes.items()
                if finetune.of is not None
            },
            "evaluate": _plain(experiment.evaluate),
            "demos": [list(pair) for pair in self._grid.demos_of(paper, name)],
            "studies": {study: _plain(entry) for study, entry in experiment.studies.items()},
            "address": [paper, name],
            **self._trained_elsewhere(paper, name),
        }

    def _trained_elsewhere(self, paper: str, name: str) -> dict[str, Any]:
        """Where other experiments' trainings are read: method -> paper, experiment and tasks."""
        found: dict[str, dict[str, Any]] = {}
        for cell in self._grid.cells(paper, name):
            home = self._grid.home(cell)
            if home != cell and cell.seed == 0:
                place = {"paper": home.paper, "experiment": home.experiment, "tasks": []}
                found.setdefault(cell.method, place)["tasks"].append(cell.task)
        return {"trained_elsewhere": found} if found else {}

    def _goal_and_encoder(self, reward: BaseModel) -> tuple[Any, Any]:
        name = self._grid.goal_of(reward)
        if name is None:
            return None, None
        goal = self._parameters.goals[name]
        return goal, self._parameters.encoders[goal.encoder]

    def _modules(self, goal: Any, encoder: Any) -> list[str]:
        return [] if goal is None else [_module("goals", goal), _module("nets", encoder)]

    def _job(self, job: str, modules: list[str], **settings: Any) -> str:
        parts = (f"showtell.jobs.{job}", *sorted(set(modules)))
        code = {"fingerprint": fingerprint(parts, settings), "modules": parts}
        return canonical_json({**code, "root": self._parameters.seed, **settings})


def _module(kind: str, settings: BaseModel) -> str:
    return part(kind, settings.kind).module  # type: ignore[attr-defined]


def _world(task: Task) -> dict[str, Any]:
    """A task without what it is told, which only goals read."""
    return {"world": _plain(task.world), "view": _plain(task.view)}


def _told(goal: Any, task: Task) -> Any:
    """The sentences that a goal reads: none where it is shown."""
    return None if hasattr(goal, "demo") else _plain(task.prompts)


def _plain(settings: Any) -> Any:
    return settings.model_dump(mode="json") if isinstance(settings, BaseModel) else settings


def _without_training(encoder: Any) -> Any:
    """An encoder as its users see it: how it was trained is in its weights, an input file."""
    if encoder is None:
        return None
    return {key: value for key, value in _plain(encoder).items() if key != "train"}
