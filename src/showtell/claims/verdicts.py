"""From a claim and the results to a verdict: reproduced, not reproduced, or inconclusive."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from showtell.claims import from_policies, from_studies
from showtell.claims.descriptions import describe
from showtell.claims.evidence import Evidence, Part, method_with, methods_matching, setting_words
from showtell.claims.ledger import Claim, Ledger
from showtell.claims.tests import (
    Above,
    Against,
    AtLeast,
    Diagonal,
    Early,
    LandscapePeak,
    NoBetter,
    NoWorse,
    OfPolicies,
    Order,
    SameShape,
    Share,
    Times,
)
from showtell.results.reading import Results
from showtell.results.table import Table
from showtell.studies.statistics import ENOUGH_SEEDS

Outcome = Literal[
    "reproduced", "not reproduced", "inconclusive", "waiting", "not run at this scale"
]
_EVIDENCE: dict[type, Callable[[Any, Results], Evidence]] = {
    Above: from_policies.above,
    Times: from_policies.times,
    NoBetter: from_policies.no_better,
    NoWorse: from_policies.no_worse,
    AtLeast: from_policies.at_least,
    Early: from_policies.early,
    Diagonal: from_studies.diagonal,
    LandscapePeak: from_studies.landscape_peak,
    SameShape: from_studies.same_shape,
    Order: from_studies.order,
}
_OUTCOME: dict[bool | None, Outcome] = {
    True: "reproduced",
    False: "not reproduced",
    None: "inconclusive",
}


class Verdict(BaseModel):
    """A claim after its test."""

    model_config = ConfigDict(frozen=True)

    id: str
    experiment: str
    outcome: Outcome
    test: str  # the test by name, with what it asks for
    why: str  # one sentence: what decided
    n: int | None = None  # seeds, of the method with fewest
    expected: int | None = None
    line: float | None = None  # the value that the parts are held against
    band: tuple[float, float] | None = None  # or the range that they should lie in
    parts: tuple[Part, ...] = ()


def judge(ledger: Ledger, results: Results) -> list[Verdict]:
    """A verdict for each claim about this experiment."""
    experiment = results.comparison.experiment
    return [_judge(claim, results) for claim in ledger.claims if claim.experiment == experiment]


def not_run(claim: Claim) -> Verdict:
    """The verdict on a claim whose experiment is not in the grid."""
    return Verdict(
        id=claim.id,
        experiment=claim.experiment,
        outcome="not run at this scale",
        test=describe(claim.test),
        why="This experiment is not part of this scale's grid.",
    )


def _judge(claim: Claim, results: Results) -> Verdict:
    test = claim.test
    shared: dict[str, Any] = {
        "id": claim.id,
        "experiment": claim.experiment,
        "test": describe(test),
    }
    if test is None:
        return Verdict(outcome="inconclusive", why="No automatic test yet.", **shared)
    absent = _absent(test, results)
    if absent is not None:
        why = f"This scale's grid has no {absent}."
        return Verdict(outcome="not run at this scale", why=why, **shared)
    found = _EVIDENCE[type(test)](test, results)
    if not found.parts:
        outcome: Outcome = "inconclusive" if found.note else "waiting"
        return Verdict(outcome=outcome, why=found.note or "No result yet.", **shared)
    open_ones: list[bool | None] = [None] * len(found.waiting)
    holds = _combined([*(part.holds for part in found.parts), *open_ones], test.share)
    seeds = _seeds(test, results)
    return Verdict(
        outcome=_OUTCOME[holds],
        why=_why(found),
        line=found.line,
        band=found.band,
        parts=tuple(found.parts),
        n=seeds,
        expected=None if seeds is None else results.comparison.seeds,
        **shared,
    )


def _absent(test: Any, results: Results) -> str | None:
    """What the test needs and the grid does not have."""
    plan = results.comparison
    others = test.others if isinstance(test, Against) else ()
    for pattern in (test.method, *others):
        if not methods_matching(pattern, plan.methods):
            return f"method {pattern}"
    for phase in _phases(test):
        if phase not in plan.phases:
            return f"phase {phase}"
    if isinstance(test, OfPolicies):
        return None if test.policy in plan.policies else f"{test.policy} policy"
    if isinstance(test, Early):
        return None
    if test.study not in plan.studies:
        return f"study {test.study}"
    if isinstance(test, Diagonal) and _single(results.study_tables(test.study)):
        return "second sentence to compare with"
    setting = getattr(test, "reference", None) or getattr(test, "than", None)
    if setting is not None:
        if method_with(setting, test.method, plan.methods) is None:
            return f"method {test.method} with {setting_words(setting)}"
        if len(methods_matching(test.method, plan.methods)) < 2:
            return f"second method {test.method} to compare with"
    return None


def _single(tables: Mapping[str, Table]) -> bool:
    """Whether what was measured knows one sentence only; what is still to come may know more."""
    return bool(tables) and all(len(table.distinct("text")) < 2 for table in tables.values())


def _phases(test: Any) -> list[str]:
    names = [getattr(test, key, None) for key in ("phase", "versus_phase")]
    return [name for name in names if name is not None]


def _seeds(test: Any, results: Results) -> int | None:
    """Seeds of the method that has fewest; a study of a fixed model has none."""
    if not isinstance(test, OfPolicies | Early):
        return None
    plan = results.comparison
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


def _why(found: Evidence) -> str:
    words = {True: "hold", False: "do not", None: "undecided"}
    each = [part.holds for part in found.parts]
    counted = [f"{each.count(kind)} {word}" for kind, word in words.items() if kind in each]
    sentences = [found.note, f"Of {len(each)}: {', '.join(counted)}." if len(each) > 1 else ""]
    undecided = [part for part in found.parts if part.holds is None]
    if any(part.seeds is not None and part.seeds < ENOUGH_SEEDS for part in undecided):
        sentences.append(f"Fewer than {ENOUGH_SEEDS} seeds decide nothing.")
    elif undecided:
        sentences.append("Undecided: intervals overlap what they are held against.")
    if found.waiting:
        sentences.append(f"Waiting for {', '.join(found.waiting)}.")
    return " ".join(filter(None, sentences))


def _combined(holds: list[bool | None], share: Share) -> bool | None:
    """One verdict for several methods; what is undecided may still fall either way."""
    met, missed = holds.count(True), holds.count(False)
    if share == "every":
        met_enough, missed_enough = met == len(holds), missed > 0
    elif share == "any":
        met_enough, missed_enough = met > 0, missed == len(holds)
    else:
        met_enough, missed_enough = met > len(holds) / 2, missed >= len(holds) / 2
    return True if met_enough else False if missed_enough else None
