"""GAIL: a discriminator separates agent from demonstration; its error is the reward.

Ho and Ermon 2016, on states alone, as RoboCLIP gives it one "trajectory of states". RoboCLIP
published neither settings nor code of its baselines; ours stand in params.yaml.
"""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt

from showtell.rewards.adversarial.settings import AdversarySettings
from showtell.rewards.demo_states import states_of
from showtell.rewards.reward import Episodes, Reads
from showtell.study.needs import Demonstrations, Needs

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class GailSettings(AdversarySettings):
    """The input of the discriminator, and the reward that its output gives."""

    kind: Literal["gail"]
    demo: str
    demos: PositiveInt  # how many of its demonstrations; RoboCLIP's baselines are given one
    sees: Literal["state", "transition"]  # D(s') or D(s, s')
    hidden: tuple[PositiveInt, ...]
    # −log(1 − D) is never negative, so it also rewards each step as such: harmless where
    # episodes have one length, as here. log D − log(1 − D) has either sign.
    pays: Literal["positive", "logit"]

    def needs(self) -> Needs:
        """States of demonstrations."""
        return Needs(demonstrations=(Demonstrations(self.demo, self.demos, states=True),))


class GailReward:
    """The reward of a step is high if its next state looks like a demonstration to D."""

    def __init__(self, settings: GailSettings, *, demo: "Demo", seed: int, **_: Any) -> None:
        from showtell.rewards.adversarial.discriminator import Discriminator
        from showtell.rewards.adversarial.networks import Perceptron, seeded

        self.reads = Reads()
        self._pays = settings.pays
        states, transitions = (
            states_of(demo, settings.demo, settings.demos),
            settings.sees == "transition",
        )
        size = states.shape[-1] * (2 if transitions else 1)
        self._discriminator = Discriminator(
            seeded(seed, Perceptron, size, settings.hidden),
            settings,
            demo=states,
            name=settings.demo,
            transitions=transitions,
            seed=seed,
        )
        self.state, self.restore = self._discriminator.state, self._discriminator.restore

    def learn(self, episodes: Episodes) -> dict[str, float]:
        """Train the discriminator on this rollout and the demonstration."""
        return self._discriminator.learn(episodes, None, None)

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """−log(1 − D), or log D − log(1 − D), of every step: (E, T)."""
        logits = self._discriminator.f(episodes)
        # 1 − D = 1 / (1 + exp f), so −log(1 − D) = log(1 + exp f).
        return logits if self._pays == "logit" else np.logaddexp(np.float32(0), logits)


PARTS = {"gail": (GailSettings, "GailReward")}
_ONE: dict[str, Any] = {
    "kind": "gail", "demo": "one", "demos": 2, "hidden": [8],
    "learning_rate": 1e-3, "updates": 3, "batch": 8, "gradient_penalty": 1.0,
}  # fmt: skip
EXAMPLES = [
    _ONE | {"sees": "state", "pays": "positive"},
    _ONE | {"sees": "transition", "pays": "logit"},
]
