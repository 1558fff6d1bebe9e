"""Scores that a test compares: of the same tasks, on one scale, and with room between the ends."""

from typing import NamedTuple

from showtell.claims.tests import Against
from showtell.results.reading import Results, Role
from showtell.studies.permutation import ENOUGH_SEEDS
from showtell.studies.statistics import Scores, mean

FLOOR, CEILING = 0.05, 0.95  # of a rate, or of a return from that of zero reward to the true one's


class Pair(NamedTuple):
    """Scores of one method and of what it is compared with, on the tasks that both have."""

    one: Scores
    other: Scores
    purpose: tuple[str, ...]  # the stream of its statistics
    untestable: str | None = None  # why nothing can be concluded from them

    @property
    def few(self) -> bool:
        """Whether a task has too few seeds for a decision."""
        return any(
            len(seeds) < ENOUGH_SEEDS for of in (self.one, self.other) for seeds in of.values()
        )


def pair_of(
    test: Against, results: Results, method: str, other: str, tasks: tuple[str, ...]
) -> Pair | None:
    """Both methods' scores on those of the tasks that both have."""
    one, two = (
        {
            task: scores
            for task, scores in results.scores(name, phase, test.policy, test.metric).items()
            if task in tasks
        }
        for name, phase in ((method, test.phase), (other, test.other_phase))
    )
    shared = sorted(set(one) & set(two))
    if not shared:
        return None
    purpose = [method, other, test.phase, test.policy, test.metric]
    if test.other_phase != test.phase:
        purpose.append(test.other_phase)
    if len(tasks) < len(results.comparison.tasks):
        purpose += tasks
    return Pair({t: one[t] for t in shared}, {t: two[t] for t in shared}, tuple(purpose))


def normalised(pair: Pair, results: Results, policy: str, from_zero: bool = True) -> Pair:
    """Returns from 0, without reward, to 1, with the true reward; a ratio keeps its own zero."""
    scales: dict[str, tuple[float, float]] = {}
    for task in pair.one:
        low, high = (_reference(results, role, policy, task) for role in _ENDS)
        if low is None or high is None or high - low < 1e-9:
            absent = "the true reward" if high is None else "zero reward"
            return pair._replace(
                untestable="the returns cannot be put on one scale"
                + (
                    ": the agent with the true reward is not better than that with zero reward"
                    if low is not None and high is not None
                    else f": no agent of this experiment trains on {absent}"
                )
                + f" ({task})"
            )
        scales[task] = (low if from_zero else 0.0, high - (low if from_zero else 0.0))
    one, other = (
        {
            task: [(x - scales[task][0]) / scales[task][1] for x in seeds]
            for task, seeds in of.items()
        }
        for of in (pair.one, pair.other)
    )
    return pair._replace(one=one, other=other)


_ENDS: tuple[Role, Role] = ("no reward", "true reward")


def _reference(results: Results, role: Role, policy: str, task: str) -> float | None:
    for name, method in results.comparison.methods.items():
        if method.role == role:
            scores = results.scores(name, "train", policy, "return", task)
            return mean(scores) if scores else None
    return None


def true_return(results: Results, policy: str, task: str) -> float | None:
    """The mean return of agents that train on the true reward; None if none does."""
    return _reference(results, "true reward", policy, task)


def checked(pair: Pair, times: float = 1.0, floor: bool = True) -> Pair:
    """With a reason, if both methods are at one end of the scale, or no room is left for more."""
    one, other = mean(pair.one), mean(pair.other)
    found = f"{100 * one:.0f} % and {100 * other:.0f} %"
    if floor and one <= FLOOR and other <= FLOOR:
        return pair._replace(untestable=f"both are at the floor ({found})")
    if times > 1 and times * other > 1:
        return pair._replace(
            untestable=f"the baseline's {100 * other:.0f} % leave no room for {times:g} times"
        )
    if one >= CEILING and other >= CEILING:
        return pair._replace(untestable=f"both are at the ceiling ({found})")
    return pair


def room_above(pair: Pair, by: float) -> Pair:
    """With a reason, if a rate cannot be so much above the other's."""
    return _roomy(pair, mean(pair.other) + by <= 1 + 1e-9, by, "more")


def room_below(pair: Pair, by: float) -> Pair:
    """With a reason, if a rate cannot be so much below the other's."""
    return _roomy(pair, mean(pair.other) - by >= -1e-9, by, "less")


def _roomy(pair: Pair, room: bool, by: float, word: str) -> Pair:
    if room or pair.untestable:
        return pair
    rate, points = 100 * mean(pair.other), 100 * by
    return pair._replace(
        untestable=f"the baseline's {rate:.0f} % leave no room for {points:.0f} points {word}"
    )
