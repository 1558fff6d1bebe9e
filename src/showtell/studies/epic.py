"""EPIC: how far a reward is from the truth, whatever its scale and offset (VLM-RM, Lemma 1)."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import Field

from showtell.project import seeds
from showtell.studies.study import Array, Measured, StudyInputs, Value
from showtell.study.needs import Offers
from showtell.study.settings import RewardSettings, StudySettings

RESAMPLES = 1000
COVERAGE = 0.95
# `versus`: the method that was subtracted; empty for the distance itself.
_NUMBERS = ("epic", "low", "high", "p_lower", "p_higher", "states")
_COLUMNS = ("parameters", "against", "versus", *_NUMBERS)
_OF_PICTURES = ("clip", "clip_sampled")  # rewards that a picture alone determines

Compared = tuple[dict[str, Array], dict[str, Array]]  # rewards by method, truths by name


class EpicSettings(StudySettings):
    """At how many states, and which truth."""

    kind: Literal["epic"]
    states: int = Field(ge=2)  # drawn uniformly from all that the world allows; labels: the most
    # The success of a state by rule, and its true reward where the world knows it of a state
    # alone; or the labels of people on frames.
    against: Literal["criteria", "labels"]

    @property
    def reads_labels(self) -> bool:
        """Whether people say what is true."""
        return self.against == "labels"

    def problem_with(self, reward: RewardSettings) -> str | None:
        """A label belongs to a picture: of its state nothing else is known."""
        if self.reads_labels and reward.kind not in _OF_PICTURES:
            return f"EPIC against labels needs rewards of pictures ({' or '.join(_OF_PICTURES)})"
        return None

    def problem(self, offers: Offers) -> str | None:
        """States are drawn uniformly; labels need none."""
        if self.reads_labels or offers.uniform_states:
            return None
        return "EPIC needs a world whose states can be drawn uniformly"


class Epic:
    """Compares rewards with the success of a state and its true reward, or with people's labels.

    The paper's labels are a person's; `against` in the table says whose these are.
    """

    def __init__(self, settings: EpicSettings) -> None:
        self._settings = settings

    def measure(self, subject: StudyInputs, root: int, address: tuple[str | int, ...]) -> Measured:
        """One row a method and truth, and one a pair of methods: their difference.

        Intervals are over states. All methods are resampled at the same states, so a difference
        can be decided where the two intervals overlap.
        """
        states = seeds.generator(root, *address, "states")
        measured = self._by_people if self._settings.reads_labels else self._by_rule
        scores, truths = measured(subject, states)
        count = len(next(iter(truths.values())))
        rows: list[tuple[Value, ...]] = []
        for against, truth in truths.items():
            values = {method: epic(rewards, truth) for method, rewards in scores.items()}
            drawn = {
                method: resampled(rewards, truth, seeds.generator(root, *address, "resamples"))
                for method, rewards in scores.items()
            }
            for method, value in values.items():
                name = (*subject.named(method), subject.parameters.get(method), against)
                rows.append((*name, "", value, *ends(drawn[method]), None, None, count))
                for other in scores:
                    if other != method:
                        gaps = drawn[method] - drawn[other]
                        gap = (value - values[other], *ends(gaps), *chances(gaps))
                        rows.append((*name, other, *gap, count))
        return Measured(("method", *subject.swept, *_COLUMNS), rows)

    def _by_rule(self, subject: StudyInputs, generator: np.random.Generator) -> Compared:
        """Uniform states, with the world's own criteria."""
        states = subject.world.uniform(generator, self._settings.states)
        truths = {
            "success": subject.world.successes(states).astype(np.float64),
            "true_reward": subject.true_rewards(states),
        }
        known = {name: truth for name, truth in truths.items() if not np.isnan(truth).any()}
        return subject.scores(states), known

    def _by_people(self, subject: StudyInputs, generator: np.random.Generator) -> Compared:
        """The labelled frames, or as many of them as are asked for."""
        if subject.labelled is None:
            raise ValueError("the study reads labels, but its subject has none")
        pictures, labels = subject.labelled
        count = min(self._settings.states, len(labels))
        picked = np.sort(generator.permutation(len(labels))[:count])
        scores = subject.scores_of_pictures([pictures[place] for place in picked])
        return scores, {"labels": labels[picked]}


def epic(rewards: Array, truth: Array, weights: Array | None = None) -> float:
    """sqrt((1 - rho) / 2) with Pearson's rho; NaN where one of the two is constant.

    Lemma 1: for rewards of the state alone this is the EPIC distance, with no shaping to remove.
    """
    if weights is None:
        weights = np.full(len(rewards), 1 / len(rewards))
    x, y = rewards - weights @ rewards, truth - weights @ truth
    spread = math.sqrt((weights @ (x * x)) * (weights @ (y * y)))
    if spread < 1e-12:
        return math.nan
    rho = float(weights @ (x * y)) / spread
    return math.sqrt(max(0.0, 1 - rho) / 2)


Statistic = Callable[[Array, Array, Array], float]  # of rewards, truths and weights of states


def resampled(
    rewards: Array, truth: Array, generator: np.random.Generator, statistic: Statistic = epic
) -> Array:
    """The distance at RESAMPLES draws of the states; NaN at a draw without any success."""
    count = len(rewards)
    picks = (generator.integers(0, count, count) for _ in range(RESAMPLES))
    weights = (np.bincount(pick, minlength=count) / count for pick in picks)
    return np.array([statistic(rewards, truth, weight) for weight in weights])


def ends(drawn: Array) -> tuple[float, float]:
    """The percentile bootstrap's 95 % interval."""
    if np.isnan(drawn).all():
        return math.nan, math.nan
    low, high = np.nanquantile(drawn, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def chances(gaps: Array) -> tuple[float, float]:
    """P-values of “not lower” and “not higher”."""
    known = gaps[~np.isnan(gaps)]
    if not len(known):
        return math.nan, math.nan
    first, second = ((1 + side.sum()) / (1 + len(known)) for side in (known >= 0, known <= 0))
    return float(first), float(second)


PARTS = {"epic": (EpicSettings, "Epic")}
