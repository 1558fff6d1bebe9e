"""What a study of distances found: how well the end of a rollout says whether it succeeded.

Every area under a curve is of the distances to the last goal at the ends of rollouts: how probably
that of a success is smaller than that of another rollout.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.results.alignment_fit import auc
from showtell.results.table import Table
from showtell.studies.known_rollouts import MOMENTS
from showtell.studies.statistics import COVERAGE, Estimate

Array = NDArray[np.float64]
Against = Literal["all", "miss", "stalled"]
_RESAMPLES = 2000
_LEAST_WAY = 0.1  # of the start's distance: where the goal is hardly nearer, shares mean nothing


class Fit(NamedTuple):
    """How one method ranks the rollouts of one task in one scene; NaN where nothing is ranked."""

    method: str
    scene: str
    auc: float  # successes against all other rollouts
    auc_miss: float  # against misses alone
    auc_stalled: float  # against those of the kind stalled that did not succeed
    spearman: float  # mean of the script's successes: of time and minus the staged distance
    least_at: float  # mean of the same: where the smallest distance lies, as a share of the steps
    # Of the distance from start to goal: what is left where only the arm is at the goal, or only
    # the things are. Both are 1 where neither alone brings the goal nearer.
    thing_share: float
    arm_share: float


class Lead(NamedTuple):
    """How far the area of one method is ahead of another's, over the same rollouts."""

    one: float
    other: float
    gap: Estimate  # the interval is over rollouts
    p_behind: float  # share of resamples in which it is not ahead
    p_ahead: float  # and in which it is not behind


def fits(table: Table) -> list[Fit]:
    """One fit a method and scene."""
    found = []
    for method in table.distinct("method"):
        for scene in table.distinct("scene"):
            rows = table.where(method=method, scene=scene)
            if rows.rows:
                found.append(_fit(method, scene, rows))
    return found


def area(table: Table, against: Against) -> float:
    """The area of one method in one scene, from their rows."""
    return auc(*ranked(table, against))


def lead(
    tables: Mapping[str, Table],
    method: str,
    versus: str,
    scene: str,
    against: Against,
    generator: np.random.Generator,
    margin: float = 0.0,
) -> Lead | None:
    """Over the tasks that have both methods and the scene; None where no area is defined.

    Behind is an area that is smaller by the margin or more.
    """
    values, drawn = [], []
    for table in tables.values():
        one, other = (
            ranked(table.where(method=name, scene=scene), against) for name in (method, versus)
        )
        whole = [auc(*one), auc(*other)]
        if np.isnan(whole).any():
            continue
        values.append(whole)
        drawn.append(_resampled(one[0], other[0], one[1], generator))
    if not values:
        return None
    ahead, behind = np.mean(values, axis=0)
    gaps = np.mean(drawn, axis=0)
    low, high = map(float, np.quantile(gaps, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)))
    p_behind, p_ahead = (
        float((1 + side.sum()) / (1 + len(gaps))) for side in (gaps <= -margin, gaps >= -margin)
    )
    gap = Estimate(float(ahead - behind), low, high, 0)
    return Lead(float(ahead), float(behind), gap, p_behind, p_ahead)


def curve(table: Table, column: Literal["distances", "staged"]) -> Array:
    """The distances of each rollout at its moments: (N, L)."""
    return np.array([[float(value) for value in cell.split()] for cell in table.column(column)])


def _fit(method: str, scene: str, rows: Table) -> Fit:
    scripted = rows.where(kind="script", success=1)
    ends = {kind: rows.where(kind=kind).numbers("end")[0] for kind in MOMENTS}
    start, goal, unmoved, at_start = (ends[kind] for kind in MOMENTS)
    way = start - goal
    nearer = way > _LEAST_WAY * abs(start)
    shares = [(value - goal) / way if nearer else float("nan") for value in (unmoved, at_start)]
    return Fit(
        method,
        scene,
        area(rows, "all"),
        area(rows, "miss"),
        area(rows, "stalled"),
        _mean(scripted.numbers("spearman")),
        _mean(scripted.numbers("least_at")),
        *shares,
    )


def ranked(rows: Table, against: Against) -> tuple[Array, NDArray[np.bool_]]:
    """(minus the distance, whether it succeeded) of the successes and of those they must beat."""
    success = np.array([cell == "1" for cell in rows.column("success")], dtype=bool)
    other = np.array([cell == "0" for cell in rows.column("success")], dtype=bool)
    if against != "all":
        other &= np.array([kind == against for kind in rows.column("kind")], dtype=bool)
    kept = success | other
    return -np.array(rows.numbers("end"))[kept], success[kept]


def _resampled(
    one: Array, other: Array, success: NDArray[np.bool_], generator: np.random.Generator
) -> Array:
    """Differences of the two areas; successes and the others are each drawn with replacement."""
    good, bad = np.flatnonzero(success), np.flatnonzero(~success)
    wins = [np.sign(scores[good][:, None] - scores[bad]) for scores in (one, other)]
    gaps = (wins[0] - wins[1]) / 2  # of each pair
    up, down = (
        generator.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES) / n for n in gaps.shape
    )
    return np.asarray(((up @ gaps) * down).sum(axis=1))


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
