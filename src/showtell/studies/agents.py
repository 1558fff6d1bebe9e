"""Whether a reward ranks the episodes that trained agents play.

A script with noise makes rollouts that a network may have seen the like of. Agents make others:
each of them has looked for a high reward of its own. A reward that separates success from failure
along the script alone says little about what an agent finds.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field, PositiveInt

from showtell.project.errors import UserError
from showtell.rewards.reward import Episodes
from showtell.studies.rollouts import Episode, How, play, scores
from showtell.studies.study import Measured, StudyInputs, Value, whole_scores
from showtell.study.settings import RewardSettings, StudySettings

COLUMNS = ("agent", "seed", "episode", "success", "true_return", "score", "similarity")


class AgentsSettings(StudySettings):
    """Whose agents play, how often, and which methods' rewards score what they do."""

    kind: Literal["agents"]
    # Methods whose agents play: every seed, after its first training.
    agents: list[str] = Field(min_length=1)
    episodes: PositiveInt  # of each agent, on layouts of the evaluation
    actions: How

    def trained_agents(self) -> list[str]:
        """Those that play."""
        return self.agents

    def problem_with(self, reward: RewardSettings) -> str | None:
        """An agent's rollouts are kept as pictures alone."""
        needs = reward.needs()
        if needs.demonstrations or needs.log_probs or not needs.goals:
            return (
                f"the reward ({reward.kind}) reads states; name methods whose reward compares "
                "pictures with a goal."
            )
        return None


class Agents:
    """Lets trained agents play, and scores every episode by every reward."""

    def __init__(self, settings: AgentsSettings) -> None:
        self._settings = settings

    def measure(self, subject: StudyInputs, root: int, address: tuple[str | int, ...]) -> Measured:
        """One row a method, agent and episode; the similarity is a cosine, where there is one."""
        settings, world = self._settings, subject.make_world()
        rows: list[tuple[Value, ...]] = []
        for agent in subject.trained:
            played = play(
                subject.make_world,
                agent.policy,
                settings.actions,
                settings.episodes,
                root,
                (*address, agent.method, agent.seed),
                subject.draw,
            )
            episodes = _episodes(played)
            found = [scores(episode, world) for episode in played]
            snapshots = np.stack([episode.snapshots for episode in played])
            of_agent = replace(subject, _drawn={})  # its pictures, drawn once for all rewards
            for method, reward in subject.rewards.items():
                seen = of_agent.watched(reward, episodes, snapshots[:, 1:], snapshots[:, 0])
                values = whole_scores(reward, seen)
                rows += [
                    (
                        *(*subject.named(method), agent.method, agent.seed, episode.number),
                        *(success["success"], success["return"], *map(float, both)),
                    )
                    for episode, success, *both in zip(played, found, *values, strict=True)
                ]
        return Measured(("method", *subject.swept, *COLUMNS), rows)


def _episodes(played: Sequence[Episode]) -> Episodes:
    """What rewards of pictures read besides them: the length of the episodes."""
    lengths = {len(one.successes) for one in played}
    if len(lengths) > 1:
        raise UserError(
            f"an agent's episodes have {min(lengths)} to {max(lengths)} steps, but rewards score "
            "episodes of one length; leave the study of agents out, or let the world's episodes "
            "end at the horizon alone."
        )
    nothing = np.zeros((len(played), len(played[0].successes), 1), dtype=np.float32)
    return Episodes(
        observations=nothing,
        actions=nothing,
        true_rewards=np.stack([one.true_rewards for one in played]).astype(np.float32),
        successes=np.stack([one.successes for one in played]),
    )


PARTS = {"agents": (AgentsSettings, "Agents")}
