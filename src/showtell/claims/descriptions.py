"""Every kind of test in words, with what it asks for."""

from collections.abc import Mapping
from typing import Any

from showtell.claims.evidence import setting_words, words
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
    SameShape,
    Share,
    Times,
)
from showtell.learners.checkpoints import Checkpoint

_AMONG: dict[Share, str] = {
    "every": "for every",
    "most": "for most of the",
    "any": "for at least one",
}
_CHOSEN: dict[Checkpoint, str] = {
    "last": "the policy at the end of training",
    "best-learned": "the best one of training by the learned reward",
    "best-true": "the best one of training by the true return (oracle)",
}
_ON: dict[Share, str] = {"every": "on every task", "most": "on most tasks", "any": "on some task"}


def judged(evaluate: Mapping[str, Any]) -> str:
    """Which policies of a training an evaluation judges, in words."""
    chosen = [_CHOSEN[checkpoint] for checkpoint in evaluate.get("checkpoints", ["last"])]
    return f"{evaluate['episodes']} episodes of each: {'; '.join(chosen)}."


def describe(test: Any) -> str:
    """A test in words."""
    if test is None:
        return "No automatic test yet."
    return _asked(test, _who(test))


def _asked(test: Any, who: str) -> str:
    interval = "its 95 % stratified bootstrap interval"
    match test:
        case Above():
            return (
                f"Difference of IQM {words(test.metric)} to {_versus(test)}: {interval} lies "
                f"above 0, {who} ({_policy(test)})."
            )
        case Times():
            return (
                f"IQM {words(test.metric)} less {test.times:g} times that of "
                f"{_versus(test, 'of ')}: {interval} lies above 0, {who} ({_policy(test)})."
            )
        case NoBetter():
            return (
                f"Difference of IQM {words(test.metric)} to {_versus(test)}: {interval} lies "
                f"below {_size(test.by, test.metric)}, {who} ({_policy(test)})."
            )
        case NoWorse():
            return (
                f"Difference of IQM {words(test.metric)} to {_versus(test)}: {interval} lies "
                f"above −{_size(test.by, test.metric)}, {who} ({_policy(test)})."
            )
        case AtLeast():
            return (
                f"IQM {words(test.metric)}: {interval} reaches "
                f"{_size(test.value, test.metric)}, {who} ({_policy(test)})."
            )
        case Early():
            return (
                f"IQM {words(test.column)} while training, over the first {100 * test.part:g} % "
                f"of {test.phase} less that of {test.versus_phase}: {interval} lies above 0, {who}."
            )
        case Diagonal():
            kind = {
                "correlation": "Spearman correlation of score and true return",
                "similarity": "Mean cosine of sentence and rollout",
            }[test.column]
            return (
                f"{kind} with the task's own sentence less the best with another's: the 95 % "
                f"bootstrap interval over rollouts lies above 0, {_ON[test.share]}."
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


def _who(test: Any) -> str:
    if "*" not in test.method:
        who = f"for “{test.method}”"
    else:
        plural = "s" if test.share == "most" else ""
        who = f"{_AMONG[test.share]} “{test.method.rstrip('*')}” method{plural}"
    return f"{who} {_ON[test.share]}" if getattr(test, "each_task", False) else who


def _versus(test: Against, again: str = "to ") -> str:
    names = [other.rstrip("*") for other in test.others] or ["the same method"]
    who = f" and {again}".join(names)
    same = test.other_phase == test.phase
    return who if same else f"{who} after {test.other_phase}"


def _policy(test: OfPolicies) -> str:
    after = "" if test.phase == "train" else f" after {test.phase}"
    return f"{test.policy} policy{after}"


def _size(value: float, metric: str) -> str:
    return f"{100 * value:g} %" if metric.startswith("success") else f"{value:g}"
