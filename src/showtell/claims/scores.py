"""Scores that a test compares: of the same tasks, on one scale, and with room between the ends."""

from typing import NamedTuple

import numpy as np

from showtell.claims.decisions import LEVEL
from showtell.claims.tests import Above, Against, NoBetter, NoWorse, Times
from showtell.results.reading import Results, Role
from showtell.studies.permutation import ENOUGH_SEEDS, p_below
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


def stream_of(pair: Pair, results: Results) -> np.random.Generator:
    """The stream of the statistics of two methods."""
    return results.comparison.generator("difference", *pair.purpose)


def on_one_scale(pair: Pair, test: Against, results: Results) -> Pair:
    """As the test compares them; with a reason, if it could have come out only one way."""
    many = test.times if isinstance(test, Times) else 1.0
    if test.metric != "return":
        return _with_room(
            checked(pair, many, floor=not _beside(test, pair, results)), test, results
        )
    if many == 1.0:
        pair = normalised(pair, results, test.policy)
        return pair if pair.untestable else checked(pair)
    # A ratio of returns depends on their zero, so that stays; of one task it needs no scale.
    if len(pair.one) > 1:
        pair = normalised(pair, results, test.policy, from_zero=False)
        return pair if pair.untestable else _with_return(pair, many, 1.0)
    (task,) = pair.one
    return _with_return(pair, many, _reference(results, "true reward", test.policy, task))


def _with_return(pair: Pair, many: float, most: float | None) -> Pair:
    """With a reason, if so many times the other's return is above that of the true reward."""
    wanted = many * mean(pair.other)
    if most is None or wanted <= most or mean(pair.one) >= wanted:
        return pair
    why = "the baseline's return leaves no room for"
    return pair._replace(untestable=f"{why} {many:g} times: agents with the true reward have less")


def _with_room(pair: Pair, test: Against, results: Results) -> Pair:
    """With a reason, if the test could have come out only one way."""
    match test:
        case Above():
            return room_for_better(pair, test.by, results)
        case NoBetter():
            return _room_above(pair, test.by)
        case NoWorse():
            return _room_below(pair, test.by)
    return pair


def _beside(test: Against, pair: Pair, results: Results) -> bool:
    """Whether a third method is better, so that both at the floor says something."""
    if not isinstance(test, NoBetter) or test.beside is None:
        return False
    scores = results.scores(test.beside, test.phase, test.policy, test.metric)
    third = {task: scores[task] for task in pair.one if task in scores}
    return third.keys() == pair.one.keys() and mean(third) - mean(pair.other) >= test.by - 1e-9


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


def room_for_better(pair: Pair, by: float, results: Results) -> Pair:
    """With a reason, if no rate is so much better; to be worse needs no room above the other."""
    worse = p_below(pair.one, pair.other, 0.0, stream_of(pair, results)) <= LEVEL
    return pair if worse else _room_above(pair, by)


def _room_above(pair: Pair, by: float) -> Pair:
    """With a reason, if a rate cannot be so much above the other's."""
    return _roomy(pair, mean(pair.other) + by <= 1 + 1e-9, by, "more")


def _room_below(pair: Pair, by: float) -> Pair:
    """With a reason, if a rate cannot be so much below the other's."""
    return _roomy(pair, mean(pair.other) - by >= -1e-9, by, "less")


def _roomy(pair: Pair, room: bool, by: float, word: str) -> Pair:
    if room or pair.untestable:
        return pair
    rate, points = 100 * mean(pair.other), 100 * by
    return pair._replace(
        untestable=f"the baseline's {rate:.0f} % leave no room for {points:.0f} points {word}"
    )
