"""HOLD's reward: minus the distance to a goal image, over a constant (Alakuijala et al., Eq. 4).

r_t = −max(0, d(s_{t+1}, g) − d(g, g)) / T. Equation 4 as printed subtracts d(s_t, g); the paper's
text and code subtract d(g, g). The goal may have stages: the next one begins after the distance
was below a threshold for some consecutive steps. While stage k of K is active, the code adds
(K − k) · c to the distance; the paper does not mention it. Which goal the code gives to the step
that completes a stage is not known: here it is the goal that was active when the action was taken.
"""

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from showtell.goals.goal import Target
from showtell.nets.distance import Distance, Histories, OfEncoder, OfPixels, Stage, histories_of
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.reward import Distances, Episodes, Reads
from showtell.rewards.stages import StageTracker
from showtell.study.needs import Comparison, Needs, Reading
from showtell.study.settings import RewardSettings

_SMALLEST = 1e-6  # distance
Measure = Literal["l2", "cosine", "pixels", "pixels-square", "network"]


class DistanceRewardSettings(RewardSettings):
    """Which distance to which goal, and how it becomes a reward."""

    measures: ClassVar[bool] = True

    kind: Literal["distance"]
    goal: str
    # Between embeddings; between pixels in [0, 1], or those of the central square; or by the
    # goal's encoder itself, where that is a network of distances such as HOLD-R.
    distance: Measure
    baseline: Literal["goal", "zero"]  # goal: d(g, g), of the goal's own picture
    # cumulative: the distance itself, as published; difference: of two consecutive steps, the
    # paper's ablation "instantaneous"; potential: γ Φ(s') − Φ(s) with Φ = −d / T.
    form: Literal["cumulative", "difference", "potential"]
    gamma: float = Field(ge=0, le=1)  # of `potential`: the learner's
    divisor: PositiveFloat  # T, by which the distance is divided
    # fixed: T is `divisor`; start: T is `divisor` times the distance of the episode's start.
    normalise: Literal["fixed", "start"]
    threshold: PositiveFloat  # the distance below which a step counts towards the next stage
    # fixed: the threshold is a distance, as published; start: a share of the episode's first one.
    threshold_of: Literal["fixed", "start"]
    patience: PositiveInt  # consecutive steps below the threshold that begin the next stage
    # c, added to the distance for each stage that is still to come; with normalise: start it is
    # a share of that distance too.
    stage_offset: NonNegativeFloat

    def needs(self) -> Needs:
        """A goal; an encoder of pictures where embeddings are compared, or one that measures."""
        embeds: Reading | None = "image" if self.distance in ("l2", "cosine") else None
        return Needs((Comparison(self.goal, embeds, measured=self.distance == "network"),))


