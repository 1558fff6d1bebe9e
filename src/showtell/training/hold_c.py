"""Trains HOLD-C on videos of people: frames that are near in time get near embeddings."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from showtell.data.samples import VideoSplits
from showtell.project import seeds
from showtell.project.checkpoints import Resume
from showtell.project.settings import Frozen
from showtell.study.settings import Samples
from showtell.training.devices import here
from showtell.training.state import Progress, Recipe, Trained, TrainingState, reproducible
from showtell.training.video_batches import Augmentation, Batch, batches, numbers
from showtell.training.video_measures import measure

if TYPE_CHECKING:
    from torch import Tensor

    from showtell.nets.hold_c import HoldCSettings


class TripletLoss(Frozen):
    """The published loss, and what of it is changed."""

    kind: Literal["triplets"]  # the loss of TCN, as HOLD-C takes it
    near: PositiveInt  # the most frames between an anchor and a positive
    far: PositiveInt  # a negative of the same video is further away than so many frames
    margin: PositiveFloat  # by which a negative is to be further than a positive, squared
    reduction: Literal["sum", "mean"]  # over anchors and positives; [c] sum
    # Repeats of a frame of a video that is too short: taken for another video, or left out.
    repeats: Literal["negatives", "left-out"]


class RankLoss(Frozen):
    """Of two earlier frames the later is nearer the goal, for every goal of a video."""

    kind: Literal["ranks"]  # ours
    softness: PositiveFloat  # of the logistic loss, in squared distance
    size_weight: NonNegativeFloat  # of the squared length of embeddings, which bounds them


class HoldCRecipe(Recipe):
    """How a HOLD-C is trained; `batch` counts videos."""

    encoder_kind: ClassVar[str] = "hold_c"
    samples: ClassVar[Samples] = "videos"

    kind: Literal["hold_c"]
    frames_a_video: PositiveInt  # of one batch
    frames: Literal["consecutive", "spread"]  # in a row, as published, or anywhere in the video
    # Triplets as published, or ranks.
    loss: Annotated[TripletLoss | RankLoss, Field(discriminator="kind")]
    augmentation: Augmentation  # what is changed at random
    measured: PositiveInt  # held-out videos that the measures of Table IV are taken on


def train_hold_c(
    settings: "HoldCSettings",
    recipe: HoldCRecipe,
    data: VideoSplits,
    held_out: VideoSplits,
    root: int,
    address: tuple[str | int, ...],
    progress: Progress,
    resume: Resume | None = None,
) -> Trained:
    """Train; on a CPU the same arguments give the same bits."""
    from showtell.nets.hold_c import HoldCEncoder, describe

    place = here()

    with reproducible(seeds.seed(root, *address, "weights")):
        model = settings.architecture.build()
        losses = _learn(model, settings, recipe, data, root, address, progress, resume)
        network = describe(settings, recipe=recipe.model_dump(mode="json"))
        encoder = HoldCEncoder(settings, model, network, str(place.device))
        if not place.first:
            return Trained(encoder, losses, {})
        draws = seeds.generator(root, *address, "measures")
        return Trained(encoder, losses, measure(encoder, held_out, recipe.measured, draws))


def _learn(
    model: Any,
    settings: "HoldCSettings",
    recipe: HoldCRecipe,
    data: VideoSplits,
    root: int,
    address: Sequence[str | int],
    progress: Progress,
    resume: Resume | None,
) -> list[float]:
    """Train the model; one loss a step."""
    import torch

    place = here()
    model.train().to(place.device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, fused=True)
    # Batches are drawn by their step, so the state of a generator is nothing to keep.
    state = TrainingState(model, optimizer, seeds.generator(root, *address, "batches"), place=place)
    made: Generator[Batch] | None = None
    for step in state.steps(recipe, resume, progress):
        if made is None:
            made = batches(
                data.videos,
                data.rows,
                videos_a_batch=place.share(recipe.batch),
                frames=lambda length, draws: numbers(
                    length, recipe.frames_a_video, recipe.frames, draws
                ),
                augmentation=recipe.augmentation,
                size=settings.reads_size[0],
                first=step,
                draws=lambda number: seeds.generator(
                    root, *address, "batch", number, *place.branch
                ),
            )
        batch = next(made)
        flat = batch.pictures.flatten(0, 1).to(place.device)
        with place.forward():
            vectors = model(flat.contiguous(memory_format=torch.channels_last))
        loss = loss_of(vectors.float(), batch, recipe.loss)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        place.average(model)
        place.step(optimizer, model)
        state.losses.append(place.mean(loss))
    if made is not None:
        made.close()
    return state.losses


def loss_of(vectors: "Tensor", batch: Batch, how: TripletLoss | RankLoss) -> "Tensor":
    """The loss of a batch's embeddings, (F · K, D)."""
    import torch

    from showtell.training.time_contrast import ranks, triplets

    videos, count = batch.times.shape
    if isinstance(how, RankLoss):
        loss = ranks(vectors.reshape(videos, count, -1), softness=how.softness)
        return loss + how.size_weight * vectors.square().sum(-1).mean()
    numbers = np.repeat(np.arange(videos), count)
    # The code numbers each round through a video as a sequence of its own, so that copies of one
    # frame are negatives of each other.
    rounds = np.cumsum(np.diff(batch.times, axis=1, prepend=-1) < 0, axis=1).ravel()
    kept = np.ones(len(vectors), dtype=np.bool_)
    if how.repeats == "left-out":
        kept = ~batch.repeated.ravel()
    on = vectors.device
    each = triplets(
        vectors[torch.from_numpy(kept).to(on)],
        torch.from_numpy((numbers + videos * rounds)[kept]).to(on),
        torch.from_numpy(batch.times.ravel()[kept]).to(on),
        near=how.near,
        far=how.far,
        margin=how.margin,
    )
    return each.sum() / (1 if how.reduction == "sum" else max(1, len(each)))


PARTS = {"hold_c": (HoldCRecipe, "train_hold_c")}
