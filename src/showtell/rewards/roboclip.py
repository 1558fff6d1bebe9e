"""RoboCLIP's reward: the similarity of an episode's clip to a video or a sentence, at its end.

Sontakke et al. (2023), section 3: zero until the last step, then the plain product of the two
embeddings, neither normalised nor scaled. Between two clips it is also higher for a long vector, so
there is the cosine beside it. The authors' code renders after every step, keeps every fourth
frame from the first on, and so never reads the last three; `every-fourth` does so too.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.goals.goal import Target
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes, Reads
from showtell.rewards.single_goal import single_goal
from showtell.study.needs import Comparison, Needs
from showtell.study.settings import RewardSettings

PUBLISHED_STRIDE = 4  # of 128 steps: 32 frames


class RoboclipSettings(RewardSettings):
    """Which goal, and which frames of an episode are compared with it."""

    kind: Literal["roboclip"]
    goal: str
    sampling: Literal["evenly", "every-fourth"]  # evenly: the last frame included
    compare: Literal["product", "cosine"]  # product: published

    def needs(self) -> Needs:
        """A goal in an encoder of clips."""
        return Needs((Comparison(self.goal, "video", unit=False),))


class RoboclipReward:
    """The last step gets the score of the whole episode; all other steps get 0."""

    def __init__(
        self,
        settings: RoboclipSettings,
        *,
        encoder: Encoder,
        target: Target,
        view: View,
        **_: Any,
    ) -> None:
        self._frames = encoder.frames
        self.reads = (
            Reads(view=view, count=self._frames)
            if settings.sampling == "evenly"
            else Reads(view=view, stride=PUBLISHED_STRIDE)
        )
        self._settings = settings
        self._encoder = encoder
        self._goal = single_goal(settings.goal, target, encoder)

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A reward for every step: (E, T)."""
        seen, horizon = self._seen(episodes), episodes.true_rewards.shape[1]
        if self._settings.compare == "cosine":
            return at_the_end(self._cosine(seen), horizon)
        return at_the_end(seen @ self._goal, horizon)

    def similarity(self, episodes: Episodes) -> NDArray[np.float32]:
        """The cosine between each episode and the goal, (E,): Figure 2 as its caption says."""
        return self._cosine(self._seen(episodes))

    def _cosine(self, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        lengths = np.linalg.norm(seen, axis=1) * np.linalg.norm(self._goal)
        return np.asarray(seen @ self._goal / lengths)

    def _seen(self, episodes: Episodes) -> NDArray[np.float32]:
        """One vector an episode: (E, D)."""
        frames, horizon = episodes.frames, episodes.true_rewards.shape[1]
        kept = len(self.reads.steps(horizon))
        if frames is None or frames.shape[1] != kept:
            found = None if frames is None else frames.shape[:2]
            raise ValueError(f"a RoboCLIP reward reads {kept} frames an episode, not {found}")
        if self._settings.sampling == "every-fourth" and kept != self._frames:
            raise UserError(
                f"every fourth frame of an episode of {horizon} steps makes {kept} frames, not "
                f"{self._frames}; set the encoder's `frames` to {kept}, or the reward's `sampling` "
                "to evenly."
            )
        vectors: NDArray[np.float32] = self._encoder.video(frames).numpy()
        return vectors


def at_the_end(rewards: NDArray[np.floating[Any]], horizon: int) -> NDArray[np.float32]:
    """One reward an episode, (E,), as rewards of its steps: (E, T), zero but for the last."""
    scores = np.zeros((len(rewards), horizon), dtype=np.float32)
    scores[:, -1] = rewards
    return scores


PARTS = {"roboclip": (RoboclipSettings, "RoboclipReward")}
_ONE: dict[str, Any] = {"kind": "roboclip", "goal": "text-s3d"}
EXAMPLES = [
    _ONE | {"sampling": "evenly", "compare": "product"},
    _ONE | {"sampling": "evenly", "compare": "cosine"},
    _ONE | {"sampling": "every-fourth", "compare": "product"},
]
