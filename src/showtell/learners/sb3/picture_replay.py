"""A replay buffer of pictures: bytes, every frame once, every goal once, shifted when sampled.

What an action led to is the next row's frame, unless the episode ended there; the frames in which
episodes end are kept apart. Stable-Baselines3's own buffer would hold each frame twice and the
goal's picture with each of them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples

from showtell.learners.sb3.private import SampledReplay
from showtell.project.segments import Arrays
from showtell.rendering.scene import Frames

if TYPE_CHECKING:
    from showtell.learners.sac import Shift

_ROWS = ("frames", "stages", "next_stages", "actions", "rewards", "dones", "timeouts")


class PictureReplay(SampledReplay):
    """Holds (frame, stage, action, reward, frame after it, stage after it)."""

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Box,
        action_space: spaces.Box,
        device: torch.device | str,
        n_envs: int,
        optimize_memory_usage: bool,
        *,
        goals: Frames,
        shift: "Shift | None",
        seed: int,
    ) -> None:
        BaseBuffer.__init__(self, buffer_size, observation_space, action_space, device, n_envs)
        self.buffer_size = rows = max(buffer_size // n_envs, 1)
        self._goals = goals.transpose(0, 3, 1, 2)
        self._shift = shift
        self.optimize_memory_usage = False  # of Stable-Baselines3's own kind
        self.generator = np.random.default_rng(seed)  # of the shifts
        # What `np.zeros` gives takes no memory before it is written.
        self.frames = np.zeros((rows, n_envs, 3, *observation_space.shape[1:]), dtype=np.uint8)
        self.ends: dict[int, NDArray[np.uint8]] = {}  # by place: the (n, 3, H, W) after its row
        self.stages = np.zeros((rows, n_envs), dtype=np.uint8)
        self.next_stages = np.zeros((rows, n_envs), dtype=np.uint8)
        self.actions = np.zeros((rows, n_envs, self.action_dim), dtype=np.float32)
        self.rewards, self.dones, self.timeouts = (
            np.zeros((rows, n_envs), dtype=np.float32) for _ in range(3)
        )

    def add(
        self,
        obs: NDArray[Any],
        next_obs: NDArray[Any],
        action: NDArray[Any],
        reward: NDArray[Any],
        done: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """One row: a step of each environment; all of them end their episodes together."""
        self.frames[self.pos] = obs[:, :3]
        self.ends.pop(self.pos, None)
        if done.all():
            self.ends[self.pos] = next_obs[:, :3].copy()
        self.stages[self.pos] = [info["stage"] for info in infos]
        self.next_stages[self.pos] = [info["next_stage"] for info in infos]
        self.actions[self.pos] = action
        self.rewards[self.pos], self.dones[self.pos] = reward, done
        self.timeouts[self.pos] = [info.get("TimeLimit.truncated", False) for info in infos]
        self.pos += 1
        if self.pos == self.buffer_size:
            self.full, self.pos = True, 0

    def samples(self, places: NDArray[np.int64]) -> ReplayBufferSamples:
        """A batch: of each place a transition of an environment drawn at random."""
        lanes = np.random.randint(0, self.n_envs, size=len(places))
        following = self.frames[(places + 1) % self.buffer_size, lanes]
        for sample, place in enumerate(places.tolist()):
            if place in self.ends:
                following[sample] = self.ends[place][lanes[sample]]
        ends = self.dones[places, lanes] * (1 - self.timeouts[places, lanes])
        return ReplayBufferSamples(
            self._pictures(self.frames[places, lanes], self.stages[places, lanes]),
            self.to_torch(self.actions[places, lanes]),
            self._pictures(following, self.next_stages[places, lanes]),
            self.to_torch(ends[:, None]),
            self.to_torch(self.rewards[places, lanes][:, None]),
        )

    def _pictures(self, frames: NDArray[Any], stages: NDArray[Any]) -> torch.Tensor:
        seen = np.concatenate([frames, self._goals[stages]], axis=1) if len(self._goals) else frames
        if self._shift is not None:
            seen = shifted(seen, self._shift, self.generator)
        return torch.from_numpy(seen)

    def rows(self, places: NDArray[np.int64]) -> Arrays:
        """These rows, as arrays for a file."""
        ending = [place for place in places.tolist() if place in self.ends]
        ends = [self.ends[place] for place in ending]
        nothing = np.empty((0, *self.frames.shape[1:]), dtype=np.uint8)
        return {
            **{name: getattr(self, name)[places] for name in _ROWS},
            "ending": np.isin(places, ending),
            "ends": np.stack(ends) if ends else nothing,
        }

    def put_rows(self, places: NDArray[np.int64], arrays: Arrays) -> None:
        """The reverse of `rows`."""
        for name in _ROWS:
            getattr(self, name)[places] = arrays[name]
        for place in places.tolist():
            self.ends.pop(place, None)
        self.ends |= dict(zip(places[arrays["ending"]].tolist(), arrays["ends"], strict=True))


def shifted(
    pictures: NDArray[np.uint8], shift: "Shift", generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Pictures (N, C, H, W), each moved by up to `shift.pixels`; a goal moves with its frame."""
    count, _, height, width = pictures.shape
    reach = shift.pixels
    mode: Any = "edge" if shift.border == "edge" else "constant"
    padded = np.pad(pictures, ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode=mode)
    draws = count if shift.drawn == "per_sample" else 1
    corners = np.broadcast_to(generator.integers(0, 2 * reach + 1, (draws, 2)), (count, 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    # (N, C, 2 reach + 1, 2 reach + 1, H, W): one window a picture.
    moved = windows[np.arange(count), :, corners[:, 0], corners[:, 1]]
    return np.ascontiguousarray(moved)
