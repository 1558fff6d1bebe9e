"""What exists on disk at this moment, put in the words and numbers of the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median_low
from typing import Any

from showtell.claims.evidence import methods_matching
from showtell.claims.ledger import (
    Claim,
    Deviation,
    FigureFacts,
    Ledger,
    Published,
    ledger_path,
    load,
)
from showtell.claims.verdicts import Verdict, judge, not_run
from showtell.figures.chart import chart
from showtell.figures.style import MethodStyle, styles
from showtell.project.files import read_json
from showtell.project.provenance import records
from showtell.report import graphics
from showtell.report.plan import Plan
from showtell.results.estimates import interval
from showtell.results.reading import Comparison, Results, Run, find, read
from showtell.studies.statistics import Estimate
from showtell.study.registry import build, part


@dataclass(frozen=True)
class Film:
    """A rollout of one trained policy."""

    style: MethodStyle
    run: Run
    policy: str
    success: float  # over all its episodes
    source: str | None  # a data URI; None: too large, see `link`
    link: str


@dataclass(frozen=True)
class Drawn:
    """A figure of the page."""

    name: str
    facts: FigureFacts
    svg: str
    files: tuple[str, ...]  # links to the published files that exist


@dataclass(frozen=True)
class Numbers:
    """One line of the table of results."""

    style: MethodStyle
    task: str | None  # None: over all tasks
    phase: str
    policy: str
    success: Estimate
    returned: Estimate


@dataclass(frozen=True)
class Answer:
    """A published value beside ours."""

    published: Published
    ours: tuple[tuple[MethodStyle, Estimate], ...]
    run: bool  # whether its experiment is part of this scale


@dataclass(frozen=True)
class Judged:
    """A claim and what became of it."""

    claim: Claim
    verdict: Verdict
    caveat: str | None
    styles: dict[str, MethodStyle]


@dataclass(frozen=True)
class Experiment:
    """One experiment as far as it has come."""

    results: Results
    styles: dict[str, MethodStyle]
    success: dict[str, str]  # task -> what success means there
    numbers: tuple[Numbers, ...]
    figures: tuple[Drawn, ...]
    films: tuple[Film, ...]

    @property
    def plan(self) -> Comparison:
        """What was to be run."""
        return self.results.comparison

    @property
    def expected(self) -> int:
        """How many trainings are to be judged."""
        plan = self.plan
        phases = sum(len(plan.phases_of(method)) for method in plan.methods)
        return len(plan.tasks) * plan.seeds * phases

    @property
    def judged(self) -> int:
        """How many are."""
        return self.expected - len(self.results.missing)

    @property
    def shortfall(self) -> list[tuple[MethodStyle, int]]:
        """(method, seeds judged) for each that lacks some."""
        plan = self.plan
        counts = {m: self.results.seeds_of(m, plan.phases_of(m)[-1]) for m in plan.methods}
        return [(self.styles[m], n) for m, n in counts.items() if n < self.plan.seeds]


@dataclass(frozen=True)
class Paper:
    """One paper's part of the page."""

    name: str
    ledger: Ledger
    experiments: dict[str, Experiment]
    judged: tuple[Judged, ...]
    answers: tuple[Answer, ...]
    deviations: tuple[Deviation, ...]


@dataclass(frozen=True)
class Origin:
    """Where one job's outputs come from."""

    job: str
    address: str
    key: str
    commit: str
    seeds: str
    wall_time_s: float
    resumed: int
    record: dict[str, Any]


def networks(plan: Plan, results: Path) -> dict[str, dict[str, Any]]:
    """Encoder -> what it scored on data that was held out of its training here."""
    paths = {name: results / "models" / name / "metrics.json" for name in plan.encoders}
    return {name: read_json(path) for name, path in paths.items() if path.exists()}


def papers(plan: Plan, results: Path) -> list[Paper]:
    """Every paper of the plan, from the files under `results/<scale>`."""
    return [_paper(plan, name, results) for name in plan.papers]


def origins(results: Path) -> list[Origin]:
    """The provenance of everything that exists; the report's own is not part of it."""
    found = []
    for path, record in records(results):
        if path.parent == results and path.name.startswith("report"):
            continue
        address = record.get("seeds", {}).get("address") or [path.parent.name]
        commit = str(record.get("git_commit") or "no git")[:8]
        found.append(
            Origin(
                job=str(record.get("job_name", "")),
                address=" / ".join(str(part) for part in address),
                key=str(record.get("job_key", ""))[:10],
                commit=commit + ("*" if record.get("git_dirty") else ""),
                seeds=str(record.get("seeds", {}).get("root", "")),
                wall_time_s=float(record.get("wall_time_s", 0.0)),
                resumed=int(record.get("resumed", 0)),
                record=record,
            )
        )
    return found


