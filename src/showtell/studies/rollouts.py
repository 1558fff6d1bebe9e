"""Evaluation of a policy: seeded episodes, their true returns and successes, and a video of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.learners.observing import Observing
from showtell.learners.policies import Policy
from showtell.learners.progress import succeeded
from showtell.learners.sight import Draw
from showtell.project.seeds import generator
from showtell.rendering.scene import Snapshots, View
from showtell.rewards.reward import Reward
from showtell.worlds.world import LAYOUTS, SeededEpisodes, World

How = Literal["deterministic", "stochastic"]

COLUMNS = (
    "policy", "episode", "return", "length",
    "success_any", "success_final", "success_always", "success",
)  # fmt: skip
_LANES = 16  # episodes side by side: one pass of the policy serves them all
_FILM_HEIGHT = 240  # pixels


@dataclass(frozen=True)
class Episode:
    """One episode."""

    number: int
    true_rewards: NDArray[np.float64]  # (T,)
    successes: NDArray[np.bool_]  # (T,)
    snapshots: Snapshots  # (T + 1, D): the start, and where every step led


def play(
    make_world: Callable[[], World],
    policy: Policy,
    how: How,
    episodes: int,
    root: int,
    address: Sequence[str | int],
    draw: Draw | None = None,
    reward: Reward | None = None,
) -> list[Episode]:
    """Play episodes 0 to n - 1. Their starts do not depend on how actions are chosen.

    `draw` is needed by policies that observe pictures, `reward` by those of several goals.
    """
    observing = Observing(policy, draw, reward)
    lanes = [
        SeededEpisodes(make_world(), root, *address, "evaluate")
        for _ in range(min(_LANES, episodes))
    ]
    played: list[Episode] = []
    for first in range(0, episodes, _LANES):
        numbers = range(first, min(first + _LANES, episodes))
        observing.begin(len(numbers))
        players = [
            EpisodeRunner(world, number, generator(root, *address, "evaluate", number, "actions"))
            for world, number in zip(lanes, numbers, strict=False)
        ]
        starts = True
        while going := [player for player in players if not player.over]:
            dice = [player.generator for player in going] if how == "stochastic" else None
            states = np.stack([player.observation for player in going])
            newest = np.stack([player.newest for player in going])
            seen, starts = observing.observe(states, newest, starts=starts), False
            for player, action in zip(going, policy.act(seen, dice), strict=True):
                player.step(action)
        played += [player.played() for player in players]
    return played


class EpisodeRunner:
    """One episode under way."""

    def __init__(self, world: SeededEpisodes, number: int, dice: np.random.Generator) -> None:
        self.generator = dice
        self.over = False
        self._world, self._number = world, number
        world.next_episode, world.layout = number, LAYOUTS.evaluation + number
        self.observation, _ = world.reset()
        self._rewards: list[float] = []
        self._successes: list[bool] = []
        self._snapshots = [world.world.snapshot()]

    @property
    def newest(self) -> NDArray[np.float64]:
        """The snapshot of the present moment."""
        return self._snapshots[-1]

    def step(self, action: Any) -> None:
        """One step of the episode."""
        self.observation, _, terminated, truncated, info = self._world.step(action)
        self.over = terminated or truncated
        self._rewards.append(info["true_reward"])
        self._successes.append(info["success"])
        self._snapshots.append(info["snapshot"])

    def played(self) -> Episode:
        """The episode so far."""
        return Episode(
            self._number,
            np.array(self._rewards, dtype=np.float64),
            np.array(self._successes, dtype=np.bool_),
            np.stack(self._snapshots),
        )


def table(played: Mapping[str, list[Episode]], world: World) -> str:
    """`episodes.csv`: one row an episode; `played` by how its policy acted and which it was."""
    lines = [",".join(COLUMNS)]
    for acted, episodes in played.items():
        for episode in episodes:
            values = scores(episode, world).values()
            lines.append(",".join([acted, str(episode.number), *map(repr, values)]))
    return "\n".join(lines) + "\n"


def summary(played: Mapping[str, list[Episode]], world: World) -> dict[str, Any]:
    """`metrics.json`: means over the episodes, and what success means."""
    means: dict[str, Any] = {}
    for acted, episodes in played.items():
        rows = [scores(episode, world) for episode in episodes]
        means[acted] = {
            "episodes": len(rows),
            **{name: float(np.mean([row[name] for row in rows])) for name in rows[0]},
        }
    return {
        **means,
        "success_definition": world.success_definition,
        "success_rule": world.success_rule,
    }


def scores(episode: Episode, world: World) -> dict[str, float]:
    """What one episode was worth, by the columns of the table."""
    steps = episode.successes[None]
    return {
        "return": float(episode.true_rewards.sum()),
        "length": len(episode.true_rewards),
        "success_any": int(succeeded("any", steps)[0]),
        "success_final": int(succeeded("final", steps)[0]),
        "success_always": int(succeeded("always", steps)[0]),
        "success": int(succeeded(world.success_rule, steps)[0]),
    }


def film_view(view: View) -> View:
    """A task's view at a size for people, in the quality its rewards see."""
    width = 2 * round(view.width * _FILM_HEIGHT / view.height / 2)
    return view._replace(width=width, height=_FILM_HEIGHT)
