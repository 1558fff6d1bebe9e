"""Collect whole episodes from environments in lockstep, and let a reward label every step.

An episode's row t is what its action t led to: the last row is the state in which the episode
ended, never the first of the next one, although vectorised environments have moved on by then.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showtell.project.errors import UserError
from showtell.rendering.scene import Snapshots
from showtell.rewards.reading import Draw, ReadFrames, frames_for, parts
from showtell.rewards.reward import Episodes, Reward


class Rollout:
    """`steps` steps of `environments` environments, filled row by row; `episodes` times over."""

    def __init__(self, steps: int, environments: int, horizon: int) -> None:
        self._shape = (steps, environments)
        self._horizon = horizon
        self._rows: dict[str, NDArray[Any]] = {}
        self._starts: list[NDArray[np.float32]] = []  # of each round of episodes, (n, D)
        self._start_snapshots: list[Snapshots] = []
        self._filled = 0

    def begin(self, observations: NDArray[Any], snapshots: Snapshots) -> None:
        """Begin again, with what every environment shows now; the memory is kept."""
        self._filled = 0
        self._starts = [observations.astype(np.float32)]
        self._start_snapshots = [snapshots]

    def add(
        self,
        actions: NDArray[Any],
        observations: NDArray[Any],
        rewards: NDArray[Any],
        dones: NDArray[Any],
        infos: Sequence[dict[str, Any]],
        log_probs: NDArray[Any] | None = None,
        starts: Snapshots | None = None,
    ) -> None:
        """One step of every environment, as a Stable-Baselines3 `VecEnv` returns it.

        `starts`: the snapshots after reset, where episodes ended. `info["state"]` is the world's
        own observation, where policies observe something else.
        """
        self._check_lockstep(dones)
        ended = [info.get("state", info.get("terminal_observation")) for info in infos]
        reached = [o if last is None else last for o, last in zip(observations, ended, strict=True)]
        self._put("actions", actions)
        self._put("observations", np.stack(reached).astype(np.float32, copy=False))
        self._put("true_rewards", rewards.astype(np.float32, copy=False))
        self._put("successes", np.array([info["success"] for info in infos], dtype=np.bool_))
        self._put("snapshots", np.stack([info["snapshot"] for info in infos]))
        if "dense_reward" in infos[0]:
            dense = np.array([info["dense_reward"] for info in infos], dtype=np.float32)
            self._put("dense_rewards", dense)
        if "stage" in infos[0]:
            self._put("stages", np.array([info["stage"] for info in infos], dtype=np.intp))
        if log_probs is not None:
            self._put("log_probs", log_probs.astype(np.float32, copy=False))
        self._filled += 1
        if dones.all() and self._filled < self._shape[0]:
            assert starts is not None
            self._starts.append(observations.astype(np.float32))
            self._start_snapshots.append(starts)

    @property
    def newest(self) -> tuple[int, Snapshots]:
        """The step of the episodes that was added last, from 0, and its snapshots, (n, D)."""
        return (self._filled - 1) % self._horizon, self._rows["snapshots"][self._filled - 1]

    def episodes(self) -> tuple[Episodes, Snapshots, Snapshots]:
        """Whole episodes in the order they ended, without frames; snapshots of steps and starts.

        (E, T, …), (E, T, D), (E, D).
        """
        rows: dict[str, Any] = {name: self._by_episode(row) for name, row in self._rows.items()}
        snapshots: Snapshots = rows.pop("snapshots")
        episodes = Episodes(**rows, starts=np.concatenate(self._starts))
        return episodes, snapshots, np.concatenate(self._start_snapshots)

    def by_step(self, labels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Labels of episodes, (E, T), in the order of steps and environments, (steps, n)."""
        steps, environments = self._shape
        return (
            labels.reshape(-1, environments, self._horizon)
            .transpose(0, 2, 1)
            .reshape(steps, environments)
        )

    def by_episode(self, values: NDArray[Any], steps: int) -> NDArray[Any]:
        """Rows of `steps` an episode, (rows, n, …), in the order in which episodes ended."""
        rest = values.shape[2:]
        rounds = values.reshape(-1, steps, self._shape[1], *rest)
        return rounds.swapaxes(1, 2).reshape(-1, steps, *rest)

    def _by_episode(self, values: NDArray[Any]) -> NDArray[Any]:
        assert self._filled == self._shape[0]
        return self.by_episode(values, self._horizon)

    def _put(self, name: str, values: NDArray[Any]) -> None:
        if name not in self._rows:
            self._rows[name] = np.empty((self._shape[0], *values.shape), values.dtype)
        self._rows[name][self._filled] = values

    def _check_lockstep(self, dones: NDArray[Any]) -> None:
        at_end = (self._filled + 1) % self._horizon == 0
        if not bool(np.all(dones == at_end)):
            raise UserError(
                f"an episode {'went on after' if at_end else 'ended before'} its horizon of "
                f"{self._horizon} steps; rewards label whole episodes, so the world must not end "
                "them early: for CartPole set ends_when_fallen: false in the task's world."
            )


def label(
    reward: Reward,
    episodes: Episodes,
    snapshots: Snapshots,
    draw: Draw | None,
    starts: Snapshots | None = None,
) -> NDArray[np.float32]:
    """The reward of every step, (E, T); draws exactly the frames that the reward reads.

    `starts` are the snapshots after reset, (E, D), for rewards that read the start's frame. While
    the reward scores a part, the render processes draw the next one.
    """
    count, horizon = episodes.true_rewards.shape

    def drawn(of: slice) -> ReadFrames:
        start = None if starts is None else starts[of]
        return frames_for(reward.reads, snapshots[of], draw, start)

    labels = np.empty((count, horizon), dtype=np.float32)
    todo = list(parts(count, horizon, reward.reads))
    # One thread, which waits for render processes; leaving the block waits for it.
    with ThreadPoolExecutor(1) as drawing:
        ahead = deque(drawing.submit(drawn, of) for of in todo[:1])
        for number, of in enumerate(todo):
            frames = ahead.popleft().result()
            ahead.extend(drawing.submit(drawn, later) for later in todo[number + 1 : number + 2])
            part = episodes.part(of, **frames._asdict())
            labels[of] = checked(reward, reward.score(part), part.true_rewards.shape)
    return labels


def checked(
    reward: object, found: NDArray[np.float32], wanted: tuple[int, ...]
) -> NDArray[np.float32]:
    """The scores, if they are a finite number for every step."""
    scores, name = np.asarray(found), type(reward).__name__
    if scores.shape != wanted:
        raise ValueError(f"{name} scored {scores.shape}, not one reward a step: {wanted}")
    if not np.isfinite(scores).all():
        raise ValueError(f"{name} gave a reward that is not a finite number")
    return scores.astype(np.float32, copy=False)
