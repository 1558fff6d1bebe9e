"""Every kind of test in words, with what it asks for."""

from collections.abc import Mapping
from typing import Any

from showtell.claims.evidence import setting_words, words
from showtell.claims.tests import (
    Above,
    AboveOn,
    Against,
    AtLeast,
    AtMost,
    Diagonal,
    Early,
    LandscapePeak,
    LowersEach,
    LowersSmallMore,
    NoBetter,
    NoWorse,
    OfPolicies,
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
from showtell.learners.checkpoints import Checkpoint

_AMONG: dict[Share, str] = {
    "every": "for every",
    "most": "for most of the",
    "any": "for at least one",
}
_CHOSEN: dict[Checkpoint, str] = {
    "last": "the policy at the end of training",
    "best-learned": "the best one of training by the learned reward",
    "best-true": "the best one of training by the true return",
}
RATES = {"success", "success_any", "success_final", "success_always", "return"}  # 0 to 1
_ON: dict[Share, str] = {"every": "on every task", "most": "on most tasks", "any": "on some task"}


def judged(evaluate: Mapping[str, Any]) -> str:
    """Which policies of a training are evaluated, in words."""
    chosen = [_CHOSEN[checkpoint] for checkpoint in evaluate.get("checkpoints", ["last"])]
    return f"{evaluate['episodes']} episodes of each: {'; '.join(chosen)}."


def describe(test: Any) -> str:
    """A test in words."""
    if test is None:
        return "No automatic test yet."
    return _asked(test, _who(test))


def _asked(test: Any, who: str) -> str:
    match test:
        case Above():
            return (
                f"Mean {_metric(test)} less that of {_versus(test)} is above 0 by a "
                f"permutation and a t test, and at least {_size(test.by, test.metric)}, {who} "
                f"({_policy(test)}). Less than {_size(test.by, test.metric)} counts as no better."
            )
        case AboveOn():
            return (
                f"Mean {_metric(test)} on {test.task} less that on {test.versus_task} is above 0 "
                f"by a permutation and a t test, and at least {_size(test.by, test.metric)}, {who} "
                f"({_policy(test)})."
            )
        case Times():
            return (
                f"Mean {words(test.metric)} is more than {test.times:g} times that of "
                f"{_versus(test, 'of ')} by a permutation and a t test, {who} ({_policy(test)})."
            )
        case NoBetter():
            beside = (
                f" Both may be at the floor, if “{test.beside}” is better than {_versus(test)}."
                if test.beside
                else ""
            )
            return (
                f"Mean {_metric(test)} less that of {_versus(test)} is below "
                f"{_size(test.by, test.metric)} by a permutation and a t test, {who} "
                f"({_policy(test)}).{beside}"
            )
        case NoWorse():
            return (
                f"Mean {_metric(test)} less that of {_versus(test)} is above "
                f"−{_size(test.by, test.metric)} by a permutation and a t test, {who} "
                f"({_policy(test)})."
            )
        case AtLeast():
            return (
                f"Most seeds have a {words(test.metric)} of at least "
                f"{_value(test.value, test.metric)} by the sign test, {who} ({_policy(test)})."
            )
        case AtMost():
            return (
                f"Most seeds have a {words(test.metric)} below "
                f"{_value(test.value, test.metric)} by the sign test, {who} ({_policy(test)})."
            )
        case Early():
            return (
                f"Mean {words(test.column)} while training, over the first {100 * test.part:g} % "
                f"of {test.phase}, less that of {test.versus_phase} is above 0 by a "
                f"permutation and a t test, and at least {_size(test.by, test.column)}, {who}."
            )
        case Sooner():
            level = (
                f"{100 * test.of_best:g} % of the best mean {words(test.column)} of the latter"
                if test.level is None
                else f"a {words(test.column)} of {test.level:g}"
            )
            more = "more steps than"
            if test.times > 1:
                more = f"more than {test.times:g} times as many steps as"
            return (
                f"“{test.versus}” takes {more} “{test.method}” to reach {level} while training, "
                "by a permutation and a t test of the logarithms of each seed's steps. A seed that "
                "does not reach it counts with its last step."
            )
        case Within():
            on = f" ({', '.join(test.tasks)})" if test.tasks else ""
            return (
                f"Most seeds reach a {words(test.column)} of {test.level:g} while training within "
                f"{test.steps:,} steps by the sign test, {who}{on}."
            )
        case Diagonal():
            kind = {
                "correlation": "Spearman correlation of score and true return",
                "similarity": "Mean cosine of sentence and rollout",
            }[test.column]
            return (
                f"{kind} with the task's own sentence less the best with another's is above 0 by "
                f"the bootstrap over rollouts, {_ON[test.share]}."
            )
        case LandscapePeak():
            return (
                f"Argmax of the reward curve within {test.within:g} {test.unit} of {test.at:g}, "
                f"{who}. A fixed model gives one curve: no sampling, no interval."
            )
        case Rises():
            size = "below" if test.below else "at least"
            return (
                f"Spearman correlation of the reward curve with its variable, from {test.low:g} to "
                f"{test.high:g}, {size} {test.value:g}, {who}. A fixed model gives one curve: no "
                "sampling."
            )
        case SameShape():
            return (
                f"Spearman correlation with the curve of {setting_words(test.reference)} at least "
                f"{test.value:g}, {who}. A fixed model gives one curve: no sampling."
            )
        case Separates():
            others = (test.versus,) if isinstance(test.versus, str) else test.versus
            other = {"all": "all other rollouts", "miss": "misses", "stalled": "stalled rollouts"}
            return (
                f"Success AUC of the last distance against {other[test.against]} less that of "
                f"{' and of '.join(others)} is above {_margin(test)} by the bootstrap over "
                "rollouts, on average over tasks, in each of the scenes "
                f"{', '.join(test.scenes)}, {who}."
            )
        case WithSize():
            name, way = words(test.column), "rises" if test.rises else "falls"
            line = (
                ""
                if test.linear is None
                else f", with a Pearson correlation of {'at least ' if test.rises else 'at most −'}"
                f"{test.linear:g} with the logarithm of the size, which has no sampling"
            )
            return (
                f"{name} {way} from each network to the next larger one by the bootstrap over the "
                f"same states, {_among(test)}{line}."
            )
        case LowersEach():
            among = {"every": "In every network", "most": "In most networks", "any": "In a network"}
            return (
                f"{among[test.share]} some method has a lower {words(test.column)} than with "
                f"{setting_words(test.than)} by the bootstrap over the same states, {_among(test)}."
            )
        case LowersSmallMore():
            share = {"every": "every", "most": "most", "any": "one"}[test.share]
            return (
                f"{words(test.column)} falls below that with {setting_words(test.than)} by more in "
                f"{share} of the smaller networks than in the largest one, at the best method of "
                f"each, {_among(test)}. The standard errors over states of the two are added."
            )
        case Predicts():
            return (
                f"Spearman correlation of {words(test.column)} with mean {words(test.metric)} "
                f"({_policy(test)}) is below 0 by the permutation test over methods, "
                f"{_among(test)}."
            )
        case _:
            return (
                f"{words(test.column)} lower than with {setting_words(test.than)} by the bootstrap "
                f"over the same states, {who}."
            )


def _margin(test: Separates) -> str:
    return f"−{test.margin:g}" if test.margin else "0"


def _who(test: Any) -> str:
    if "*" not in test.method:
        who = f"for “{test.method}”"
    else:
        plural = "s" if test.share == "most" else ""
        who = f"{_AMONG[test.share]} “{test.method.rstrip('*')}” method{plural}"
    if (task := getattr(test, "task", None)) and not isinstance(test, AboveOn):
        return f"{who} on {task}"
    return f"{who} {_ON[test.share]}" if getattr(test, "each_task", False) else who


def _among(test: Any) -> str:
    return f"among “{test.method}”"


def _versus(test: Against, again: str = "to ") -> str:
    names = [other.rstrip("*") for other in test.others] or ["the same method"]
    who = f" and {again}".join(names)
    same = test.other_phase == test.phase
    return who if same else f"{who} after {test.other_phase}"


def _metric(test: OfPolicies) -> str:
    """The metric; returns are compared on the scale from zero reward to the true reward."""
    return "normalised return" if test.metric == "return" else words(test.metric)


def _policy(test: OfPolicies | Predicts) -> str:
    after = "" if test.phase == "train" else f" after {test.phase}"
    return f"{test.policy} policy{after}"


def _value(value: float, metric: str) -> str:
    """A value of one policy; returns are on one scale only where two are compared."""
    return f"{value:g}" if metric == "return" else _size(value, metric)


def _size(value: float, metric: str) -> str:
    return f"{100 * value:g} %" if metric in RATES else f"{value:g}"