class DistanceReward:
    """Minus the distance to the active goal."""

    def __init__(
        self,
        settings: DistanceRewardSettings,
        *,
        target: Target,
        encoder: Encoder | Distance | None,
        view: View,
        **_: Any,
    ) -> None:
        self._settings = settings
        self._distance = _distance_of(settings.distance, encoder)
        self.history = self._distance.history
        self.goals = target.stages
        self._baselines = [self._baseline(stage) for stage in target.stages]
        of_start = settings.threshold_of == "start" and len(target.stages) > 1
        needs_start = settings.form != "cumulative" or settings.normalise == "start" or of_start
        self.reads = Reads(view=view, start=needs_start or self._distance.history > 1)
        self._staged_by_start = of_start
        self._tracker = StageTracker(
            self._gaps,
            stages=len(target.stages),
            history=self._distance.history,
            threshold=settings.threshold,
            patience=settings.patience,
            of_start=of_start,
        )
        self.begin, self.advance = self._tracker.begin, self._tracker.advance
        self.state, self.restore = self._tracker.state, self._tracker.restore

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A reward for every step: (E, T)."""
        film, first = self._film(episodes)
        histories = histories_of(film, self._distance.history)
        if episodes.stages is None:
            gaps, stages = self._tracker.along(histories, first)
        else:
            gaps, stages = self._tracker.along_known(histories, first, episodes.stages)
        excess = np.maximum(0, gaps)
        divisor: Any = self._settings.divisor
        offset: Any = self._settings.stage_offset
        if self._settings.normalise == "start" and first:
            # An episode that begins at its goal is not scaled up without end.
            start = np.maximum(excess[:, :1], _SMALLEST)
            divisor, offset = divisor * start, offset * start
        excess = excess + (len(self.goals) - 1 - stages) * offset
        return np.asarray(self._formed(excess, first) / divisor, dtype=np.float32)

    def distances(self, histories: NDArray[np.uint8], stride: float) -> Distances:
        """Before it is a reward: (E, L, K, H, W, 3) -> (E, L) each.

        A stage's consecutive steps are counted in as many moments as lie within them.
        """
        count, length, *frame = histories.shape
        flat = histories.reshape(-1, *frame)
        gaps = np.stack([self._gaps(flat, stage) for stage in range(len(self.goals))], axis=1)
        tracker = StageTracker(
            lambda rows, stage: gaps[rows, stage],
            stages=len(self.goals),
            history=1,
            threshold=self._settings.threshold,
            patience=max(1, round(self._settings.patience / stride)),
        )
        active, stages = tracker.along(np.arange(len(flat)).reshape(count, length), 1)
        to_come = len(self.goals) - 1 - stages
        staged = np.maximum(0, active) + to_come * self._settings.stage_offset
        return Distances(gaps[:, -1].reshape(count, length), staged, stages)

    def _formed(self, excess: NDArray[np.float64], first: int) -> NDArray[np.float64]:
        """The chosen form of the reward before it is divided by T: (E, T)."""
        after = excess[:, first:]
        if self._settings.form == "cumulative":
            return -after
        discount = self._settings.gamma if self._settings.form == "potential" else 1.0
        return excess[:, :-1] - discount * after

    def _film(self, episodes: Episodes) -> tuple[NDArray[np.uint8], int]:
        """All frames of the episodes, and the index of step 0 among them."""
        frames, shape = episodes.frames, episodes.true_rewards.shape
        if frames is None or frames.shape[:2] != shape:
            found = None if frames is None else frames.shape[:2]
            raise ValueError(f"a distance reward reads a frame of each step {shape}, not {found}")
        if not self.reads.start:
            return frames, 0
        if episodes.start_frames is not None:
            return np.concatenate([episodes.start_frames[:, None], frames], axis=1), 1
        single = episodes.starts is None
        fixed = self._settings.normalise == "fixed" and not self._staged_by_start
        if single and self._settings.form == "cumulative" and fixed:
            return frames, 0  # single states: the history repeats the one frame
        raise ValueError(
            f"form {self._settings.form!r} and normalise {self._settings.normalise!r} of a "
            "distance reward read the frame of each episode's start, and there is none"
        )

    def _gaps(self, histories: Histories, stage: int) -> NDArray[np.float64]:
        """d(s, g) − d(g, g) of one stage's goal: (N,)."""
        distances = self._distance.between(histories, self.goals[stage]).astype(np.float64)
        return distances - self._baselines[stage]

    def _baseline(self, stage: Stage) -> float:
        if self._settings.baseline == "zero":
            return 0.0
        if stage.picture is None:
            raise UserError(
                f"baseline: goal measures the distance of the goal {self._settings.goal!r} to "
                "itself, but that goal has no picture; set baseline: zero, or use a goal of the "
                "kind 'rendered'."
            )
        repeated = np.repeat(stage.picture[None, None], self._distance.history, axis=1)
        return float(self._distance.between(repeated, stage)[0])


def _distance_of(measure: Measure, encoder: Encoder | Distance | None) -> Distance:
    if measure in ("pixels", "pixels-square"):
        return OfPixels(square=measure == "pixels-square")
    if measure == "network":
        if isinstance(encoder, Distance):
            return encoder
        raise UserError(
            "distance: network asks the goal's encoder for distances, but that gives embeddings; "
            "set distance: l2 or cosine, or name a network of distances in the goal's `encoder`."
        )
    if encoder is None or isinstance(encoder, Distance):
        raise UserError(
            f"distance: {measure} compares embeddings, but the goal's encoder gives none; set "
            "distance: network or pixels, or name an encoder such as CLIP in the goal."
        )
    return OfEncoder(encoder, "l2" if measure == "l2" else "cosine")


PARTS = {"distance": (DistanceRewardSettings, "DistanceReward")}
_ONE: dict[str, Any] = {
    "kind": "distance", "goal": "picture", "distance": "pixels", "baseline": "goal",
    "form": "cumulative", "gamma": 0.9, "divisor": 30, "normalise": "fixed", "threshold": 1.0,
    "threshold_of": "fixed", "patience": 3, "stage_offset": 0.5,
}  # fmt: skip
_STAGES = _ONE | {"goal": "two-pictures", "distance": "cosine", "divisor": 3}
EXAMPLES = [
    _ONE,
    _ONE | {"distance": "pixels-square", "form": "potential"},
    _ONE | {"goal": "picture-clip", "distance": "l2", "normalise": "start", "threshold": 0.1},
    _ONE | {"goal": "text-clip", "distance": "cosine", "baseline": "zero", "form": "difference"},
    _STAGES,
    _STAGES | {"form": "difference", "baseline": "zero"},
    _STAGES | {"threshold": 0.25, "threshold_of": "start"},
]
