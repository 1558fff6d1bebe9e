"""Which files a job waits for, and which jobs a paper needs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from showtell.study.grid import TRAIN, Cell, Grid
from showtell.study.layout import Layout, Place, Run
from showtell.study.needs import Needs


class Job(NamedTuple):
    """A rule, and its wildcards by name."""

    rule: str
    wildcards: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Inputs:
    """The files of a grid in one replicate."""

    grid: Grid
    replicate: str

    @property
    def layout(self) -> Layout:
        """The paths of this replicate."""
        return Layout.of(self.replicate)

    def runs(self, paper: str, experiment: str) -> list[Place]:
        """Every training of one experiment, with all its phases, where it is made."""
        entry = self.grid.experiment(paper, experiment)
        return [
            Place(home.paper, home.experiment, Run(home.task, home.method, home.seed, phase))
            for cell in self.grid.cells(paper, experiment)
            for home in [self.grid.home(cell)]
            for phase in self.grid.phases(entry, cell.method)
        ]

    def trainings(self, paper: str, experiment: str, file: str) -> list[str]:
        """One file of every training of one experiment."""
        runs = self.runs(paper, experiment)
        return [str(self.layout.training(*run) / file) for run in runs]

    def evaluations(self, paper: str, experiment: str, file: str) -> list[str]:
        """One file of every evaluation of one experiment."""
        runs = self.runs(paper, experiment)
        return [str(self.layout.evaluation(*run) / file) for run in runs]

    def studies(self, paper: str, experiment: str) -> list[str]:
        """The table of every study of one experiment, on each of its tasks."""
        return [
            str(self.layout.study(paper, experiment, task, study))
            for study in self.grid.experiment(paper, experiment).studies
            for task in self.grid.study_tasks(paper, experiment, study)
        ]

    def demos(self, paper: str, experiment: str) -> list[str]:
        """The demonstrations that the methods of one experiment are given."""
        pairs = self.grid.demos_of(paper, experiment)
        return [str(self.layout.demo(demo, task)) for demo, task in pairs]

    def results(self, paper: str) -> list[str]:
        """The claims and the figures of every experiment of one paper."""
        found: list[str] = []
        for name, experiment, entry in self.grid.experiments():
            if name == paper:
                found.append(str(self.layout.comparison(paper, experiment) / "claims.json"))
                found += [
                    str(self.layout.figure(paper, experiment, f, "svg")) for f in entry.figures
                ]
        return found

    def networks(self, paper: str) -> list[str]:
        """What the networks of one paper that are trained here score on held-out data."""
        trained = self.grid.parameters.training
        networks = [name for name in self.grid.networks(paper) if name in trained]
        return [str(self.layout.encoder(name) / "metrics.json") for name in networks]

    def videos(self, paper: str) -> list[str]:
        """The lists of the videos that the networks of one paper learn from."""
        recipes = self.grid.parameters.training
        names = {
            recipes[network].dataset.videos_name()
            for network in self.grid.networks(paper)
            if network in recipes
        }
        files = ("shards.json", "quarantine.csv", "counts.csv", "videos.parquet")
        return [
            str(self.layout.videos(name) / file)
            for name in sorted(name for name in names if name is not None)
            for file in files
        ]

    # --- of one job ---

    def targets(self, pairs: Iterable[tuple[str, str]]) -> list[str]:
        """The embeddings of these goals of these tasks."""
        return [str(self.layout.goal(goal, task)) for goal, task in pairs]

    def targets_of_training(self, cell: Cell, phase: str) -> list[str]:
        """The embeddings of the goals that a training's reward compares with."""
        return self.targets((goal, cell.task) for goal in self.grid.goals(self.needs(cell, phase)))

    def encoders(self, needs: Needs, file: str) -> list[str]:
        """One file of every encoder that rewards need."""
        return [str(self.layout.encoder(name) / file) for name in self.grid.encoders(needs)]

    def demonstrations(self, needs: Needs, task: str) -> list[str]:
        """The demonstrations of one task whose states rewards read."""
        return [str(self.layout.demo(demo, task)) for demo in self.grid.demos(needs)]

    def needs(self, cell: Cell, phase: str) -> Needs:
        """What the reward of one training needs."""
        return self.grid.reward(cell, phase).needs()

    def of_goal(self, goal: str, task: str, file: str) -> list[str]:
        """One file of the encoder of a goal, or with `demo` its demonstration; none without."""
        if file == "demo":
            shown = self.grid.demo_of_goal(goal, task)
            return [] if shown is None else [str(self.layout.demo(*shown))]
        encoder = self.grid.goal(goal).encoder
        return [] if encoder is None else [str(self.layout.encoder(encoder) / file)]

    def start(self, cell: Cell, phase: str) -> list[str]:
        """The policy that a fine-tuning goes on from."""
        if phase == TRAIN:
            return []
        folder = self.layout.training(cell.paper, cell.experiment, _first(cell))
        return [str(folder / "policy.safetensors")]

    def agents(self, paper: str, name: str, task: str, study: str, file: str) -> list[str]:
        """One file of every training whose agent a study plays."""
        homes = map(self.grid.home, self.grid.study_agents(paper, name, task, study))
        return [
            str(self.layout.training(cell.paper, cell.experiment, _first(cell)) / file)
            for cell in homes
        ]

    def videos_of_encoder(self, encoder: str) -> list[str]:
        """The list of the shards that a network is trained on, if it learns from videos."""
        recipe = self.grid.parameters.training.get(encoder)
        name = None if recipe is None else recipe.dataset.videos_name()
        return [] if name is None else [str(self.layout.videos(name) / "shards.json")]

    # --- of a paper ---

    def jobs(self, paper: str) -> set[Job]:
        """Every job of a paper: Snakemake makes again only what a target names."""
        found: set[Job] = set()
        for name, experiment, _ in self.grid.experiments():
            if name == paper:
                found.update(self._jobs_of(paper, experiment))
        return found

    def _jobs_of(self, paper: str, name: str) -> Iterator[Job]:
        grid, experiment = self.grid, self.grid.experiment(paper, name)
        named = {"paper": paper, "experiment": name}
        needed: set[tuple[str, str]] = set()  # (goal, task)
        played: set[tuple[str, str]] = set()  # (demo, task)
        for cell in grid.cells(paper, name):
            for phase in grid.phases(experiment, cell.method):
                place = {**vars(grid.home(cell)), "phase": phase}
                yield job("train", **place)
                yield job("evaluate", **place)
                needed |= {(goal, cell.task) for goal in self.needs(cell, phase).goals}
        for study in experiment.studies:
            for task in grid.study_tasks(paper, name, study):
                yield job("measure", **named, task=task, study=study)
                needed |= set(grid.study_targets(paper, name, task, study))
                played |= {(d, task) for d in grid.demos(grid.study_needs(paper, name, study))}
        yield job("compare", **named)
        yield from (job("figure", **named, figure=figure) for figure in experiment.figures)
        yield from (job("embed_goal", goal=goal, task=task) for goal, task in needed)
        for encoder in {grid.goal(goal).encoder for goal, _ in needed} - {None}:
            recipe = grid.parameters.training.get(str(encoder))
            yield job("fetch_encoder" if recipe is None else "train_encoder", encoder=encoder)
            videos = None if recipe is None else recipe.dataset.videos_name()
            if videos is not None:
                yield job("read_videos", videos=videos)
                if grid.parameters.videos[videos].drawn:
                    yield job("draw_videos", videos=videos)
        shown = {grid.demo_of_goal(goal, task) for goal, task in needed} - {None}
        for demo, task in (
            {pair for pair in shown if pair} | played | set(grid.demos_of(paper, name))
        ):
            yield job("demonstrate", demo=demo, task=task)


def _first(cell: Cell) -> Run:
    return Run(cell.task, cell.method, cell.seed, TRAIN)


def job(rule: str, **wildcards: object) -> Job:
    """One job by its rule and its wildcards."""
    return Job(rule, tuple(sorted(wildcards.items())))
