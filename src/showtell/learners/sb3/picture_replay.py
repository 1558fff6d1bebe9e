"""A replay buffer of pictures: bytes, every frame once, every goal once, shifted when sampled."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from showtell.learners.sb3.stored_once import StoredOnce
from showtell.rendering.scene import Frames

if TYPE_CHECKING:
    from showtell.learners.sac import Shift


class PictureReplay(StoredOnce):
    """Holds (frame, stage, action, reward, frame after it, stage after it)."""

    columns = (*StoredOnce.columns, "stages", "next_stages")

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
        shape = (3, *observation_space.shape[1:])
        super().__init__(buffer_size, observation_space, action_space, device, n_envs, shape)
        self._goals = goals.transpose(0, 3, 1, 2)
        self._shift = shift
        self.generator = np.random.default_rng(seed)  # of the shifts
        self.stages, self.next_stages = (
            np.zeros((self.buffer_size, n_envs), dtype=np.uint8) for _ in range(2)
        )

    def stored(self, observations: NDArray[Any]) -> NDArray[Any]:
        """The frame; the picture of the goal beside it is known by its stage."""
        return observations[:, :3]

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
        self.stages[self.pos] = [info["stage"] for info in infos]
        self.next_stages[self.pos] = [info["next_stage"] for info in infos]
        super().add(obs, next_obs, action, reward, done, infos)

    def seen(
        self, places: NDArray[np.int64], lanes: NDArray[np.int64]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Frame and goal, moved by one draw before a transition and by another after it."""
        before = self._pictures(self.observations[places, lanes], self.stages[places, lanes])
        after = self.following(places, lanes)
        return before, self._pictures(after, self.next_stages[places, lanes])

    def _pictures(self, frames: NDArray[Any], stages: NDArray[Any]) -> torch.Tensor:
        seen = np.concatenate([frames, self._goals[stages]], axis=1) if len(self._goals) else frames
        if self._shift is not None:
            seen = shifted(seen, self._shift, self.generator)
        return torch.from_numpy(seen)


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
