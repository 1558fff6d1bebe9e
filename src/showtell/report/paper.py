"""One paper as far as it has come: its experiments, its claims, and where it is deviated from."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from showtell.claims.ledger import Claim, Deviation, Ledger, Published, find_ledger, undescribed
from showtell.claims.verdicts import Outcome, Verdict, not_run
from showtell.figures.style import MethodStyle
from showtell.report.colours import of_page
from showtell.report.experiment import Drawn, Experiment, experiment_of
from showtell.report.networks import Networks, networks_of
from showtell.report.plan import Plan
from showtell.study.layout import Layout

OUTCOMES: tuple[Outcome, ...] = (
    "reproduced",
    "not reproduced",
    "inconclusive",
    "waiting",
    "cannot be tested at this scale",
    "not run at this scale",
    "not implemented",
)


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
class Paper:
    """What there is of one paper, or of a study of one's own."""

    name: str
    ledger: Ledger
    experiments: dict[str, Experiment]
    judged: tuple[JudgedClaim, ...]
    deviations: tuple[Deviation, ...]
    networks: Networks | None  # None: it has none that learn from videos
    results: Path

    @property
    def short(self) -> str:
        """What the field calls it."""
        return self.ledger.paper.short or self.ledger.paper.title

    @property
    def tally(self) -> dict[Outcome, int]:
        """How many claims of the paper have each outcome; controls are ours and not counted."""
        paper = (entry for entry in self.judged if entry.claim.origin == "paper")
        counts = Counter(entry.verdict.outcome for entry in paper)
        return {outcome: counts[outcome] for outcome in OUTCOMES if counts[outcome]}

    @property
    def trainings(self) -> tuple[int, int]:
        """(evaluated, expected)."""
        known = self.experiments.values()
        return sum(e.judged for e in known), sum(e.expected for e in known)

    @property
    def studies(self) -> tuple[int, int]:
        """(measured, expected)."""
        counts = [experiment.studies for experiment in self.experiments.values()]
        return sum(done for done, _ in counts), sum(expected for _, expected in counts)

    @property
    def figures(self) -> tuple[int, int]:
        """(drawn, expected)."""
        known = self.experiments.values()
        return sum(len(e.figures) for e in known), sum(len(e.plan.figures) for e in known)

    @property
    def whole(self) -> bool:
        """Whether nothing of this scale is missing."""
        return all(experiment.whole for experiment in self.experiments.values())

    @property
    def stand_ins(self) -> list[str]:
        """What stands in for published weights and data, and the like: a title each."""
        return [deviation.title for deviation in self.deviations if deviation.banner]

    @property
    def not_begun(self) -> list[str]:
        """The experiments of this scale that have no result."""
        return [name for name, experiment in self.experiments.items() if not experiment.begun]

    @property
    def elsewhere(self) -> list[str]:
        """The experiments of the paper that are not part of this scale."""
        return [name for name in self.ledger.experiments if name not in self.experiments]

    @property
    def unanswered(self) -> list[Published]:
        """Published values whose experiments are not part of this scale."""
        return [one for one in self.ledger.published if one.experiment not in self.experiments]

    def of_experiment(self, name: str) -> list[JudgedClaim]:
        """The claims about one experiment: the paper's before ours, decided ones first."""
        found = [entry for entry in self.judged if entry.claim.experiment == name]
        return sorted(found, key=lambda e: (e.claim.origin == "control", _order(e.verdict.outcome)))

    def figure_of(self, claim: Claim) -> Drawn | None:
        """The figure that a claim is read from, if it is drawn."""
        experiment = self.experiments.get(claim.experiment)
        drawn = () if experiment is None else experiment.figures
        return next((figure for figure in drawn if figure.name == claim.figure), None)


def _order(outcome: Outcome) -> int:
    """Both decided outcomes alike: a page does not lead with what went well."""
    return max(OUTCOMES.index(outcome), 1)


def paper_of(plan: Plan, name: str, results: Path) -> Paper:
    """A paper of the plan, from the files under `results/<replicate>`."""
    entry, layout = plan.papers[name], Layout(results)
    ledger = find_ledger(name) or undescribed(entry.title)
    order = entry.order or (*(n for n in ledger.experiments if n in entry.experiments),)
    names = dict.fromkeys([*order, *entry.experiments])
    comparisons = {name: plan.comparison(entry.experiments[name]) for name in names}
    looks = of_page(comparisons)
    experiments = {
        name: experiment_of(comparison, entry.experiments[name], ledger, layout, looks[name])
        for name, comparison in comparisons.items()
    }
    worlds = {world["kind"] for e in experiments.values() for world in e.plan.worlds.values()}
    return Paper(
        name,
        ledger,
        experiments,
        tuple(_judged(plan, ledger, experiments)),
        tuple(entry for entry in ledger.deviations if entry.matters(plan.scale, worlds)),
        networks_of(entry, name, layout),
        results,
    )


def _judged(
    plan: Plan, ledger: Ledger, experiments: dict[str, Experiment]
) -> Iterator[JudgedClaim]:
    verdicts = {v.id: v for experiment in experiments.values() for v in experiment.verdicts}
    for claim in ledger.claims:
        verdict = verdicts.get(claim.id) or not_run(claim)
        experiment = experiments.get(claim.experiment)
        style_of = {} if experiment is None else experiment.styles
        yield JudgedClaim(claim, verdict, claim.caveat(plan.scale), style_of)
