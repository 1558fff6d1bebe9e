"""What each job depends on: all that can change its result, as one canonical JSON text.

Pure functions of the parameters. No path, no scale, no thread count, but for what the page names:
editing one value changes exactly the specifications that read it, and those are the jobs that run
again.
"""

import importlib.util
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from showtell.project.files import canonical_json
from showtell.project.fingerprint import fingerprint
from showtell.study.grid import TRAIN, Cell, Grid
from showtell.study.needs import Needs
from showtell.study.parameters import Task
from showtell.study.registry import part
from showtell.study.settings import (
    EncoderSettings,
    GoalSettings,
    PartSettings,
    RewardSettings,
)


class Specifications:
    """The specification of every job of a grid, one function a job."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._parameters = grid.parameters

    def encoder(self, encoder: str) -> str:
        """Training or fetching one frozen network."""
        settings = self._parameters.encoders[encoder]
        recipe = self._parameters.training.get(encoder)
        address = ["encoder", encoder]
        if recipe is None:
            modules = [_module("nets", settings)]
            return self._job("fetch_encoder", modules, encoder=_plain(settings), address=address)
        tasks = {name: self._grid.task(name) for name in sorted(recipe.dataset.task_names())}
        return self._job(
            "train_encoder",
            [
                *(_module("nets", settings), _module("training", recipe)),
                _module("data", recipe.dataset),
                *(_module("worlds", task.world) for task in tasks.values()),
            ],
            encoder=_plain(settings),
            training=_plain(recipe),
            tasks={name: _world(task) for name, task in tasks.items()},
            address=address,
        )

    def drawn_videos(self, videos: str) -> str:
        """Drawing some videos as an archive."""
        settings = self._parameters.videos[videos]
        kept = settings.model_dump(mode="json", exclude={"short_side", "quality", "videos_a_shard"})
        return self._job(
            "draw_videos",
            [_module("videos", settings)],
            videos=kept,
            address=["videos", videos],
        )

    def read_videos(self, videos: str) -> str:
        """Reading and packing some videos."""
        settings = self._parameters.videos[videos]
        return self._job(
            "read_videos",
            [_module("videos", settings)],
            videos=_plain(settings),
            address=["videos", videos],
        )

    def demo(self, demo: str, task: str) -> str:
        """Making or fetching the demonstrations of one task."""
        settings, entry = self._parameters.demos[demo], self._grid.task(task)
        encoder = self._parameters.encoders[settings.encoder]
        return self._job(
            "demonstrate",
            [_module("demos", settings), _module("worlds", entry.world)],
            demo=_plain(settings),
            picture=_plain(self._grid.picture(settings.encoder, task)),
            frames=None
            if settings.frames == "all"
            else settings.frames or encoder.clip_frames or 1,
            task=_world(entry) | {"name": task},
            address=["demo", demo, task],
        )

    def goal(self, goal: str, task: str) -> str:
        """Embedding one goal of one task."""
        settings, entry = self._grid.goal(goal), self._grid.task(task)
        encoder = None if settings.encoder is None else self._encoder(settings.encoder, task)
        # Pictures alone are as large as the reward draws.
        drawn = settings.source == "rendered" or (settings.source == "demo" and encoder is None)
        return self._job(
            "embed_goal",
            [
                _module("goals", settings),
                *([] if encoder is None else [_module("nets", encoder)]),
                *([_module("worlds", entry.world)] if drawn else []),
            ],
            goal=_plain(settings),
            encoder=_plain(encoder),
            prompts=_prompts(settings, entry),
            task=_world(entry) if drawn else None,
            picture=_plain(self._grid.picture(settings.encoder, task)) if drawn else None,
            address=["goal", goal, task],
        )

    def training(self, cell: Cell, phase: str) -> str:
        """One training."""
        task, learner = self._grid.task(cell.task), self._grid.learner(cell, phase)
        return self._job(
            "train",
            [
                *(_module("worlds", task.world), _module("learners", learner)),
                *self._modules([self._grid.reward(cell, phase)]),
            ],
            **self.settings_of_training(cell, phase),
        )

    def settings_of_training(self, cell: Cell, phase: str) -> dict[str, Any]:
        """What one training reads of the parameters."""
        experiment = self._grid.experiment(cell.paper, cell.experiment)
        start = {} if phase == TRAIN else {"checkpoint": experiment.finetune[phase].checkpoint}
        return {
            "task": _world(self._grid.task(cell.task)),
            "learner": _plain(self._grid.learner(cell, phase)),
            "address": cell.address(phase),
            **self._rewarded(cell, self._grid.reward(cell, phase)),
            **start,
        }

    def evaluation(self, cell: Cell, phase: str) -> str:
        """Evaluating the policies of one training."""
        experiment = self._grid.experiment(cell.paper, cell.experiment)
        learner, task = self._grid.learner(cell, phase), self._grid.task(cell.task)
        modules = [_module("worlds", task.world), _module("learners", learner)]
        rewarded: dict[str, Any] = {}
        if self._grid.follows_goals(cell, phase):
            reward = self._grid.reward(cell, phase)
            modules += self._modules([reward])
            rewarded = self._rewarded(cell, reward)
        return self._job(
            "evaluate",
            modules,
            task=_world(task),
            learner=_plain(learner),
            evaluate=_plain(experiment.evaluate),
            address=cell.address(phase),
            **rewarded,
        )

    def _rewarded(self, cell: Cell, reward: RewardSettings) -> dict[str, Any]:
        """The reward of a training, and what it is built with."""
        task, method = self._grid.task(cell.task), self._grid.variant(cell).method
        return {
            "reward": _plain(reward),
            "picture": _plain(method.picture or task.camera.native),
            **self._context(
                reward.needs(),
                [(goal, cell.task) for goal in self._grid.goals(reward.needs())],
                cell.task,
                method.picture,
            ),
        }

    def study(self, paper: str, name: str, task: str, study: str) -> str:
        """One study on one task."""
        entry, world = self._grid.study(paper, name, study), self._grid.task(task)
        rewards = self._grid.study_rewards(paper, name, study)
        variants = self._grid.variants(self._grid.experiment(paper, name), entry.methods)
        needs = self._grid.study_needs(paper, name, study)
        learner = self._grid.study_learner(paper, name, task) if entry.acts else None
        agents = self._grid.study_agents(paper, name, task, study)
        return self._job(
            "measure",
            [
                *(_module("studies", entry), _module("worlds", world.world)),
                *([] if learner is None else [_module("learners", learner)]),
                *self._modules(rewards.values()),
            ],
            study=entry.model_dump(mode="json", exclude={"tasks"}),
            task=_world(world) | {"name": task},
            rewards={method: _plain(reward) for method, reward in rewards.items()},
            variants={method: variants[method].values for method in variants},
            order=list(rewards),
            controls=list(entry.control_rewards()),
            picture=_plain(world.camera.native),
            address=[paper, name, task, study],
            **({} if learner is None else {"learner": _plain(learner)}),
            **({"agents": [[cell.method, cell.seed] for cell in agents]} if agents else {}),
            **self._context(needs, self._grid.study_targets(paper, name, task, study), task, None),
        )

    def comparison(self, paper: str, name: str) -> str:
        """Putting an experiment's methods side by side."""
        # The paper's package is its ledger.
        return self._job("summarise", self._ledger(paper), **self._compared(paper, name))

    def figure(self, paper: str, name: str, figure: str) -> str:
        """One figure of one experiment."""
        settings = self._grid.figure(paper, name, figure)
        return self._job(
            "figure",
            [_module("figures", settings)],
            figure={"name": figure, **_plain(settings)},
            **self._compared(paper, name),
        )

    def report(self, scale: str, changes: list[dict[str, Any]], study: str = "") -> str:
        """The page; `study` is the file of a study of one's own, which its commands name."""
        papers: dict[str, Any] = {}
        modules: list[str] = []
        for paper, name, _ in self._grid.experiments():
            if paper not in papers:
                title = self._parameters.papers[paper].title
                learned_from = self._learned_from(paper)
                papers[paper] = {"title": title, "order": [], "experiments": {}, **learned_from}
            entry = papers[paper]
            entry["order"].append(name)  # the keys of a job are sorted
            drawn = self._grid.experiment(paper, name).figures
            entry["experiments"][name] = self._compared(paper, name) | {
                "figures": [{"name": n, **_plain(settings)} for n, settings in drawn.items()]
            }
            modules += [_module("figures", settings) for settings in drawn.values()]
            modules += self._ledger(paper)
        return self._job(
            "report",
            modules,
            scale=scale,
            changes=changes,
            study=study,
            papers=papers,
            encoders={n: _plain(e) for n, e in self._parameters.encoders.items()},
        )

    def _learned_from(self, paper: str) -> dict[str, Any]:
        """The networks of a paper that are trained here, their videos, and the learners."""
        parameters = self._parameters
        recipes = parameters.training
        trained = {name: recipes[name] for name in self._grid.networks(paper) if name in recipes}
        videos = {name: recipe.dataset.videos_name() for name, recipe in trained.items()}
        return {
            "networks": {
                name: {
                    "encoder": _plain(parameters.encoders[name]),
                    "training": _plain(recipe),
                    "videos": videos[name],
                }
                for name, recipe in trained.items()
            },
            "videos": {
                name: _plain(parameters.videos[name])
                for name in dict.fromkeys(videos.values())
                if name is not None
            },
            "learners": {
                name: _plain(parameters.learners[name]) for name in self._grid.learners(paper)
            },
        }

    @staticmethod
    def _ledger(paper: str) -> list[str]:
        """The package of a paper; a study of one's own has none."""
        module = f"showtell.papers.{paper}"
        return [module] if importlib.util.find_spec(module) else []

    def _compared(self, paper: str, name: str) -> dict[str, Any]:
        """What is compared in one experiment, as plain data."""
        grid = self._grid
        experiment = grid.experiment(paper, name)
        variants = grid.variants(experiment)
        return {
            "paper": paper,
            "experiment": name,
            "tasks": experiment.tasks,
            "worlds": {task: _plain(grid.task(task).world) for task in experiment.tasks},
            "methods": [
                {
                    "name": method,
                    "label": one.label,
                    "variant": one.values,
                    "reward": _plain(one.reward),
                }
                for method, one in variants.items()
            ],
            "seeds": experiment.seeds,
            "phases": grid.phases(experiment),
            "only": {
                phase: list(grid.variants(experiment, finetune.methods))
                for phase, finetune in experiment.finetune.items()
                if finetune.methods is not None
            },
            "evaluate": _plain(experiment.evaluate),
            "demos": [list(pair) for pair in grid.demos_of(paper, name)],
            "studies": {
                study: {
                    "of": entry.methods,
                    "tasks": entry.tasks,
                    "study": entry.model_dump(mode="json", exclude={"methods", "tasks"}),
                }
                for study, entry in experiment.studies.items()
            },
            "incompatible": [
                {"task": misfit.task, "method": misfit.method, "why": misfit.why}
                for misfit in grid.misfits.get((paper, name), ())
                if misfit.task is not None
            ],
            "trained_here": sorted(grid.parameters.training),
            "address": [paper, name],
            **({"left_out": experiment.left_out} if experiment.left_out else {}),
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

    def _context(
        self, needs: Needs, targets: list[tuple[str, str]], task: str, picture: BaseModel | None
    ) -> dict[str, Any]:
        """What rewards are built with; targets and encoders in the order of the input files."""
        goals = self._grid.goals(needs)
        return {
            "targets": [{"goal": goal, "task": of} for goal, of in targets],
            "goals": {
                name: {
                    "encoder": goal.encoder,
                    "picture": _plain(picture or self._grid.picture(goal.encoder, task)),
                }
                for name, goal in goals.items()
            },
            "encoders": {n: _plain(self._encoder(n, task)) for n in self._grid.encoders(needs)},
            "demos": self._grid.demos(needs),
        }

    def _encoder(self, name: str, task: str) -> EncoderSettings:
        """An encoder as the jobs of one task use it."""
        return self._parameters.encoders[name].reading(self._grid.task(task).pixel_values)

    def _modules(self, rewards: Iterable[RewardSettings]) -> list[str]:
        """The code of rewards, of their terms, and of what they need."""
        found: list[str] = []
        for reward in rewards:
            found.append(_module("rewards", reward))
            found += self._modules(reward.terms_of())
            goals = self._grid.goals(reward.needs())
            found += [_module("goals", goal) for goal in goals.values()]
            encoders = self._grid.encoders(reward.needs())
            found += [_module("nets", self._parameters.encoders[name]) for name in encoders]
        return found

    def _job(self, job: str, modules: list[str], **settings: Any) -> str:
        parts = (f"showtell.jobs.{job}", *sorted(set(modules)))
        code = {"fingerprint": fingerprint(parts, settings), "modules": parts}
        return canonical_json({**code, "root": self._parameters.seed, **settings})


def _module(kind: str, settings: PartSettings) -> str:
    return part(kind, settings.kind).module


def _prompts(goal: GoalSettings, task: Task) -> dict[str, Any] | None:
    """Of the task's prompts those that the goal embeds: no other one makes its job run again."""
    key = goal.prompt()
    if key is None or task.prompts is None:
        return None
    return {key: getattr(task.prompts, key), "baseline": task.prompts.baseline}


def _world(task: Task) -> dict[str, Any]:
    """A task without its prompts, which only goals read."""
    return {"world": _plain(task.world), "camera": _plain(task.camera)}


def _plain(settings: Any) -> Any:
    return settings.model_dump(mode="json") if isinstance(settings, BaseModel) else settings