def _paper(plan: Plan, name: str, results: Path) -> Paper:
    ledger = load(ledger_path(name))
    planned = {comparison.experiment: comparison for comparison in plan.comparisons(name)}
    in_order = [*(known for known in ledger.experiments if known in planned), *planned]
    experiments = {  # the paper's as its ledger has them, then a user's own
        experiment: _experiment(planned[experiment], ledger, results)
        for experiment in dict.fromkeys(in_order)
    }
    worlds = {world["kind"] for c in plan.comparisons(name) for world in c.worlds.values()}
    return Paper(
        name,
        ledger,
        experiments,
        tuple(_judged(plan, ledger, experiments)),
        tuple(_answers(ledger, experiments)),
        tuple(entry for entry in ledger.deviations if entry.matters(plan.scale, worlds)),
    )


def _experiment(comparison: Comparison, ledger: Ledger, results: Path) -> Experiment:
    found = read(comparison, find(comparison, results))
    style_of = styles(comparison.methods.values())
    return Experiment(
        found,
        style_of,
        {task: _success(comparison.worlds[task]) for task in comparison.tasks},
        tuple(_numbers(found, style_of)),
        tuple(_figures(found, ledger, results)),
        tuple(_films(found, style_of, results)),
    )


def _success(world: dict[str, Any]) -> str:
    """What a world calls success, in its own words."""
    settings = part("worlds", world["kind"]).settings.model_validate(world)
    return str(build("worlds", settings).success_definition)


def _judged(plan: Plan, ledger: Ledger, experiments: dict[str, Experiment]) -> Iterator[Judged]:
    verdicts = {
        verdict.id: verdict
        for experiment in experiments.values()
        for verdict in judge(ledger, experiment.results)
    }
    for claim in ledger.claims:
        verdict = verdicts.get(claim.id) or not_run(claim)
        experiment = experiments.get(claim.experiment)
        style_of = {} if experiment is None else experiment.styles
        yield Judged(claim, verdict, claim.caveat(plan.scale), style_of)


def _answers(ledger: Ledger, experiments: dict[str, Experiment]) -> Iterator[Answer]:
    for published in ledger.published:
        experiment = experiments.get(published.experiment)
        ours: list[tuple[MethodStyle, Estimate]] = []
        if experiment is not None and published.measured is not None:
            m = published.measured
            for method in methods_matching(m.method, experiment.plan.methods):
                key = (method, m.phase, m.policy, m.metric)
                if experiment.results.scores(*key):
                    ours.append((experiment.styles[method], interval(experiment.results, *key)))
        yield Answer(published, tuple(ours), experiment is not None)


def _numbers(found: Results, style_of: dict[str, MethodStyle]) -> Iterator[Numbers]:
    plan = found.comparison
    tasks: list[str | None] = [None, *(plan.tasks if len(plan.tasks) > 1 else ())]
    rows = product(tasks, plan.phases, plan.methods, plan.policies)
    for task, phase, method, policy in rows:
        if found.scores(method, phase, policy, "success", task):
            success, returned = (
                interval(found, method, phase, policy, metric, task)
                for metric in ("success", "return")
            )
            yield Numbers(style_of[method], task, phase, policy, success, returned)


def _figures(found: Results, ledger: Ledger, results: Path) -> Iterator[Drawn]:
    plan = found.comparison
    files = results / plan.paper / plan.experiment / "figures"
    for settings in plan.figures:
        name, table = settings["name"], chart(settings).table(found)
        if not table.rows:
            continue
        svg = graphics.figure(plan, settings, table, files)
        links = [files / f"{name}.{kind}" for kind in ("svg", "pdf", "csv")]
        existing = [str(link.relative_to(results)) for link in links if link.exists()]
        yield Drawn(name, ledger.facts(plan.experiment, name), svg, tuple(existing))


def _films(found: Results, style_of: dict[str, MethodStyle], results: Path) -> Iterator[Film]:
    """One film a method and task: of the seed with the median success, so none is picked.

    Of policies before any fine-tuning, where the reward that is studied has made them.
    """
    plan = found.comparison
    policy, phase = plan.policies[0], plan.phases[0]
    for task in plan.tasks:
        for method in plan.methods:
            filmed = {}
            for run, scores in found.scores_of.items():
                path = _folder(results, plan, run) / "evaluation" / "rollout.mp4"
                if (run.task, run.method, run.phase) == (task, method, phase) and path.exists():
                    filmed[scores[policy]["success"], run] = path
            if filmed:
                success, run = median_low(filmed)
                path = filmed[success, run]
                link = str(path.relative_to(results))
                yield Film(style_of[method], run, policy, success, graphics.film(path), link)


def _folder(results: Path, plan: Comparison, run: Run) -> Path:
    seed = f"seed{run.seed}"
    return results / plan.paper / plan.experiment / run.task / run.method / seed / run.phase
