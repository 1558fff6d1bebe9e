"""VLM-RM's reward: how close CLIP finds a frame to a sentence (Definition 1, Rocamonde et al.).

The authors' code: AlignmentResearch/vlmrm, src/vlmrm/reward_model.py. Theirs labels the last step
of an episode with the first frame of the next one; here every step has its own frame.
"""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from showtell.goals.goal import Target
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes, Reads
from showtell.rewards.single_goal import single_goal
from showtell.rewards.tabulated import TableSettings
from showtell.study.needs import Comparison, Needs
from showtell.study.settings import RewardSettings

if TYPE_CHECKING:
    from torch import Tensor


class ClipRewardSettings(RewardSettings):
    """Which goal, and how strongly the baseline regularises it."""

    kind: Literal["clip"]
    goal: str
    alpha: float = Field(ge=0, le=1)
    # While training, the reward is looked up; null: the picture of every step is drawn.
    table: TableSettings | None = None

    def looked_up(self) -> TableSettings | None:
        """Where it is looked up."""
        return self.table

    def needs(self) -> Needs:
        """A goal in an encoder of pictures; a baseline where it regularises."""
        return Needs((Comparison(self.goal, "image", baseline=self.alpha > 0),))


class ClipReward:
    """The reward of a step is the similarity of its frame to the goal."""

    def __init__(
        self,
        settings: ClipRewardSettings,
        *,
        encoder: Encoder,
        target: Target,
        view: View,
        **_: Any,
    ) -> None:
        if settings.alpha > 0 and target.baseline is None:
            raise UserError(
                f"alpha = {settings.alpha} needs a baseline, but the goal {settings.goal!r} has "
                "none; add prompts.baseline to the task, or set alpha to 0."
            )
        goal = single_goal(settings.goal, target, encoder)
        if target.baseline is not None and np.array_equal(goal, target.baseline):
            raise UserError(
                f"goal and baseline of {settings.goal!r} are the same vector, so no direction "
                "leads from one to the other; give the task another prompts.baseline."
            )
        self.reads = Reads(view=view)
        self._encoder = encoder
        self._alpha = settings.alpha
        self._goal, self._baseline = goal, target.baseline

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A reward for every step: (E, T)."""
        frames, shape = episodes.frames, episodes.true_rewards.shape
        if frames is None or frames.shape[:2] != shape:
            found = None if frames is None else frames.shape[:2]
            raise ValueError(f"a CLIP reward reads a frame of each step {shape}, not {found}")
        return self.of_frames(frames.reshape(-1, *frames.shape[2:])).reshape(shape)

    def of_frames(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The reward of each frame, (N, H, W, 3): (N,)."""
        return self.of_embeddings(self._encoder.image(frames))

    def of_steps(self, scores: NDArray[np.float32], horizon: int) -> NDArray[np.float32]:
        """Each step has its own frame: (E, T) to (E, T)."""
        return scores

    def of_embeddings(self, seen: "Tensor") -> NDArray[np.float32]:
        """The reward of frames that are already encoded, (N, D) of length 1: (N,)."""
        rewards = regularised(seen.numpy(), self._goal, self._baseline, self._alpha)
        return rewards.astype(np.float32)


def regularised(
    seen: NDArray[np.float32],
    goal: NDArray[np.float32],
    baseline: NDArray[np.float32] | None,
    alpha: float,
) -> NDArray[np.float64]:
    """Definition 1: 1 - 1/2 |alpha proj_L(s) + (1 - alpha) s - g|^2 for each s of (N, D).

    L is the line through baseline and goal, so proj_L(s) - g = P(s - g) with P the projection on
    their difference: what stands between the bars is alpha P(s - g) + (1 - alpha)(s - g).
    """
    gap = seen.astype(np.float64) - goal.astype(np.float64)
    mixed = (1 - alpha) * gap
    if alpha > 0:
        assert baseline is not None
        along = goal.astype(np.float64) - baseline.astype(np.float64)
        along /= np.linalg.norm(along)
        mixed += alpha * (gap @ along)[:, None] * along
    return np.asarray(1 - 0.5 * (mixed**2).sum(axis=1))


PARTS = {"clip": (ClipRewardSettings, "ClipReward")}
EXAMPLES = [{"kind": "clip", "goal": "text-clip", "alpha": alpha} for alpha in (0.0, 0.5, 1.0)]
