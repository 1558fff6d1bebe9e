"""RoboCLIP's Figure 2 in numbers: how a reward's scores of rollouts go with the truth."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.results.table import Table
from showtell.studies.alignment import CONTROLS
from showtell.studies.statistics import COVERAGE, Estimate, ranks, spearman

Array = NDArray[np.float64]
_RESAMPLES = 2000


class Fit(NamedTuple):
    """How one sentence fits the rollouts of one task."""

    text: str  # the task whose sentence, or demonstration, it is, or the name of a control
    correlation: float  # of score and true return, by rank; NaN if one of them is constant
    similarity: float  # mean cosine; NaN where the reward has none
    auc: float  # how probably a success scores above a failure; NaN without both
    cosine_auc: float  # the same, were it scored by the cosine; NaN where the reward has none
    # The same, were it scored by how little noise the script was played with: what the rollouts
    # give away without any reward.
    noise_auc: float
    known_words: float  # share of the sentence's content words; NaN where the goal is no sentence


class Lead(NamedTuple):
    """How far a task's own sentence is ahead of all others, on its rollouts."""

    own: float
    other: float  # the best of the others
    second: str  # whose sentence that is
    gap: Estimate  # the interval is over rollouts
    p_behind: float  # share of resamples in which it is not ahead
    p_ahead: float  # and in which it is not behind


def fits(table: Table) -> list[Fit]:
    """One fit a sentence, from one method's rows of an alignment study."""
    found = []
    for text in table.distinct("text"):
        rows = table.where(text=text)
        scores, returns = rows.numbers("score"), rows.numbers("true_return")
        similarity = np.array(rows.numbers("similarity"))
        success = np.array(rows.numbers("success")) > 0.5
        found.append(
            Fit(
                text,
                spearman(scores, returns),
                float(np.mean(similarity)),
                auc(np.array(scores), success),
                float("nan") if np.isnan(similarity).any() else auc(similarity, success),
                auc(-np.array(rows.numbers("noise")), success),
                float(np.mean(rows.numbers("known_words"))),
            )
        )
    return found


def script_fit(table: Table) -> Fit:
    """The fit of a score that is the less, the more noise the script was played with.

    From an alignment study's rows of any reward: the rollouts of all rewards are the same.
    """
    rows = table.where(method=table.column("method")[0], text=table.column("text")[0])
    scores = -np.array(rows.numbers("noise"))
    separation = auc(scores, np.array(rows.numbers("success")) > 0.5)
    correlation = spearman(scores.tolist(), rows.numbers("true_return"))
    none = float("nan")
    return Fit("script's noise", correlation, none, separation, none, separation, none)


def auc(scores: Array, successes: NDArray[np.bool_]) -> float:
    """How probably a success scores above a failure, a tie counting half; NaN without both."""
    good, bad = scores[successes], scores[~successes]
    if not len(good) or not len(bad):
        return float("nan")
    gaps = good[:, None] - bad
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def lead(table: Table, own: str, column: str, generator: np.random.Generator) -> Lead | None:
    """Own sentence against the best other one; None where there is nothing to compare."""
    others = [text for text in table.distinct("text") if text not in (own, *CONTROLS)]
    if not others or own not in table.distinct("text"):
        return None
    rows = {text: table.where(text=text) for text in (own, *others)}
    if column == "similarity":
        values = np.array([rows[text].numbers("similarity") for text in rows])  # (texts, N)
        returns = None
    else:
        values = np.array([ranks(rows[text].numbers("score")) for text in rows])
        returns = ranks(rows[own].numbers("true_return"))
    count = values.shape[1]
    whole = _fit(values, returns, np.arange(count)[None])[:, 0]
    if np.isnan(whole).any():
        return None
    drawn = _fit(values, returns, generator.integers(0, count, size=(_RESAMPLES, count)))
    gaps = drawn[0] - drawn[1:].max(axis=0)
    tails = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
    low, high = map(float, np.nanquantile(gaps, tails))
    best = int(whole[1:].argmax())
    gap = Estimate(float(whole[0] - whole[1 + best]), low, high, 0)
    drawn_gaps = gaps[~np.isnan(gaps)]
    chances = [
        float((1 + side.sum()) / (1 + len(drawn_gaps)))
        for side in (drawn_gaps <= 0, drawn_gaps >= 0)
    ]
    return Lead(float(whole[0]), float(whole[1 + best]), others[best], gap, *chances)


def _fit(values: Array, returns: Array | None, picks: NDArray[np.int64]) -> Array:
    """Of (texts, N) values and R picks of N rollouts: their mean, or correlation with returns."""
    drawn = values[:, picks]  # (texts, R, N)
    if returns is None:
        return np.asarray(drawn.mean(axis=2))
    drawn = drawn - drawn.mean(axis=2, keepdims=True)
    truth = returns[picks] - returns[picks].mean(axis=1, keepdims=True)
    scale = np.sqrt((drawn**2).sum(axis=2) * (truth**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):  # one of them may be constant
        return np.where(scale > 0, (drawn * truth).sum(axis=2) / scale, np.nan)
