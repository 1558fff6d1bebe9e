"""Tables of docs/results.md, written from the small tables alone: no number is typed by hand."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from showtell.claims.ledger import Ledger, find_ledger, undescribed
from showtell.claims.verdicts import DECISIVE, Verdict
from showtell.project.errors import UserError, nearest
from showtell.project.files import read_json
from showtell.results import recorded
from showtell.results.controls import LABELS, Rates, controls
from showtell.results.estimates import interval
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.studies.statistics import Estimate

_BLOCK = re.compile(r"(<!-- table: (?P<what>[^>]+?) -->\n).*?(<!-- /table -->)", re.DOTALL)


def filled(document: str, results: Path) -> str:
    """A document with every `<!-- table: RUN PAPER EXPERIMENT KIND -->` written anew."""
    return _BLOCK.sub(lambda match: match[1] + _table(match["what"], results) + match[3], document)


def outside(document: str) -> str:
    """The sentences of a document, without its tables."""
    return _BLOCK.sub("", document)


def _table(what: str, results: Path) -> str:
    """RUN agreement FILE, RUN PAPER tally, or RUN PAPER EXPERIMENT KIND."""
    match what.split():
        case [run, "agreement", name]:
            return _agreement(results / run / "tables" / name)
        case [run, paper, "tally"]:
            return _tally(results / run / "tables" / paper, paper)
        case [run, paper, experiment, kind] if kind in _KINDS:
            folder = results / run / "tables" / paper / experiment
            found = recorded.read(folder)
            claims = read_json(folder / "claims.json")["claims"]
            return _KINDS[kind](found, [Verdict.model_validate(claim) for claim in claims])
        case [*_, last]:
            hint = nearest(last, [*_KINDS, "tally"])
        case _:
            hint = ""
    raise UserError(
        f"docs/results.md: <!-- table: {what} -->: expected RUN PAPER EXPERIMENT KIND; {hint}"
    )


def _agreement(path: Path) -> str:
    """The outcome of a claim in each folder; claims that no folder decides are left out."""
    if not path.exists():
        raise UserError(f"docs/results.md: there is no {path}; `make agree … CSV=` writes it.")
    outcomes: dict[str, dict[str, str]] = {}  # of a claim: folder -> outcome
    for claim, a, in_a, b, in_b in Table.read(path).pick(["claim", "a", "in_a", "b", "in_b"]):
        outcomes.setdefault(claim, {}).update({_run(a): in_a, _run(b): in_b})
    runs = list(dict.fromkeys(run for found in outcomes.values() for run in found))
    lines = [
        [name, *(found.get(run, "") for run in runs)]
        for name, found in outcomes.items()
        if DECISIVE & set(found.values())
    ]
    return _markdown(["claim", *runs], lines)


def _run(folder: str) -> str:
    """The name of a folder of results, also where it is that of its small tables."""
    path = Path(folder)
    return path.parent.name if path.name == "tables" else path.name


def _success(found: Results, _: list[Verdict]) -> str:
    """Success and return of every method, task by task."""
    plan = found.comparison
    lines: list[list[str]] = []
    for task in plan.tasks:
        for name, method in plan.methods.items():
            for phase in plan.phases_of(name):
                cells = [
                    _percent(interval(found, name, phase, plan.policies[0], metric, task))
                    for metric in ("success", "success_any", "success_final")
                    if found.scores(name, phase, plan.policies[0], metric, task)
                ]
                if cells:
                    seeds = len(found.scores(name, phase, plan.policies[0], "success", task)[task])
                    after = "" if phase == "train" else f", after {phase}"
                    lines.append([task, method.label + after, *cells, str(seeds)])
    header = ["task", "trained on", "success", "at any step", "at the end", "seeds"]
    return _markdown(header, lines)


def _seeds(found: Results, _: list[Verdict]) -> str:
    """Success of every seed."""
    plan = found.comparison
    lines = [
        [task, method.label, policy, *(f"{100 * x:.0f}" for x in scores[task])]
        for task in plan.tasks
        for name, method in plan.methods.items()
        for policy in plan.policies
        if task in (scores := found.scores(name, "train", policy, "success", task))
    ]
    width = max((len(line) for line in lines), default=3) - 3
    header = ["task", "trained on", "policy", *(f"seed {k}" for k in range(width))]
    return _markdown(header, [line + [""] * (len(header) - len(line)) for line in lines])


def _verdicts(found: Results, claims: list[Verdict]) -> str:
    """Every claim with its verdict and the reason."""
    ledger = _ledger(found.comparison.paper)
    texts = {claim.id: claim for claim in ledger.claims}
    lines = [
        [
            claim.text,
            claim.origin,
            f"**{verdict.outcome}**",
            verdict.why,
        ]
        for verdict in claims
        if (claim := texts.get(verdict.id)) is not None
    ]
    return _markdown(["claim", "of", "verdict", "because"], lines)


def _controls(found: Results, claims: list[Verdict]) -> str:
    """The controls of an experiment, once each."""
    seen = {(c.id, c.task): c for verdict in claims for c in verdict.controls}
    words = {True: "holds", False: "**fails**", None: "not run"}
    lines = [[c.id, c.task, words[c.holds], c.text] for c in seen.values()]
    return _markdown(["control", "task", "", "found"], lines)


def _needs_no_learning(found: Results, _: list[Verdict]) -> str:
    """What succeeds on a task without any learning from a reward."""
    lines = [
        [task, LABELS[control], rates.definition, *(f"{100 * x:.0f} %" for x in rates[2:4])]
        for control, of_task in controls(found).items()
        for task, rates in of_task.items()
        if isinstance(rates, Rates)
    ]
    return _markdown(["task", "control", "how", "success at any step", "at the end"], lines)


_KINDS: dict[str, Callable[[Results, list[Verdict]], str]] = {
    "success": _success,
    "seeds": _seeds,
    "verdicts": _verdicts,
    "controls": _controls,
    "without-learning": _needs_no_learning,
}


def _tally(folder: Path, paper: str) -> str:
    """How many claims of a paper have each verdict."""
    ledger = _ledger(paper)
    outcomes = {
        claim["id"]: claim["outcome"]
        for file in sorted(folder.glob("*/claims.json"))
        for claim in read_json(file)["claims"]
    }
    counts = Counter(
        outcomes.get(claim.id, "not implemented" if claim.untested else "not run at this scale")
        for claim in ledger.claims
        if claim.origin == "paper"
    )
    lines = [[outcome, str(count)] for outcome, count in counts.most_common()]
    return _markdown([f"{sum(counts.values())} claims of the paper", "number"], lines)


def _ledger(paper: str) -> Ledger:
    return find_ledger(paper) or undescribed(paper)


def _percent(estimate: Estimate) -> str:
    value, low, high = (None if x is None else f"{100 * x:.0f}" for x in estimate[:3])
    return f"{value} %" if low is None else f"{value} % [{low}, {high}]"


def _markdown(header: list[str], lines: list[list[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "".join(
        "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |\n" for row in rows
    )
