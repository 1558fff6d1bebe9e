"""From a claim and the results to a verdict: its controls first, then its parts together."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from showtell.claims import from_curves, from_policies, from_sizes, from_studies
from showtell.claims.controls import Checked, check, easy
from showtell.claims.decisions import LEVEL, at_least, decide, holm, needed_parts
from showtell.claims.descriptions import describe
from showtell.claims.evidence import Evidence, Part, method_with, methods_matching, setting_words
from showtell.claims.ledger import Claim, Ledger, find_ledger
from showtell.claims.tests import (
    Above,
    AboveOn,
    Against,
    AtLeast,
    AtMost,
    BySize,
    Diagonal,
    Early,
    LandscapePeak,
    LowersEach,
    LowersSmallMore,
    NoBetter,
    NoWorse,
    OfPolicies,
    Order,
    Predicts,
    Rises,
    SameShape,
    Separates,
    Share,
    Sooner,
    Times,
    Within,
    WithSize,
)
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.studies.permutation import ENOUGH_SEEDS

Outcome = Literal[
    "reproduced",
    "not reproduced",
    "inconclusive",
    "waiting",
    "cannot be tested at this scale",
    "not run at this scale",
    "not implemented",
]
_EVIDENCE: dict[type, Callable[[Any, Results, Mapping[str, str]], Evidence]] = {
    Above: from_policies.above,
    AboveOn: from_policies.above_on,
    Times: from_policies.times,
    NoBetter: from_policies.no_better,
    NoWorse: from_policies.no_worse,
    AtLeast: from_policies.reaches,
    AtMost: from_policies.reaches,
    Early: from_curves.early,
    Sooner: from_curves.sooner,
    Within: from_curves.within,
    Diagonal: from_studies.diagonal,
    LandscapePeak: from_studies.landscape_peak,
    Rises: from_studies.rises,
    SameShape: from_studies.same_shape,
    Order: from_studies.order,
    WithSize: from_sizes.with_size,
    LowersEach: from_sizes.lowers_each,
    LowersSmallMore: from_sizes.lowers_small_more,
    Predicts: from_sizes.predicts,
    Separates: from_studies.separates,
}
_DECIDED: dict[bool, Outcome] = {True: "reproduced", False: "not reproduced"}
DECISIVE = frozenset(_DECIDED.values())  # every other outcome is open


class Verdict(BaseModel):
    """A claim after its test."""

    model_config = ConfigDict(frozen=True)

    id: str
    experiment: str
    outcome: Outcome
    test: str  # the test in words
    why: str  # what decided
    n: int | None = None  # seeds, of the method with fewest
    expected: int | None = None
    line: float | None = None  # the value that the parts are compared with
    band: tuple[float, float] | None = None  # or the range that they should lie in
    parts: tuple[Part, ...] = ()
    controls: tuple[Checked, ...] = ()


def judge(ledger: Ledger, results: Results) -> list[Verdict]:
    """A verdict for each claim about this experiment."""
    experiment = results.comparison.experiment
    controls = check(ledger.controls_of(experiment), results)
    return [
        _judge(claim, results, [c for c in controls if c.id in claim.controls])
        for claim in ledger.claims
        if claim.experiment == experiment
    ]


def written(results: Results) -> dict[str, Any]:
    """The verdicts of one experiment as claims.json holds them; a study of one's own has none."""
    plan = results.comparison
    ledger = find_ledger(plan.paper)
    found = [] if ledger is None else judge(ledger, results)
    return {
        "paper": plan.paper,
        "experiment": plan.experiment,
        "claims": [verdict.model_dump(mode="json") for verdict in found],
    }


def not_run(claim: Claim) -> Verdict:
    """The verdict on a claim whose experiment is not in the grid."""
    return Verdict(
        id=claim.id,
        experiment=claim.experiment,
        outcome="not implemented" if claim.untested else "not run at this scale",
        test=describe(claim.test),
        why=claim.untested or "This experiment is not part of this scale's grid.",
    )


def _judge(claim: Claim, results: Results, controls: list[Checked]) -> Verdict:
    test = claim.test
    shared: dict[str, Any] = {
        "id": claim.id,
        "experiment": claim.experiment,
        "test": describe(test),
        "controls": tuple(controls),
    }
    if test is None or claim.untested is not None:
        return Verdict(outcome="not implemented", why=claim.untested or "", **shared)
    absent = _absent(test, results)
    if absent is not None:
        why = f"This scale's grid has no {absent}."
        return Verdict(outcome="not run at this scale", why=why, **shared)
    # A baseline that does not run needs no control: the claim says that it is missing.
    lacking = _lacking(test, results)
    found = _EVIDENCE[type(test)](
        test, results, _blocked([c for c in controls if c.method not in lacking])
    )
    if not found.parts:
        outcome: Outcome = "cannot be tested at this scale" if found.note else "waiting"
        return Verdict(outcome=outcome, why=found.note or "No result yet.", **shared)
    seeds = _seeds(test, results)
    parts = _corrected(found.parts)
    outcome, reason = _outcome(parts, found, test.share, seeds)
    return Verdict(
        outcome=outcome,
        why=" ".join(
            filter(None, [found.note, reason, _only(test, results), _easy(test, results)])
        ),
        line=found.line,
        band=found.band,
        parts=parts,
        n=seeds,
        expected=None if seeds is None else results.comparison.seeds,
        **shared,
    )


