"""A reward model of LeRobot as one of our rewards: its score of each frame.

Its files are pinned by checksum; a classifier of success is read without LeRobot.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from showtell.nets.distance import histories_of
from showtell.nets.lerobot_files import check, read_config
from showtell.nets.lerobot_models import LerobotModel, Output, load
from showtell.rendering.scene import View
from showtell.rewards.reward import Distances, Episodes, Reads
from showtell.study.settings import RewardSettings


class LerobotSettings(RewardSettings):
    """Which model, and what of it is the reward."""

    measures: ClassVar[bool] = True

    kind: Literal["lerobot"]
    folder: str  # with config.json and model.safetensors; from the repository's root
    # File -> SHA-256, of every .json and .safetensors file of the folder.
    sha256: dict[str, Annotated[str, Field(pattern="^[0-9a-f]{64}$")]]
    sentence: str | None  # the task in words, for models that read one; null: none is given
    # reward: LeRobot's compute_reward, 0 or 1 of a classifier; probability: of success, before.
    output: Output
    frames: PositiveInt  # the last frames that the model is given at once; 1: single pictures
    stride: PositiveInt  # every stride-th step has a frame, and the steps after it keep its score


class LerobotReward:
    """The score of the last frames at every step. As a distance it is minus the score."""

    def __init__(self, settings: LerobotSettings, model: LerobotModel, view: View) -> None:
        if model.size is not None:
            height, width = model.size
            view = view._replace(width=width, height=height)
        self.history = settings.frames
        self.reads = Reads(view=view, stride=settings.stride, start=settings.frames > 1)
        self._model, self._stride = model, settings.stride

    def score(self, episodes: Episodes) -> NDArray[np.float32]:
        """A reward for every step: (E, T)."""
        frames, (count, horizon) = episodes.frames, episodes.true_rewards.shape
        shape = count, len(self.reads.steps(horizon))
        if frames is None or frames.shape[:2] != shape:
            found = None if frames is None else frames.shape[:2]
            raise ValueError(f"this LeRobot reward reads {shape} frames, not {found}")
        film = frames
        if self.reads.start and episodes.start_frames is not None:
            film = np.concatenate([episodes.start_frames[:, None], frames], axis=1)
        histories = histories_of(film, self.history)[:, film.shape[1] - shape[1] :]
        scores = self._model.of_videos(histories.reshape(-1, *histories.shape[2:]))
        return self.of_steps(scores.reshape(shape), horizon)

    def of_steps(self, scores: NDArray[np.float32], horizon: int) -> NDArray[np.float32]:
        """Steps without a frame keep the newest score: (E, K) to (E, T)."""
        return np.repeat(scores, self._stride, axis=1)[:, :horizon]

    def distances(self, histories: NDArray[np.uint8], stride: float) -> Distances:
        """Minus the score at each moment, (E, L, K, H, W, 3) -> (E, L) each; there is one goal."""
        flat = histories.reshape(-1, *histories.shape[2:])
        found = -self._model.of_videos(flat).reshape(histories.shape[:2]).astype(np.float64)
        return Distances(found, found, np.zeros(found.shape, np.intp))


class LerobotPictures(LerobotReward):
    """A model of single pictures scores them while the environments go on."""

    def of_frames(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The score of each frame, (N, H, W, 3): (N,)."""
        return self._model.of_videos(frames[:, None])


def lerobot_reward(settings: LerobotSettings, *, view: View, **_: Any) -> LerobotReward:
    """The reward; refused where the files are others, or where no code here can score by them."""
    folder = Path(settings.folder)
    read_config(folder)
    check(folder, settings.sha256)
    model = load(folder, settings.output, settings.sentence, settings.frames)
    made = LerobotPictures if settings.frames == 1 else LerobotReward
    return made(settings, model, view)


PARTS = {"lerobot": (LerobotSettings, "lerobot_reward")}
_ONE: dict[str, Any] = {
    "kind": "lerobot", "folder": "classifier", "sha256": {}, "sentence": None,
    "output": "probability", "frames": 1, "stride": 1,
}  # fmt: skip
EXAMPLES = [_ONE, _ONE | {"output": "reward", "stride": 3}]
