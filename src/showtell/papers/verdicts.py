"""From a claim and the results to a verdict: reproduced, not reproduced, or inconclusive."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from showtell.papers.evidence import Evidence, Part, gather, having, matching, setting_words, words
from showtell.papers.ledger import (
    Above,
    AtLeast,
    Claim,
    LandscapePeak,
    Ledger,
    Measured,
    SameShape,
    Share,
)
from showtell.papers.results import Results
from showtell.studies.statistics import ENOUGH_SEEDS

Outcome = Literal[
    "reproduced", "not reproduced", "inconclusive", "waiting", "not run at this scale"
]
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


def describe(test: Any) -> str:
    """A test in words."""
    if test is None:
        return "No automatic test yet."
    scope = {"every": "for every", "most": "for most of the", "any": "for at least one"}
    who = f"for “{test.method}”"
    if "*" in test.method:
        plural = "s" if test.share == "most" else ""
        who = f"{scope[test.share]} “{test.method.rstrip('*')}” method{plural}"
    match test:
        case Above():
            return (
                f"Difference of IQM {words(test.metric)} to {test.versus}: its 95 % stratified "
                f"bootstrap interval lies above 0, {who} ({test.policy} policy)."
            )
        case AtLeast():
            return (
                f"IQM {words(test.metric)}: its 95 % stratified bootstrap interval reaches "
                f"{_goal(test)}, {who} ({test.policy} policy)."
            )
        case LandscapePeak():
            return (
                f"Argmax of the reward curve within {test.within:g} {test.unit} of {test.at:g}, "
                f"{who}. A fixed model gives one curve: no sampling, no interval."
            )
        case SameShape():
            return (
                f"Spearman correlation with the curve of {setting_words(test.reference)} at least "
                f"{test.value:g}, {who}. A fixed model gives one curve: no sampling."
            )
        case _:
            return (
                f"{words(test.column)} lower than with {setting_words(test.than)}, 95 % intervals "
                f"apart, {who}."
            )


def _goal(test: AtLeast) -> str:
    rate = test.metric.startswith("success")
    return f"{100 * test.value:g} %" if rate else f"{test.value:g}"


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
    found = gather(test, results)
    if not found.parts:
        return Verdict(outcome="waiting", why="No result yet.", **shared)
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
    methods = results.comparison.methods
    for name in ("method", "versus"):
        pattern = getattr(test, name, None)
        if pattern is not None and not matching(pattern, methods):
            return f"method {pattern}"
    if isinstance(test, Measured):
        return None if test.policy in results.comparison.policies else f"{test.policy} policy"
    kinds = {entry["study"]["name"] for entry in results.comparison.studies.values()}
    if test.study not in kinds:
        return f"study of kind {test.study}"
    setting = getattr(test, "reference", None) or getattr(test, "than", None)
    if setting is not None:
        if having(setting, test.method, methods) is None:
            return f"method {test.method} with {setting_words(setting)}"
        if len(matching(test.method, methods)) < 2:
            return f"second method {test.method} to compare with"
    return None


def _seeds(test: Any, results: Results) -> int | None:
    """Seeds of the method that has fewest; a study of a fixed model has none."""
    if not isinstance(test, Measured):
        return None
    methods = matching(test.method, results.comparison.methods)
    versus = [test.versus] if isinstance(test, Above) else []
    return min(results.seeds_of(method, test.phase) for method in (*methods, *versus))


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
