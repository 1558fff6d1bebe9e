"""What the tables say: a line a method, and whether training on it is worth the time."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.project.seeds import generator
from showtell.results.alignment_fit import auc
from showtell.results.distances import ranked
from showtell.results.table import Table
from showtell.studies.statistics import spearman

Array = NDArray[np.float64]
Outcome = Literal["train", "do not train", "cannot say"]
_RESAMPLES = 2000
_FEWEST = 3  # successes, and failures
_TAIL = 5  # percent on each side


class Area(NamedTuple):
    """How probably a success scores above a failure, and the range over rollouts."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class Line:
    """One method on the task's own rollouts."""

    method: str
    area: Area
    correlation: float  # by rank: with the true return, or along the script with time
    beside: tuple[tuple[str, float], ...]  # the same area of what it is held against
    outcome: Outcome
    reason: str


def of_alignment(
    table: Table, own: str, others: tuple[str, ...], without_goal: tuple[str, ...] = ()
) -> list[Line]:
    """From a study of whole rollouts that are scored by similarity to goals, or without one."""
    first = table.distinct("method")[0]
    lines = []
    for method in table.distinct("method"):
        rows = table.where(method=method, text=own)
        scores, success = np.array(rows.numbers("score")), _successes(rows)
        noise = auc(-np.array(rows.numbers("noise")), success)
        beside = [("how little noise the script had", noise)]
        controls = [
            text for text in table.where(method=first).distinct("text") if text in _CONTROLS
        ]
        wrong = [
            (_CONTROLS[text], auc(np.array(cells.numbers("score")), _successes(cells)))
            for text in controls
            if method == first
            for cells in [table.where(method=first, text=text)]
        ]
        best = max(
            (
                (auc(np.array(cells.numbers("score")), _successes(cells)), text)
                for text in (() if method in without_goal else others)
                for cells in [table.where(method=method, text=text)]
                if cells.rows
            ),
            default=None,
        )
        foreign = [] if best is None else [(f"the goal of {best[1]}", best[0])]
        area = _area(scores, success)
        correlation = spearman(scores.tolist(), rows.numbers("true_return"))
        rivals = [*wrong, *foreign]
        outcome, reason = _judged(area, success, rivals)
        if np.ptp(scores) <= _ROUNDING * np.abs(scores).max():
            outcome, reason = "do not train", "it gives every rollout the same score"
        lines.append(Line(method, area, correlation, (*beside, *rivals), outcome, reason))
    return lines


def of_distances(table: Table) -> list[Line]:
    """From a study of distances along rollouts of known kinds, in two scenes."""
    lines = []
    for method in table.distinct("method"):
        rows = {scene: table.where(method=method, scene=scene) for scene in ("same", "light")}
        scores, success = ranked(rows["same"], "all")
        area = _area(scores, success)
        misses = _area(*ranked(rows["same"], "miss"))
        light = auc(*ranked(rows["light"], "all"))
        scripted = rows["same"].where(kind="script", success=1).numbers("spearman")
        beside = (("misses alone", misses.value), ("with other light", light))
        outcome, reason = _judged(area, success, [])
        if outcome == "train" and not misses.low > 0.5:
            outcome = "do not train"
            reason = (
                "the arm alone decides it: where the arm moves as in a success and the thing "
                f"stays, the area is {misses}"
            )
        elif outcome == "train" and not light > _STILL:
            outcome, reason = "do not train", f"with other light the area falls to {light:.2f}"
        mean = float(np.mean(scripted)) if scripted else float("nan")
        lines.append(Line(method, area, mean, beside, outcome, reason))
    return lines


def beside_pixels(lines: list[Line], answer: Line, pixels: str) -> str:
    """What the difference of pixels does, which needs no network; empty where it is absent."""
    found = next((line for line in lines if line.method == pixels), None)
    if found is None or found is answer:
        return ""
    light = dict(found.beside)["with other light"], dict(answer.beside)["with other light"]
    return (
        f"Pixels alone have an area of {found.area.value:.2f} beside {answer.area.value:.2f}, and "
        f"with other light {light[0]:.2f} beside {light[1]:.2f}."
    )


def overall(lines: list[Line], rivals: set[str]) -> Line:
    """The line that the answer is about: the best that is worth training on, else the best.

    `rivals` are methods that nobody asked for: pixels, and networks that learned nothing.
    """
    asked = [line for line in lines if line.method not in rivals] or lines
    worth = [line for line in asked if line.outcome == "train"]
    return max(worth or asked, key=lambda line: np.nan_to_num(line.area.value))


_CONTROLS = {"wrong": "the wrong sentence", "shuffled": "the words in reverse"}
_ROUNDING = 1e-6  # of single precision: scores that differ by less are equal
_STILL = 0.6  # an area with other light below this is no ranking


def _judged(
    area: Area, success: NDArray[np.bool_], rivals: list[tuple[str, float]]
) -> tuple[Outcome, str]:
    counts = int(success.sum()), int((~success).sum())
    if min(counts) < _FEWEST:
        few = "successes" if counts[0] < _FEWEST else "failures"
        return "cannot say", f"only {min(counts)} of {sum(counts)} rollouts are {few}"
    if not area.low > 0.5:
        return "do not train", f"it does not tell successes from failures (area {area})"
    for name, value in rivals:
        if value >= area.value and not name.startswith("the words"):
            return "do not train", f"{name} ranks as well ({value:.2f} beside {area.value:.2f})"
    return "train", f"successes score above failures (area {area})"


def _successes(rows: Table) -> NDArray[np.bool_]:
    return np.array(rows.numbers("success")) > 0.5


def _area(scores: Array, success: NDArray[np.bool_]) -> Area:
    """The range: rollouts drawn again, of successes and of failures as many as there are."""
    whole = auc(scores, success)
    if np.isnan(whole):
        return Area(whole, whole, whole)
    dice = generator(0, "probe", "area")
    gaps = scores[success][:, None] - scores[~success]
    wins = (gaps > 0) + 0.5 * (gaps == 0)
    up, down = (dice.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES) / n for n in wins.shape)
    drawn = ((up @ wins) * down).sum(axis=1)
    low, high = np.percentile(drawn, (_TAIL, 100 - _TAIL))
    return Area(whole, float(low), float(high))
