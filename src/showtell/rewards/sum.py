"""A weighted sum of rewards, such as HOLD's learned reward plus the sparse one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    SerializeAsAny,
    ValidationError,
    model_validator,
)

from showtell.project import seeds
from showtell.project.errors import UserError
from showtell.rewards.building import GoalInputs, build_reward
from showtell.rewards.reward import (
    Episodes,
    Learns,
    Measuring,
    Reads,
    Reward,
    Staged,
    Stateful,
)
from showtell.study import registry
from showtell.study.needs import Needs, union
from showtell.study.settings import RewardSettings

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


def _term(values: Any) -> BaseModel:
    """The settings of one term, by its kind."""
    if isinstance(values, BaseModel):
        return values
    if not isinstance(values, Mapping) or "kind" not in values:
        raise ValueError("a term is a reward: write it as {kind: ..., ...}")
    try:
        return registry.part("rewards", values["kind"]).settings.model_validate(values)
    except UserError as error:  # only a ValueError is reported with its key
        raise ValueError(str(error)) from None
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ValueError("; ".join(problems)) from None


class SumSettings(RewardSettings):
    """The rewards that are added, and the weight of each."""

    kind: Literal["sum"]
    terms: tuple[Annotated[SerializeAsAny[RewardSettings], BeforeValidator(_term)], ...] = Field(
        min_length=1
    )
    weights: tuple[float, ...]

    @model_validator(mode="after")
    def _one_weight_a_term(self) -> "SumSettings":
        if len(self.weights) != len(self.terms):
            raise ValueError(
                f"{len(self.terms)} terms have {len(self.weights)} weights; give each term one."
            )
        return self

    def needs(self) -> Needs:
        """All that its terms need."""
        return union(term.needs() for term in self.terms)

    def terms_of(self) -> tuple[RewardSettings, ...]:
        """Its terms."""
        return self.terms


class Sum:
    """Adds the scores of its terms; each frame is drawn once, and each term gets its own."""

    def __init__(self, terms: Sequence[Reward], weights: Sequence[float]) -> None:
        self.reads = Reads.together(term.reads for term in terms)
        self._terms, self._weights = terms, weights
        self._staged: Any = _staged(terms)

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """The weighted sum of the terms' scores: (E, T)."""
        total = np.zeros(episodes.true_rewards.shape)
        for term, weight in zip(self._terms, self._weights, strict=True):
            total += weight * term.score(self._given(term, episodes)).astype(np.float64)
        return total.astype(np.float32)

    @property
    def measuring(self) -> Measuring | None:
        """The first term that is a distance to a goal."""
        return next((term for term in self._terms if isinstance(term, Measuring)), None)

    def state(self) -> list[Any]:
        """The state of each term that changes."""
        return [term.state() if isinstance(term, Stateful) else None for term in self._terms]

    def restore(self, state: list[Any]) -> None:
        """Set everything to what `state` returned."""
        for term, saved in zip(self._terms, state, strict=True):
            if isinstance(term, Stateful):
                term.restore(saved)

    def _given(self, term: Reward, episodes: Episodes) -> Episodes:
        """The episodes with the frames and stages that one term reads."""
        frames, reads = None, term.reads
        if reads.view is not None and episodes.frames is not None:
            horizon = episodes.true_rewards.shape[1]
            drawn, read = self.reads.steps(horizon), reads.steps(horizon)
            frames = episodes.frames
            if not np.array_equal(drawn, read):
                frames = frames[:, np.searchsorted(drawn, read)]
        return replace(
            episodes,
            frames=frames,
            start_frames=episodes.start_frames if reads.start else None,
            stages=episodes.stages if term is self._staged else None,
        )


class LearningSum(Sum):
    """A sum with terms that learn."""

    def learn(self, episodes: Episodes) -> dict[str, float]:
        """Let each term that learns do so; losses are named by the number of the term."""
        return {
            f"term{number}/{name}": loss
            for number, term in enumerate(self._terms)
            if isinstance(term, Learns)
            for name, loss in term.learn(episodes).items()
        }


class StagedSum(Sum):
    """A sum whose goal may have stages: those of one of its terms."""

    def __init__(self, terms: Sequence[Reward], weights: Sequence[float]) -> None:
        super().__init__(terms, weights)
        self.goals = self._staged.goals
        self.begin, self.advance = self._staged.begin, self._staged.advance


class StagedLearningSum(StagedSum, LearningSum):
    """A sum with terms that learn and a goal with stages."""


def weighted_sum(
    settings: SumSettings,
    *,
    goals: Mapping[str, GoalInputs],
    demos: Mapping[str, "Demo"],
    seed: int,
    **context: Any,
) -> Sum:
    """The sum, with the optional interfaces that its terms have."""
    terms = [
        build_reward(term, goals, demos, seed=seeds.seed(seed, "term", number), **context)
        for number, term in enumerate(settings.terms)
    ]
    learns = any(isinstance(term, Learns) for term in terms)
    if _staged(terms) is None:
        return (LearningSum if learns else Sum)(terms, settings.weights)
    return (StagedLearningSum if learns else StagedSum)(terms, settings.weights)


def _staged(terms: Sequence[Reward]) -> Staged | None:
    """The term whose goal has several stages, or else the first term with a goal to show."""
    staged = [term for term in terms if isinstance(term, Staged)]
    several = [term for term in staged if len(term.goals) > 1]
    if len(several) > 1:
        raise UserError(
            f"{len(several)} terms of a sum have goals with several stages, so no single stage "
            "is active; set `stages: last` of all goals but one."
        )
    return next(iter(several or staged), None)


PARTS = {"sum": (SumSettings, "weighted_sum")}
_CLIP = {"kind": "clip", "goal": "text-clip", "alpha": 0.5}
_LAST = {"kind": "last_frame", "goal": "text-clip", "camera": None}
_DISTANCE = {
    "kind": "distance", "goal": "two-pictures", "distance": "l2", "baseline": "zero",
    "form": "cumulative", "gamma": 1.0, "divisor": 5, "normalise": "start", "threshold": 1.0,
    "threshold_of": "fixed", "patience": 3, "stage_offset": 2,
}  # fmt: skip
_GAIL = {
    "kind": "gail", "demo": "one", "demos": 1, "sees": "state", "hidden": [8], "pays": "logit",
    "learning_rate": 1e-3, "updates": 3, "batch": 8, "gradient_penalty": 1.0,
}  # fmt: skip
EXAMPLES = [
    {"kind": "sum", "terms": [_CLIP, _LAST, {"kind": "true_reward"}], "weights": [1.0, 0.1, -2.0]},
    {"kind": "sum", "terms": [_GAIL, {"kind": "zero"}], "weights": [0.5, 1.0]},
    {"kind": "sum", "terms": [_DISTANCE, {"kind": "sparse", "rule": "any"}], "weights": [1, 1]},
    {"kind": "sum", "terms": [_DISTANCE, _GAIL, _CLIP], "weights": [1.0, 1.0, 0.2]},
]
