"""TCN's reward, with which HOLD is compared: minus the distance to a demonstration's frame.

r_t = −(d(s_{t+1}, g_t) − d(g_t, g_t)) / T with d(s, g) = α ‖f − f'‖² + β √(γ + ‖f − f'‖²)
(Alakuijala et al., section III-B; d(g, g) = β √γ is subtracted in the code alone). The goal g_t is
a frame of one demonstration, at its own speed; after the last frame that one is held.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat

from showtell.goals.goal import Target
from showtell.nets.encoder import Encoder
from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.rewards.reward import Episodes, Reads
from showtell.study.needs import Comparison, Needs
from showtell.study.settings import RewardSettings


class TcnSettings(RewardSettings):
    """Which demonstration is followed, and how a distance is weighed."""

    kind: Literal["tcn"]
    goal: str  # of the kind `demo_frames`
    alpha: NonNegativeFloat  # of the squared distance
    beta: NonNegativeFloat  # of the smoothed distance
    gamma: NonNegativeFloat  # in squared distance: how far the smoothing reaches
    # The demonstration's frame, from 0, that the state after the first step is compared with;
    # [c] 0, its start.
    first: NonNegativeInt
    divisor: PositiveFloat  # T, by which the distance is divided

    def needs(self) -> Needs:
        """The frames of a demonstration in an encoder of pictures."""
        return Needs((Comparison(self.goal, "image", timed=True),))


class TcnReward:
    """Minus the distance to the frame of the demonstration whose turn it is."""

    def __init__(
        self,
        settings: TcnSettings,
        *,
        target: Target,
        encoder: Encoder,
        view: View,
        **_: Any,
    ) -> None:
        self._settings = settings
        self._encoder = encoder
        self._goals = _embeddings(settings.goal, target, encoder)
        self.reads = Reads(view=view)

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A reward for every step: (E, T)."""
        frames, shape = episodes.frames, episodes.true_rewards.shape
        if frames is None or frames.shape[:2] != shape:
            found = None if frames is None else frames.shape[:2]
            raise ValueError(f"a TCN reward reads a frame of each step {shape}, not {found}")
        if episodes.starts is None:
            raise UserError(
                "a TCN reward compares each step with the frame of its time, and single states "
                "have no time; leave its method out of this study."
            )
        count, horizon = shape
        vectors = self._encoder.image(frames.reshape(-1, *frames.shape[2:])).numpy()
        turns = np.minimum(np.arange(horizon) + self._settings.first, len(self._goals) - 1)
        gaps = vectors.reshape(count, horizon, -1) - self._goals[turns]
        squared = (gaps.astype(np.float64) ** 2).sum(axis=-1)
        return np.asarray(-self._excess(squared) / self._settings.divisor, dtype=np.float32)

    def _excess(self, squared: NDArray[np.float64]) -> NDArray[np.float64]:
        """d(s, g) − d(g, g), of squared distances."""
        of = self._settings
        smoothed = np.sqrt(of.gamma + squared) - np.sqrt(of.gamma)
        return np.asarray(of.alpha * squared + of.beta * smoothed)


def _embeddings(goal: str, target: Target, encoder: Encoder) -> NDArray[np.float32]:
    """The vectors of all moments, (L, D), of the encoder's own dimensions."""
    vectors = [stage.embedding for stage in target.stages]
    if any(vector is None or len(vector) != encoder.dimensions for vector in vectors):
        raise UserError(
            f"the goal {goal!r} has no embedding of {encoder.dimensions} dimensions for each of "
            "its moments: it was made by another model. Delete the goal's file and make it again "
            "with: make reproduce"
        )
    return np.stack([vector for vector in vectors if vector is not None])


PARTS = {"tcn": (TcnSettings, "TcnReward")}
_ONE = {"kind": "tcn", "goal": "two-pictures", "alpha": 0.005, "beta": 0.02, "gamma": 0.2}
EXAMPLES = [_ONE | {"first": 0, "divisor": 0.01}, _ONE | {"first": 1, "divisor": 0.01}]
