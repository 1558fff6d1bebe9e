"""What exists on disk at this moment, put in the words and numbers of the page."""

from collections.abc import Iterable, Iterator
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
    find_ledger,
    undescribed,
)
from showtell.claims.verdicts import Verdict, not_run
from showtell.figures.chart import chart
from showtell.figures.style import MethodStyle, styles
from showtell.project.files import read_json
from showtell.project.provenance import records
from showtell.report import graphics
from showtell.report.labelled import Labelled, labelled
from showtell.report.networks import Networks, networks_of
from showtell.report.plan import PaperPlan, Plan
from showtell.report.written import compared, figure_is_current
from showtell.results.controls import LABELS, Rates, controls
from showtell.results.reading import Comparison, Results, read
from showtell.results.summary import ALL
from showtell.results.table import Table
from showtell.studies.statistics import Estimate
from showtell.study.layout import Layout, Run


@dataclass(frozen=True)
class Video:
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
    success_any: Estimate
    success_final: Estimate
    returned: Estimate


@dataclass(frozen=True)
class Answer:
    """A published value beside ours."""

    published: Published
    ours: tuple[tuple[MethodStyle, Estimate], ...]
    run: bool  # whether its experiment is part of this scale


@dataclass(frozen=True)
class JudgedClaim:
    """A claim and its verdict."""

    claim: Claim
    verdict: Verdict
    caveat: str | None
    styles: dict[str, MethodStyle]

    @property
    def untested(self) -> bool:
        """Whether there is nothing to show but the claim and why it is not tested."""
        return self.verdict.outcome in ("not run at this scale", "not implemented") and (
            not self.verdict.parts
        )


@dataclass(frozen=True)
class Experiment:
    """One experiment as far as it has come."""

    results: Results
    styles: dict[str, MethodStyle]
    success: dict[str, str]  # task -> what success means there
    numbers: tuple[Numbers, ...]
    figures: tuple[Drawn, ...]
    videos: tuple[Video, ...]
    verdicts: tuple[Verdict, ...]
    labelled: tuple[Labelled, ...]
    summary: Table

    @property
    def plan(self) -> Comparison:
        """What was to be run."""
        return self.results.comparison

    @property
    def expected(self) -> int:
        """How many trainings are to be evaluated."""
        return len(self.plan.runs)

    @property
    def judged(self) -> int:
        """How many are."""
        return self.expected - len(self.results.missing)

    @property
    def controls(self) -> list[tuple[str, str, dict[str, Rates | str]]]:
        """(control, how it acts, task -> its rates or why there are none), in order."""
        return [
            (LABELS[name], " / ".join(dict.fromkeys(rates.definition for rates in known)), of)
            for name, of in controls(self.results).items()
            for known in [[rates for rates in of.values() if isinstance(rates, Rates)]]
        ]

    @property
    def shortfall(self) -> list[tuple[MethodStyle, int]]:
        """(method, evaluated seeds) for each that lacks some."""
        plan = self.plan
        counts = {m: self.results.seeds_of(m, plan.phases_of(m)[-1]) for m in plan.methods}
        return [(self.styles[m], n) for m, n in counts.items() if n < self.plan.seeds]


@dataclass(frozen=True)
class Paper:
    """One paper's part of the page."""

    name: str
    ledger: Ledger
    experiments: dict[str, Experiment]
    judged: tuple[JudgedClaim, ...]
    answers: tuple[Answer, ...]
    deviations: tuple[Deviation, ...]
    networks: Networks | None  # None: it has none that learn from videos


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


def stand_ins(plan: Plan, results: Path) -> dict[str, dict[str, Any]]:
    """Encoder -> what it scored on pictures that were held out of its training here.

    Those that learn from videos have tables of their own.
    """
    own = {
        name
        for paper in plan.papers.values()
        for name, one in paper.networks.items()
        if one.videos is not None
    }
    layout = Layout(results)
    paths = {n: layout.encoder(n) / "metrics.json" for n in plan.encoders if n not in own}
    return {name: read_json(path) for name, path in paths.items() if path.exists()}


def papers(plan: Plan, results: Path) -> list[Paper]:
    """Every paper of the plan, from the files under `results/<replicate>`."""
    return [_paper(plan, name, results) for name in plan.papers]


def origins(results: Path, papers: Iterable[str]) -> list[Origin]:
    """The provenance of what these papers, and all of them together, made; not the pages'."""
    below = {"videos", "models", "demos", "goals", *papers}
    found = []
    for path, record in records(results):
        if path.relative_to(results).parts[0] not in below or path.name.startswith("report"):
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
    entry = plan.papers[name]
    ledger = find_ledger(name) or undescribed(entry.title)
    in_order = [*(known for known in ledger.experiments if known in entry.experiments)]
    experiments = {  # in the order of the ledger, then those that it does not describe
        experiment: _experiment(plan, entry, experiment, ledger, Layout(results))
        for experiment in dict.fromkeys([*in_order, *entry.experiments])
    }
    worlds = {world["kind"] for e in experiments.values() for world in e.plan.worlds.values()}
    return Paper(
        name,
        ledger,
        experiments,
        tuple(_judged(plan, ledger, experiments)),
        tuple(_answers(ledger, experiments)),
        tuple(entry for entry in ledger.deviations if entry.matters(plan.scale, worlds)),
        networks_of(entry, name, Layout(results)),
    )