def _only(test: Any, results: Results) -> str:
    """Which tasks the verdict is about, where the scale leaves some out."""
    plan, study = results.comparison, getattr(test, "study", None)
    if getattr(test, "task", None) or getattr(test, "tasks", None):
        return ""
    run = plan.study_tasks(study) if study in plan.studies else plan.tasks
    all_of_them = {*plan.tasks, *plan.left_out}
    if not all_of_them - set(run):
        return ""
    return f"Measured on {', '.join(run)}: {len(run)} of {len(all_of_them)} tasks."


def _easy(test: Any, results: Results) -> str:
    """Of a claim about success: what succeeds without any reward."""
    return easy(results) if isinstance(test, OfPolicies) and test.metric == "success" else ""


def _blocked(controls: list[Checked]) -> dict[str, str]:
    """Task -> why nothing can be concluded from it."""
    found: dict[str, list[str]] = {}
    for control in controls:
        if not control.holds:
            word = "fails" if control.holds is False else "is missing"
            found.setdefault(control.task, []).append(
                f"the control “{control.id}” {word} on {control.task}: {control.text}"
            )
    return {task: "; ".join(reasons) for task, reasons in found.items()}


def _corrected(parts: list[Part]) -> tuple[Part, ...]:
    """Parts with a decision each, by Holm's method over all that can be tested."""
    testable = [part for part in parts if part.untestable is None]
    holds = holm([part.p_holds for part in testable])
    fails = holm([part.p_fails for part in testable])
    decided = {
        id(part): True if up <= LEVEL else False if down <= LEVEL else None
        for part, up, down in zip(testable, holds, fails, strict=True)
    }
    return tuple(part.model_copy(update={"holds": decided.get(id(part))}) for part in parts)


def _outcome(
    parts: tuple[Part, ...], found: Evidence, share: Share, seeds: int | None
) -> tuple[Outcome, str]:
    """The verdict, and one sentence on what decided."""
    testable = [part for part in parts if part.untestable is None]
    reasons = "; ".join(dict.fromkeys(part.untestable for part in parts if part.untestable))
    lacking = f"This scale does not run {', '.join(found.absent)}." if found.absent else ""
    if not testable:
        return "cannot be tested at this scale", f"{reasons[:1].upper()}{reasons[1:]}."
    open_ones = [1.0] * (len(parts) - len(testable) + len(found.waiting) + len(found.absent))
    holds = [part.p_holds for part in testable]
    fails = [part.p_fails for part in testable]
    whole = decide(holds + open_ones, fails + open_ones, share)
    few = seeds is not None and seeds < ENOUGH_SEEDS
    words = "" if few else _counted(testable, share)
    if whole is not None:
        return _DECIDED[whole], " ".join(filter(None, [words, lacking, _but(reasons)]))
    if found.waiting:
        return "waiting", f"{words} Waiting for {', '.join(found.waiting)}.".strip()
    if decide(holds, fails, share):
        if reasons:
            return "cannot be tested at this scale", f"{words} {_but(reasons)}"
        return "not run at this scale", f"{words} {lacking}"
    if few:
        words = (
            f"{seeds} seed{'' if seeds == 1 else 's'} give a range; a verdict needs {ENOUGH_SEEDS}."
        )
    return "inconclusive", " ".join(filter(None, [words, lacking, _but(reasons)]))


def _but(reasons: str) -> str:
    return f"Not all can be tested: {reasons}." if reasons else ""


def _counted(parts: list[Part], share: Share) -> str:
    """The p-values of the claim, and how many parts hold alone."""
    holds, fails = [part.p_holds for part in parts], [part.p_fails for part in parts]
    if all({part.p_holds, part.p_fails} == {0.0, 1.0} for part in parts):
        return f"A fixed reward: no chance is involved. {_alone(parts)}".strip()
    needed = needed_parts(len(parts), share)
    up, down = at_least(holds, needed), at_least(fails, len(parts) - needed + 1)
    values = f"{_p_value(up)} that chance alone does so well, {_p_value(down)} so badly."
    if len(parts) == 1:
        return values
    asked = {"every": "All", "most": "Most", "any": "One"}[share]
    return f"{asked} of {len(parts)} parts: {values} {_alone(parts)}"


