"""AIRL: a discriminator whose inside is a reward and a shaping term, so that a reward comes out.

Fu, Luo and Levine 2017: D = exp f / (exp f + π(a|s)) with f(s, s') = g(s) + γ h(s') − h(s).
RoboCLIP published neither settings nor code of its baselines; ours stand in params.yaml.
"""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from showtell.project.errors import UserError
from showtell.rewards.adversarial.settings import AdversarySettings
from showtell.rewards.demo_states import states_of
from showtell.rewards.reward import Episodes, Reads
from showtell.study.needs import Demonstrations, Needs

if TYPE_CHECKING:
    from showtell.demos.demo import Demo


class AirlSettings(AdversarySettings):
    """The two parts of f, and which of them is the reward."""

    kind: Literal["airl"]
    demo: str
    demos: PositiveInt  # how many of its demonstrations; RoboCLIP's baselines are given one
    # log π(a|s) of the demonstration needs its actions. RoboCLIP gives its baselines states only:
    # then the agent's mean stands for it, which it becomes where the agent has come to imitate.
    demo_actions: Literal["given", "withheld"]
    gamma: float = Field(ge=0, le=1)  # the learner's, for shaping not to change what is best
    hidden_reward: tuple[PositiveInt, ...]  # units of g, the part that depends on the state alone
    hidden_shaping: tuple[PositiveInt, ...]  # units of h, the shaping part
    # log D − log(1 − D) = f − log π, as published; f; or g alone, what AIRL means to recover.
    pays: Literal["discriminator", "shaped", "unshaped"]

    def needs(self) -> Needs:
        """States of demonstrations, and the policy's log-probabilities."""
        return Needs(
            demonstrations=(Demonstrations(self.demo, self.demos, states=True),), log_probs=True
        )


class AirlReward:
    """The reward of a step is f(s, s') minus the log-probability of its action."""

    def __init__(self, settings: AirlSettings, *, demo: "Demo", seed: int, **_: Any) -> None:
        from showtell.rewards.adversarial.discriminator import Discriminator
        from showtell.rewards.adversarial.networks import Shaped, seeded

        self.reads = Reads()
        self._pays = settings.pays
        self._states, self._actions = states_of(demo, settings.demo, settings.demos), None
        if settings.demo_actions == "given":
            assert demo.actions is not None  # whoever has states has them
            self._actions = demo.actions[: settings.demos]
        hidden = (settings.hidden_reward, settings.hidden_shaping)
        self._network = seeded(seed, Shaped, self._states.shape[-1], *hidden, settings.gamma)
        self._discriminator = Discriminator(
            self._network,
            settings,
            demo=self._states,
            name=settings.demo,
            transitions=True,
            seed=seed,
        )
        self.state, self.restore = self._discriminator.state, self._discriminator.restore

    def learn(self, episodes: Episodes) -> dict[str, float]:
        """Train the discriminator on this rollout and the demonstration."""
        agent = _log_probs(episodes)
        if self._actions is None:
            demo = np.full(self._states[:, 1:].shape[:2], agent.mean(), dtype=np.float32)
        else:
            demo = _log_probs_of(episodes, self._states[:, :-1], self._actions)
        return self._discriminator.learn(episodes, demo, agent)

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """The reward of each step: (E, T)."""
        if self._pays == "unshaped":
            return self._discriminator.f(episodes, of=self._network.unshaped)
        shaped = self._discriminator.f(episodes)
        return shaped - _log_probs(episodes) if self._pays == "discriminator" else shaped


def _log_probs(episodes: Episodes) -> NDArray[np.float32]:
    if episodes.log_probs is None:
        raise UserError(
            "the reward 'airl' reads how probable the agent's actions were, and this learner does "
            "not know; use the learner 'ppo', or the reward 'gail', which does without."
        )
    return episodes.log_probs


def _log_probs_of(
    episodes: Episodes, states: NDArray[np.float32], actions: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The agent's log π(a|s) at a demonstration's steps: (K, T)."""
    if episodes.log_prob_of is None:
        raise UserError(
            "the reward 'airl' reads how probable the demonstration's actions are for the agent, "
            "and this learner does not know; use the learner 'ppo', or demo_actions: withheld."
        )
    flat = (part.reshape(-1, part.shape[-1]) for part in (states, actions))
    return episodes.log_prob_of(*flat).reshape(actions.shape[:2])


PARTS = {"airl": (AirlSettings, "AirlReward")}
_ONE: dict[str, Any] = {
    "kind": "airl", "demo": "one", "demos": 2, "demo_actions": "withheld", "gamma": 0.9,
    "hidden_reward": [8], "hidden_shaping": [8],
    "learning_rate": 1e-3, "updates": 3, "batch": 8, "gradient_penalty": 1.0,
}  # fmt: skip
EXAMPLES = [_ONE | {"pays": pays} for pays in ("discriminator", "shaped", "unshaped")]
