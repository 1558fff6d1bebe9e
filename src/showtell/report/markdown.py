"""Tables of docs/results.md, written from the small tables alone: no number is typed by hand."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from showtell.claims.ledger import Ledger, find_ledger, undescribed
from showtell.claims.verdicts import DECISIVE, Verdict
from showtell.project.errors import UserError, nearest
from showtell.project.files import read_json
from showtell.report.networks import COLUMNS, shown
from showtell.report.published import find_tables
from showtell.report.videos import counted
from showtell.results import recorded
from showtell.results.agents_fit import agents_fit
from showtell.results.alignment_fit import fits as alignment_fits
from showtell.results.controls import LABELS, Rates, controls
from showtell.results.distances import fits
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
    """RUN agreement FILE, RUN PAPER tally|networks|videos, or RUN PAPER EXPERIMENT KIND."""
    match what.split():
        case [run, "agreement", name]:
            return _agreement(results / run / "tables" / name)
        case [run, paper, "tally"]:
            return _tally(results / run / "tables" / paper, paper)
        case [run, paper, "networks"]:
            return _networks(results / run / "tables" / "models.json", paper)
        case [run, _, "videos"]:
            return _videos(results / run / "tables" / "videos.json")
        case [run, paper, experiment, kind] if kind in _KINDS:
            folder = results / run / "tables" / paper / experiment
            found = recorded.read(folder)
            claims = read_json(folder / "claims.json")["claims"]
            return _KINDS[kind](found, [Verdict.model_validate(claim) for claim in claims])
        case [*_, last]:
            hint = nearest(last, [*_KINDS, "tally", "networks", "videos"])
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


def _distances(found: Results, _: list[Verdict]) -> str:
    """Success AUC of each distance, by scene; in the own scene also what it is made of."""
    lines = []
    for study, entry in found.comparison.studies.items():
        if entry["study"]["kind"] != "distances":
            continue
        for task, table in found.study_tables(study).items():
            fitted = fits(table)
            scenes = list(dict.fromkeys(fit.scene for fit in fitted))
            for method in dict.fromkeys(fit.method for fit in fitted):
                of = {fit.scene: fit for fit in fitted if fit.method == method}
                own = of[scenes[0]]
                areas = ", ".join(f"{scene} {_hundredths(of[scene].auc)}" for scene in scenes)
                shares = (own.auc_miss, own.thing_share, own.arm_share)
                lines.append([task, method, areas, *map(_hundredths, shares)])
    columns = ["task", "distance", "success AUC by scene", "against misses"]
    return _markdown([*columns, "with the thing unmoved", "with the arm at its start"], lines)


def _agents(found: Results, _: list[Verdict]) -> str:
    """How well each reward ranks the episodes of trained agents."""
    plan = found.comparison
    lines = []
    for study, entry in plan.studies.items():
        if entry["study"]["kind"] != "agents":
            continue
        for task, table in found.study_tables(study).items():
            for method in table.distinct("method"):
                fit = agents_fit(table, plan, method)
                others = f"{fit.agents} agents, {100 * fit.success:.0f} %"
                own = f"{fit.own_agents} agents, {100 * fit.own_success:.0f} %"
                numbers = (fit.auc, fit.cosine_auc, fit.own_auc)
                auc, cosine, of_own = map(_hundredths, numbers)
                lines.append([task, plan.methods[method].label, others, auc, cosine, own, of_own])
    columns = ["task", "reward", "others and their success", "success AUC", "by the cosine"]
    return _markdown([*columns, "own and their success", "success AUC of own"], lines)


def _alignment(found: Results, _: list[Verdict]) -> str:
    """How well each goal ranks a script's rollouts, beside the script's noise."""
    plan = found.comparison
    lines = []
    for study, entry in plan.studies.items():
        if entry["study"]["kind"] != "alignment":
            continue
        for task, table in found.study_tables(study).items():
            for method in table.distinct("method"):
                for fit in alignment_fits(table.where(method=method)):
                    numbers = (fit.correlation, fit.auc, fit.cosine_auc, fit.noise_auc)
                    label = plan.methods[method].label
                    lines.append([task, label, fit.text, *map(_hundredths, numbers)])
    columns = ["rollouts of", "reward", "goal of", "rank correlation", "success AUC"]
    return _markdown([*columns, "by the cosine", "by the script's noise alone"], lines)


def _hundredths(value: float) -> str:
    """Empty where it is not defined."""
    return "" if value != value else f"{value:.2f}"


_KINDS: dict[str, Callable[[Results, list[Verdict]], str]] = {
    "success": _success,
    "seeds": _seeds,
    "verdicts": _verdicts,
    "controls": _controls,
    "without-learning": _needs_no_learning,
    "distances": _distances,
    "alignment": _alignment,
    "agents": _agents,
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


def _networks(path: Path, paper: str) -> str:
    """Networks that learned from videos, beside the published ones; no column is empty."""
    scores = {name: of for name, of in _shared(path).items() if "spearman" in of}
    tables = find_tables(paper)
    lines: list[tuple[str, str, Mapping[str, float], bool]] = []
    for row, names in tables.grouped(scores) if tables else ():
        if row is not None:
            lines.append((row.label, "the paper", row.scores, True))
        lines += [(f"`{name}`", of or "", scores[name], False) for name, of in names]
    columns = [
        (column.title.lower(), column.lines[k] if column.lines else "", measure)
        for column in COLUMNS
        for k, measure in enumerate(column.measures)
        if any(measure in of for _, _, of, _ in lines)
    ]
    header = [f"{title}, {line}" if line else title for title, line, _ in columns]
    cells = [
        [name, of, *(shown(s[m], published=public) if m in s else "" for _, _, m in columns)]
        for name, of, s, public in lines
    ]
    return _markdown(["network", "recipe", *header], cells)


def _videos(path: Path) -> str:
    """Table V: published numbers, and those of each set of videos."""
    lines: list[list[str]] = []
    for name, of in _shared(path).items():
        refused = sum(of["refused"].values())
        about = f"{name}: {of['videos']:,} videos of {of['frames']:,} frames, {refused:,} refused"
        for row in counted({task: _three(n) for task, n in of["counts"].items()}):
            numbers = [f"{published:,} / {here:,}" for published, here in row.numbers]
            lines.append([about, row.task, f"{row.template}: {row.object}", *numbers])
    header = ["videos", "task", "action and object", "action: published / here", "object", "both"]
    return _markdown(header, lines)


def _three(numbers: Mapping[str, int]) -> tuple[int, ...]:
    return numbers["action"], numbers["object_named"], numbers["both"]


def _shared(path: Path) -> dict[str, Any]:
    """A small table that `make share` writes."""
    if not path.exists():
        raise UserError(f"docs/results.md: there is no {path}; `make share` writes it.")
    found: dict[str, Any] = read_json(path)
    return found


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
