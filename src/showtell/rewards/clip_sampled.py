"""VLM-RM's reward where drawing is dear: of every stride-th step, which the steps after it keep."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from showtell.rendering.scene import View
from showtell.rewards.clip import ClipReward, ClipRewardSettings
from showtell.rewards.reward import Episodes, Reads


class ClipSampledSettings(ClipRewardSettings):
    """`clip`, and how many steps share one frame."""

    kind: Literal["clip_sampled"]  # type: ignore[assignment]
    stride: PositiveInt  # 1: every step has its own frame, as published


class ClipSampled(ClipReward):
    """The reward of a step is the similarity of the newest frame that was drawn to the goal."""

    def __init__(self, settings: ClipSampledSettings, *, view: View, **context: Any) -> None:
        super().__init__(settings, view=view, **context)
        self.reads = Reads(view=view, stride=settings.stride)
        self._stride = settings.stride

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A reward for every step: (E, T)."""
        count, horizon = episodes.true_rewards.shape
        frames, drawn = episodes.frames, len(self.reads.steps(horizon))
        if frames is None or frames.shape[:2] != (count, drawn):
            found = None if frames is None else frames.shape[:2]
            raise ValueError(f"this CLIP reward reads {(count, drawn)} frames, not {found}")
        scores = self.of_frames(frames.reshape(-1, *frames.shape[2:]))
        return self.of_steps(scores.reshape(count, drawn), horizon)

    def of_steps(self, scores: NDArray[np.float32], horizon: int) -> NDArray[np.float32]:
        """Steps without a frame keep the newest score: (E, K) to (E, T)."""
        return np.repeat(scores, self._stride, axis=1)[:, :horizon]


PARTS = {"clip_sampled": (ClipSampledSettings, "ClipSampled")}
EXAMPLES = [{"kind": "clip_sampled", "goal": "text-clip", "alpha": 0.5, "stride": 3}]
