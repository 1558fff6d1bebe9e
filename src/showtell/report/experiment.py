"""One experiment as far as it has come: numbers, figures, videos and verdicts, for a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median_low
from typing import Any

from showtell.claims.evidence import methods_matching
from showtell.claims.ledger import FigureFacts, Ledger, Published
from showtell.claims.verdicts import Verdict
from showtell.figures.chart import chart
from showtell.figures.style import STYLE_COLUMNS, MethodStyle, styles, styles_in
from showtell.project.files import read_json
from showtell.report import graphics
from showtell.report.captions import names_of, of_methods
from showtell.report.colours import exchange
from showtell.report.labelled import Labelled, labelled
from showtell.report.sliders import Slider, sliders_of
from showtell.report.written import compared, figure_is_current
from showtell.results.controls import LABELS, Rates, controls
from showtell.results.reading import Comparison, Results, read
from showtell.results.summary import ALL
from showtell.results.table import Table
from showtell.studies.statistics import Estimate, spread_name
from showtell.study.layout import Layout, Run


@dataclass(frozen=True)
class Video:
    """A rollout of one trained policy."""

    style: MethodStyle
    run: Run
    policy: str
    success: float  # over all its episodes
    file: Path


@dataclass(frozen=True)
class Drawn:
    """A figure of the page."""

    name: str
    address: str  # on its page
    facts: FigureFacts
    svg: str
    caption: str  # of the methods that ran
    files: tuple[Path, ...]  # the published files that exist
    made: Path  # the file that a command makes again


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
    answers: tuple[Answer, ...]
    sliders: tuple[Slider, ...]
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
    def studies(self) -> tuple[int, int]:
        """(measured, expected) studies, which need no training."""
        tasks = (self.plan.study_tasks(study) for study in self.plan.studies)
        return len(self.results.studies), sum(map(len, tasks))

    @property
    def begun(self) -> bool:
        """Whether there is any result of it."""
        return bool(self.results.scores_of or self.results.progress or self.results.studies)

    @property
    def whole(self) -> bool:
        """Whether nothing of it is missing."""
        done, expected = self.studies
        return self.judged == self.expected and done >= expected

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


def experiment_of(
    comparison: Comparison,
    entry: dict[str, Any],
    ledger: Ledger,
    layout: Layout,
    look: dict[str, MethodStyle],
) -> Experiment:
    """An experiment from the files that exist; `entry` is its part of the report's job."""
    found = read(comparison, layout.results)
    summary, verdicts = compared(entry, found, ledger, layout)
    return Experiment(
        found,
        look,
        _success(found, layout),
        tuple(_numbers(comparison, summary, look)),
        tuple(_figures(entry, found, ledger, layout, look)),
        tuple(_videos(found, look)),
        tuple(verdicts),
        tuple(_answers(ledger, comparison, summary, look)),
        tuple(sliders_of(found, look)),
        tuple(labelled(comparison, look, layout)),
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


def _answers(
    ledger: Ledger, plan: Comparison, summary: Table, style_of: dict[str, MethodStyle]
) -> Iterator[Answer]:
    for published in ledger.published:
        if published.experiment != plan.experiment:
            continue
        ours: list[tuple[MethodStyle, Estimate]] = []
        if (m := published.measured) is not None:
            rows = summary.where(
                task=published.task or _all_tasks(plan),
                phase=m.phase,
                policy=m.policy,
                metric=m.metric,
            )
            for method in methods_matching(m.method, plan.methods):
                found = _estimates(rows.where(method=method))
                ours += [(style_of[method], estimate) for estimate in found]
        yield Answer(published, tuple(ours))


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
    entry: dict[str, Any],
    found: Results,
    ledger: Ledger,
    layout: Layout,
    look: dict[str, MethodStyle],
) -> Iterator[Drawn]:
    plan = found.comparison
    names = names_of(found)
    for settings in plan.figures:
        name = settings["name"]
        where = (plan.paper, plan.experiment, name)
        if figure_is_current(entry, settings, found, layout):
            svg = layout.figure(*where, "svg").read_text()
            table = Table.read(layout.figure(*where, "csv"))
        else:
            table = chart(settings).table(found)
            if not table.rows:
                continue
            svg = graphics.drawn(settings, table)
        facts = ledger.facts(plan.experiment, name)
        caption = of_methods(facts.caption, names).replace("{spread}", spread_name(plan.seeds))
        files = [layout.figure(*where, suffix) for suffix in ("svg", "pdf", "csv")]
        address = f"{plan.experiment}-{name}"
        inline = graphics.inline(svg, f"drawing-{address}", exchange(_styles_of(table, plan), look))
        existing = tuple(file for file in files if file.exists())
        yield Drawn(name, address, facts, inline, caption, existing, files[0])


def _styles_of(table: Table, plan: Comparison) -> dict[str, MethodStyle]:
    """How a figure draws its methods: some draw others than those that are trained."""
    if {"method", *STYLE_COLUMNS} <= set(table.columns):
        return styles_in(table)
    return styles(plan.methods.values())


def _videos(found: Results, style_of: dict[str, MethodStyle]) -> Iterator[Video]:
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
                yield Video(style_of[method], run, policy, success, recorded[success, run])
