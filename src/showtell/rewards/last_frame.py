"""RoboCLIP's ablation of time: CLIP on the last frame of an episode (Figure 9).

The authors' code takes `logits_per_image`: a cosine times CLIP's learned temperature, which its
training bounds at 100 and which published CLIPs have reached.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.goals.goal import Target
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes, Reads
from showtell.rewards.roboclip import at_the_end
from showtell.rewards.single_goal import single_goal
from showtell.study.needs import Comparison, Needs
from showtell.study.settings import RewardSettings

LOGIT_SCALE = 100.0


class LastFrameSettings(RewardSettings):
    """Which goal the last frame is compared with."""

    kind: Literal["last_frame"]
    goal: str
    camera: str | None  # which camera of the world draws the frame; null: the task's

    def needs(self) -> Needs:
        """A goal in an encoder of pictures whose vectors have length 1."""
        return Needs((Comparison(self.goal, "image", unit=True),))


class LastFrameReward:
    """The last step gets the score of its frame; all other steps get 0."""

    def __init__(
        self,
        settings: LastFrameSettings,
        *,
        encoder: Encoder,
        target: Target,
        view: View,
        **_: Any,
    ) -> None:
        if not encoder.normalised:
            raise UserError(
                f"the goal {settings.goal!r} is embedded by an encoder whose vectors are of any "
                "length, but this reward is a cosine; name a CLIP in the goal."
            )
        if settings.camera is not None:
            view = view._replace(camera=settings.camera)
        self.reads = Reads(view=view, count=1)
        self._encoder = encoder
        self._goal = single_goal(settings.goal, target, encoder)

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A reward for every step: (E, T)."""
        frames = episodes.frames
        if frames is None or frames.shape[1] != 1:
            found = None if frames is None else frames.shape[:2]
            raise ValueError(f"a last-frame reward reads one frame an episode, not {found}")
        cosines = self._encoder.image(frames[:, 0]).numpy() @ self._goal
        return at_the_end(LOGIT_SCALE * cosines, episodes.true_rewards.shape[1])


PARTS = {"last_frame": (LastFrameSettings, "LastFrameReward")}
EXAMPLES = [{"kind": "last_frame", "goal": "text-clip", "camera": None}]