def _experiment(
    plan: Plan, paper: PaperPlan, name: str, ledger: Ledger, layout: Layout
) -> Experiment:
    entry = paper.experiments[name]
    found = read(plan.comparison(entry), layout.results)
    style_of = styles(found.comparison.methods.values())
    summary, verdicts = compared(entry, found, ledger, layout)
    return Experiment(
        found,
        style_of,
        _success(found, layout),
        tuple(_numbers(found.comparison, summary, style_of)),
        tuple(_figures(entry, found, ledger, layout)),
        tuple(_videos(found, style_of, layout)),
        tuple(verdicts),
        tuple(labelled(found.comparison, style_of, layout)),
        summary,
    )


def _success(found: Results, layout: Layout) -> dict[str, str]:
    """Task -> what success means there, as an evaluation wrote it down."""
    plan = found.comparison
    definitions: dict[str, str] = {}
    for run in found.scores_of:
        path = layout.evaluation(*plan.home(run), run) / "metrics.json"
        if run.task not in definitions and path.exists():
            definitions[run.task] = str(read_json(path).get("success_definition", ""))
    return definitions


def _judged(
    plan: Plan, ledger: Ledger, experiments: dict[str, Experiment]
) -> Iterator[JudgedClaim]:
    verdicts = {v.id: v for experiment in experiments.values() for v in experiment.verdicts}
    for claim in ledger.claims:
        verdict = verdicts.get(claim.id) or not_run(claim)
        experiment = experiments.get(claim.experiment)
        style_of = {} if experiment is None else experiment.styles
        yield JudgedClaim(claim, verdict, claim.caveat(plan.scale), style_of)


def _answers(ledger: Ledger, experiments: dict[str, Experiment]) -> Iterator[Answer]:
    for published in ledger.published:
        experiment = experiments.get(published.experiment)
        ours: list[tuple[MethodStyle, Estimate]] = []
        if experiment is not None and published.measured is not None:
            m, plan = published.measured, experiment.plan
            rows = experiment.summary.where(
                task=published.task or _all_tasks(plan),
                phase=m.phase,
                policy=m.policy,
                metric=m.metric,
            )
            for method in methods_matching(m.method, plan.methods):
                ours += [
                    (experiment.styles[method], estimate)
                    for estimate in _estimates(rows.where(method=method))
                ]
        yield Answer(published, tuple(ours), experiment is not None)


def _numbers(
    plan: Comparison, summary: Table, style_of: dict[str, MethodStyle]
) -> Iterator[Numbers]:
    tasks = {_all_tasks(plan): None} | ({t: t for t in plan.tasks} if len(plan.tasks) > 1 else {})
    for of, phase, method, policy in product(tasks, plan.phases, plan.methods, plan.policies):
        rows = summary.where(task=of, phase=phase, method=method, policy=policy)
        metrics = ("success", "success_any", "success_final", "return")
        found = [_estimates(rows.where(metric=metric)) for metric in metrics]
        if all(found):
            first = (estimates[0] for estimates in found)
            yield Numbers(style_of[method], tasks[of], phase, policy, *first)


def _all_tasks(plan: Comparison) -> str:
    """The task of the rows of the summary that speak of all tasks."""
    return ALL if len(plan.tasks) > 1 else plan.tasks[0]


def _estimates(rows: Table) -> list[Estimate]:
    """The number of each row of a summary, with its interval."""
    return [
        Estimate(
            float(value), float(low) if low else None, float(high) if high else None, int(seeds)
        )
        for value, low, high, seeds in rows.pick(("iqm", "low", "high", "n_seeds"))
    ]


def _figures(
    entry: dict[str, Any], found: Results, ledger: Ledger, layout: Layout
) -> Iterator[Drawn]:
    plan = found.comparison
    for settings in plan.figures:
        name = settings["name"]
        where = (plan.paper, plan.experiment, name)
        if figure_is_current(entry, settings, found, layout):
            svg = layout.figure(*where, "svg").read_text()
        else:
            table = chart(settings).table(found)
            if not table.rows:
                continue
            svg = graphics.drawn(settings, table)
        files = [layout.figure(*where, suffix) for suffix in ("svg", "pdf", "csv")]
        links = [str(file.relative_to(layout.results)) for file in files if file.exists()]
        inline = graphics.inline(svg, "-".join(where))
        yield Drawn(name, ledger.facts(plan.experiment, name), inline, tuple(links))


def _videos(found: Results, style_of: dict[str, MethodStyle], layout: Layout) -> Iterator[Video]:
    """One video a method and task: of the seed with the median success, so none is picked.

    Of policies before any fine-tuning, where the reward that is studied has made them.
    """
    plan = found.comparison
    policy, phase = plan.policies[0], plan.phases[0]
    for task in plan.tasks:
        for method in plan.methods:
            recorded = {
                (scores[policy]["success"], run): found.videos[run]
                for run, scores in found.scores_of.items()
                if (run.task, run.method, run.phase) == (task, method, phase)
                and run in found.videos
            }
            if recorded:
                success, run = median_low(recorded)
                path = recorded[success, run]
                link = str(path.relative_to(layout.results))
                yield Video(style_of[method], run, policy, success, graphics.video(path), link)
