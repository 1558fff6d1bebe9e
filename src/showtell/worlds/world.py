"""The face of a world: a gymnasium environment that can be redrawn from a flat array."""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import gymnasium
import numpy as np
from numpy.typing import NDArray

from showtell.project.seeds import seed

# An episode succeeds if it does so at any step, at its last, at half of them or at every one.
SuccessRule = Literal["any", "final", "half", "always"]


class World(gymnasium.Env[NDArray[np.float32], Any]):
    """An environment whose every step says `info["success"]` and `info["true_reward"]`.

    `step` returns the true reward too; a learner that is paid by another reward replaces it.
    Worlds have a fixed `horizon` and say `terminated` or `truncated` as their settings ask.
    """

    success_definition: str  # one sentence, printed beside every success rate
    success_rule: ClassVar[SuccessRule]
    scene: ClassVar[str]  # "module:Class" of the Scene that draws this world
    horizon: int
    # Which of several fixed layouts it begins in, where a world has them; set before `reset`.
    rank: int = 0

    @abstractmethod
    def snapshot(self) -> NDArray[np.float64]:
        """A flat array that is enough to redraw this moment."""

    def scene_settings(self) -> dict[str, Any]:
        """What the scene needs to be built: plain JSON values."""
        return {}


class SeededEpisodes(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Seeds every episode by its number, so that a resumed run meets the same episodes.

    Each `info` carries the snapshot taken *before* a vectorised environment can reset, so no
    frame of the next episode ever stands for the last step of this one.
    """

    def __init__(self, world: World, root: int, *address: str | int) -> None:
        """`address` is this environment's branch of the seed tree."""
        super().__init__(world)
        self.world = world
        self.next_episode = 0
        self._root = root
        self._address = address

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start the next episode; a seed given from outside is ignored."""
        episode_seed = _episode_seed(self._root, self._address, self.next_episode)
        self.next_episode += 1
        return self.env.reset(seed=episode_seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step, with the snapshot of where it led."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info["snapshot"] = self.world.snapshot()
        return observation, reward, terminated, truncated, info


def _episode_seed(root: int, address: tuple[str | int, ...], episode: int) -> int:
    return seed(root, *address, "episode", episode)
