"""What HOLD-R regresses: pairs of a history and a goal, and the frames between them.

Differences of time are in a video's own frames. Predictions are at the mean rate of
Something-Something v2 and are converted before they are compared, as in the code [c].
"""

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt

from showtell.nets.hold_r import FPS
from showtell.project.settings import Frozen
from showtell.training.video_batches import before, numbers, pair

if TYPE_CHECKING:
    from torch import Tensor

    from showtell.nets.modules.hold_r import LateFusion, Regression
    from showtell.training.video_batches import Batch

Generator = np.random.Generator


class OnePair(Frozen):
    """One history and one later goal of each video, every pair as likely: published."""

    kind: Literal["one"]


class AllPairs(Frozen):
    """All pairs of some frames of each video, for networks that read each picture alone: ours."""

    kind: Literal["all"]
    frames_a_video: PositiveInt  # spread over the video
    # Whether histories and goals are the same augmented pictures; independent costs twice the time.
    views: Literal["shared", "independent"]
    # The goal comes before the newest frame, as in a reversed or rewound video. The target is the
    # time between them, a fixed number of frames, or null: such pairs are left out.
    backwards: Literal["absolute"] | PositiveFloat | None
    # The fixed target, in frames, of goals of the batch's next video; null: none are compared.
    other_videos: PositiveFloat | None


Pairs = Annotated[OnePair | AllPairs, Field(discriminator="kind")]


def choose(
    how: OnePair | AllPairs, history: int, length: int, draws: Generator
) -> NDArray[np.int64]:
    """Which frames of a video are read: the histories' one after the other, then a single goal."""
    if isinstance(how, OnePair):
        return pair(length, history, draws)
    newest = numbers(length, how.frames_a_video, "spread", draws)
    return before(newest, history).ravel()


def targets(times: NDArray[np.int64], how: AllPairs, rate: float) -> NDArray[np.float64]:
    """Frames of a video (K,) -> what is predicted of each as a history (rows) and goal (columns).

    `rate` is the video's over that of predictions; NaN: a pair that is left out.
    """
    ahead = (times[None] - times[:, None]).astype(np.float64)
    if how.backwards == "absolute":
        return np.abs(ahead)
    fixed = np.nan if how.backwards is None else how.backwards * rate
    return np.where(ahead < 0, fixed, ahead)


def compared(
    model: "Regression", batch: "Batch", how: OnePair | AllPairs, history: int
) -> "tuple[Tensor, Tensor]":
    """Predictions and targets of all pairs of a batch, in the frames of their videos: (P,) each."""
    import torch

    rates, on = batch.fps / FPS, batch.pictures.device

    def placed(values: NDArray[np.float64] | NDArray[np.int64]) -> "Tensor":
        return torch.from_numpy(values).float().to(on)

    if isinstance(how, OnePair):
        predicted = model.compare(
            batch.pictures[:, :history], model.read_goals(batch.pictures[:, -1])
        )
        ahead = batch.times[:, -1] - batch.times[:, -2]
        return predicted.float() * placed(rates), placed(ahead)
    histories, goals = _embedded(model, batch, how, history)  # type: ignore[arg-type]
    newest = batch.times[:, history - 1 :: history]
    wanted = [targets(of, how, rate) for of, rate in zip(newest, rates, strict=True)]
    found = [_grid(model, histories, goals)]  # type: ignore[arg-type]
    if how.other_videos is not None:
        found.append(_grid(model, histories, goals.roll(-1, 0)))  # type: ignore[arg-type]
        wanted += [np.full_like(wanted[0], how.other_videos * rate) for rate in rates]
        rates = np.tile(rates, 2)
    predicted = torch.cat(found).float() * placed(rates)[:, None, None]
    target = placed(np.stack(wanted))
    kept = ~target.isnan()
    return predicted[kept], target[kept]


def _embedded(
    model: "LateFusion", batch: "Batch", how: AllPairs, history: int
) -> "tuple[Tensor, Tensor]":
    """Histories (F, K, H, D) and goals (F, K, D); each picture is read once."""
    import torch

    videos, frames = batch.times.shape
    read = batch.pictures[:, :frames]
    if how.views == "independent":  # of goals the newest frame alone
        read = torch.cat([read, batch.pictures[:, frames + history - 1 :: history]], 1)
    found = model.embed(read.flatten(0, 1)).reshape(videos, read.shape[1], -1)
    histories = found[:, :frames].reshape(videos, frames // history, history, -1)
    return histories, histories[:, :, -1] if how.views == "shared" else found[:, frames:]


def _grid(model: "LateFusion", histories: "Tensor", goals: "Tensor") -> "Tensor":
    """(F, K, K): each history of a video with each goal."""
    count = goals.shape[1]
    return model.fuse(
        histories[:, :, None].expand(-1, -1, count, -1, -1),
        goals[:, None].expand(-1, histories.shape[1], -1, -1),
    )