def _alone(parts: list[Part]) -> str:
    """How many parts hold, fail, or neither; nothing of a claim that has one."""
    if len(parts) == 1:
        return ""
    kinds = {
        True: ("holds", "hold"),
        False: ("fails", "fail"),
        None: ("is undecided", "are undecided"),
    }
    each = [part.holds for part in parts]
    counted = [f"{n} {words[n > 1]}" for kind, words in kinds.items() if (n := each.count(kind))]
    return f"Each alone, corrected for their number: {', '.join(counted)}."


def _p_value(value: float) -> str:
    """As it is printed."""
    return "p < 0.001" if value < 0.0005 else f"p = {value:.3f}"


def _absent(test: Any, results: Results) -> str | None:
    """What the test needs and the grid does not have."""
    plan = results.comparison
    others = test.others if isinstance(test, Against) else ()
    if isinstance(test, Separates):  # a study also measures what no method trains on
        return None if test.study in plan.studies else f"study {test.study}"
    if not methods_matching(test.method, plan.methods):
        return f"method {test.method}"
    if others and not any(methods_matching(pattern, plan.methods) for pattern in others):
        return f"method {' or '.join(others)}"
    for phase in _phases(test):
        if phase not in plan.phases:
            return f"phase {phase}"
    tasks = (getattr(test, "task", None), getattr(test, "versus_task", None))
    if lacking := [task for task in tasks if task is not None and task not in plan.tasks]:
        return f"task {lacking[0]}"
    if isinstance(test, OfPolicies):
        if not plan.seeds:
            return "trained agent"
        return None if test.policy in plan.policies else f"{test.policy} policy"
    if isinstance(test, Sooner):
        missing = not methods_matching(test.versus, plan.methods)
        return f"method {test.versus}" if missing else None
    if isinstance(test, Within):
        run = {task for name in _matching(test, results) for task in plan.tasks_of(name)}
        lacking = [task for task in test.tasks or () if task not in run]
        return f"task {lacking[0]}" if lacking else None
    if isinstance(test, Early):
        return None
    if test.study not in plan.studies:
        return f"study {test.study}"
    if isinstance(test, Predicts):
        if not plan.seeds:
            return "trained agent"
        return None if test.policy in plan.policies else f"{test.policy} policy"
    if isinstance(test, BySize):
        few = len(methods_matching(test.method, plan.methods)) < 2
        return f"second method {test.method} to compare with" if few else None
    if isinstance(test, Diagonal) and _single(results.study_tables(test.study)):
        return "second sentence to compare with"
    setting = getattr(test, "reference", None) or getattr(test, "than", None)
    if setting is not None:
        if method_with(setting, test.method, plan.methods) is None:
            return f"method {test.method} with {setting_words(setting)}"
        if len(methods_matching(test.method, plan.methods)) < 2:
            return f"second method {test.method} to compare with"
    return None


def _lacking(test: Any, results: Results) -> set[str]:
    """The baselines of a test that the grid does not have."""
    others = test.others if isinstance(test, Against) else ()
    return {name for name in others if not methods_matching(name, results.comparison.methods)}


def _single(tables: Mapping[str, Table]) -> bool:
    """Whether what was measured knows one sentence only; what is still to come may know more."""
    return bool(tables) and all(len(table.distinct("text")) < 2 for table in tables.values())


def _phases(test: Any) -> list[str]:
    names = [getattr(test, key, None) for key in ("phase", "versus_phase")]
    return [name for name in names if name is not None]


def _seeds(test: Any, results: Results) -> int | None:
    """Seeds of the method that has fewest; a study of a fixed model has none."""
    if not isinstance(test, OfPolicies | Early | Sooner | Within):
        return None
    plan = results.comparison
    if isinstance(test, Sooner | Within):
        return _curves_of(test, results)
    wanted = [(test.method, phase) for phase in _phases(test)]
    if isinstance(test, Against):
        wanted = [(test.method, test.phase)]
        wanted += [(other, test.other_phase) for other in test.others]
    counts = [
        results.seeds_of(method, phase)
        for pattern, phase in wanted
        for method in methods_matching(pattern, plan.methods)
        if phase in plan.phases_of(method)
    ]
    return min(counts, default=0)


def _matching(test: Sooner | Within, results: Results) -> list[str]:
    """The methods that a test of training logs names, on either side."""
    patterns = (test.method, test.versus) if isinstance(test, Sooner) else (test.method,)
    return [n for p in patterns for n in methods_matching(p, results.comparison.methods)]


def _curves_of(test: Sooner | Within, results: Results) -> int:
    """Training logs of the method and task that has fewest."""
    counts = [
        sum((run.method, run.task) == (method, task) for run in results.progress)
        for method in _matching(test, results)
        for task in results.comparison.tasks_of(method)
        if not isinstance(test, Within) or test.tasks is None or task in test.tasks
    ]
    return min(counts, default=0)
