"""Trains HOLD-R on videos of people: how many frames it is from a history to a later frame."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from showtell.data.samples import VideoSplits
from showtell.project import seeds
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.project.settings import Frozen
from showtell.study.settings import Samples
from showtell.training.devices import Place, here
from showtell.training.frame_pairs import AllPairs, Pairs, choose, compared
from showtell.training.state import (
    Progress,
    Recipe,
    Trained,
    TrainingState,
    reproducible,
    weights_of,
)
from showtell.training.video_batches import Augmentation, Batch, batches
from showtell.training.video_measures import in_order, measure

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from showtell.nets.hold_r import HoldRSettings


class Adam(Frozen):
    """Published for ResNet-50."""

    kind: Literal["adam"]


class Momentum(Frozen):
    """Gradient descent with momentum: published for ViViT."""

    kind: Literal["momentum"]
    momentum: float = Field(ge=0, lt=1)  # share of the step before; published 0.9


class SquaredLoss(Frozen):
    """The square of the error in frames: published."""

    kind: Literal["squared"]


class HuberLoss(Frozen):
    """Squared for small errors and linear for large ones."""

    kind: Literal["huber"]
    width: PositiveFloat  # the error in frames at which it becomes linear


class LogLoss(Frozen):
    """The square of the error of log(1 + frames): near goals count more."""

    kind: Literal["log"]


class EarlyStopping(Frozen):
    """The weights with the best rank correlation on held-out videos are kept."""

    every: PositiveInt  # steps
    videos: PositiveInt  # held-out videos for this choice alone: the measures are of the others


class HoldRRecipe(Recipe):
    """How a HOLD-R is trained; `batch` counts videos."""

    encoder_kind: ClassVar[str] = "hold_r"
    samples: ClassVar[Samples] = "videos"

    kind: Literal["hold_r"]
    pairs: Pairs  # one of each video as published, or all of some frames
    # Squared as published, or less sensitive to pairs that are far apart.
    loss: Annotated[SquaredLoss | HuberLoss | LogLoss, Field(discriminator="kind")]
    # Adam or momentum, at the rate of `learning_rate`.
    optimizer: Annotated[Adam | Momentum, Field(discriminator="kind")]
    clip: PositiveFloat | None  # largest norm of all gradients together; null: any
    augmentation: Augmentation  # what is changed at random
    early_stopping: EarlyStopping | None  # which weights are kept; null: the last
    measured: PositiveInt  # held-out videos that the measures of Table IV are taken on


def train_hold_r(
    settings: "HoldRSettings",
    recipe: HoldRRecipe,
    data: VideoSplits,
    held_out: VideoSplits,
    root: int,
    address: tuple[str | int, ...],
    progress: Progress,
    resume: Resume | None = None,
) -> Trained:
    """Train; on a CPU the same arguments give the same bits."""
    from showtell.nets.hold_r import HoldR, describe

    place = here()
    _check(settings, recipe)
    with reproducible(seeds.seed(root, *address, "weights")):
        choosing, measuring = _divided(
            held_out, recipe.early_stopping, seeds.generator(root, *address, "choice")
        )
        model = settings.build()
        network = describe(settings, recipe=recipe.model_dump(mode="json"))
        found = _learn(model, settings, recipe, data, choosing, root, address, progress, resume)
        encoder = HoldR(settings, model, network, str(place.device))
        if not place.first:
            return Trained(encoder, found.losses, {})
        draws = seeds.generator(root, *address, "measures")
        metrics = measure(encoder, measuring, recipe.measured, draws)
        if found.kept:
            metrics["chosen_step"] = float(found.kept["step"])
        return Trained(encoder, found.losses, metrics)


def _check(settings: "HoldRSettings", recipe: HoldRRecipe) -> None:
    if isinstance(recipe.pairs, AllPairs) and settings.architecture.kind != "late_fusion":
        raise UserError(
            f"pairs.kind: all compares embeddings of single pictures, but the architecture "
            f"{settings.architecture.kind!r} reads history and goal together; set pairs.kind: one, "
            "or architecture.kind: late_fusion."
        )


def _divided(
    held_out: VideoSplits, how: EarlyStopping | None, draws: np.random.Generator
) -> tuple[VideoSplits | None, VideoSplits]:
    """Held-out videos that the weights are chosen on, and those that they are measured on."""
    if how is None:
        return None, held_out
    if how.videos >= len(held_out.rows):
        raise UserError(
            f"early_stopping.videos takes {how.videos} of {len(held_out.rows)} held-out videos, "
            f"and none is left to measure on; set at most {len(held_out.rows) - 1}."
        )
    rows = draws.permutation(held_out.rows)
    chosen, others = np.sort(rows[: how.videos]), np.sort(rows[how.videos :])
    return held_out._replace(rows=chosen), held_out._replace(rows=others)


def _learn(
    model: Any,
    settings: "HoldRSettings",
    recipe: HoldRRecipe,
    data: VideoSplits,
    choosing: VideoSplits | None,
    root: int,
    address: Sequence[str | int],
    progress: Progress,
    resume: Resume | None,
) -> TrainingState:
    """Train the model, and leave it with the weights that are kept."""
    import torch

    place = here()
    model.train().to(place.device, memory_format=torch.channels_last)
    # Batches are drawn by their step, so the state of a generator is nothing to keep.
    state = TrainingState(
        model,
        _optimizer(model, recipe),
        seeds.generator(root, *address, "batches"),
        place=place,
    )
    made: Generator[Batch] | None = None
    for step in state.steps(recipe, resume, progress):
        if made is None:
            made = _batches(settings, recipe, data, root, address, step, place)
        # What a step draws depends on the step alone, as its batch does.
        torch.manual_seed(seeds.seed(root, *address, "step", step, *place.branch))
        batch = next(made)
        batch = batch._replace(pictures=batch.pictures.to(place.device))
        with place.forward():
            predicted, target = compared(model, batch, recipe.pairs, settings.history)
        loss = loss_of(predicted, target, recipe.loss)
        state.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        place.average(model)
        if recipe.clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        place.step(state.optimizer, model)
        state.losses.append(place.mean(loss))
        if choosing is not None and place.first and _is_choice(step, recipe):
            _keep_best(state, settings, choosing, step)
    if made is not None:
        made.close()
    if state.kept:
        model.load_state_dict(
            {name: torch.from_numpy(value) for name, value in state.kept["model"].items()}
        )
    return state


def _batches(
    settings: "HoldRSettings",
    recipe: HoldRRecipe,
    data: VideoSplits,
    root: int,
    address: Sequence[str | int],
    first: int,
    place: Place,
) -> Generator[Batch]:
    pairs = recipe.pairs
    both = isinstance(pairs, AllPairs) and pairs.views == "independent"
    return batches(
        data.videos,
        data.rows,
        videos_a_batch=place.share(recipe.batch),
        frames=lambda length, draws: choose(pairs, settings.history, length, draws),
        augmentation=recipe.augmentation,
        size=settings.reads_size[0],
        first=first,
        draws=lambda number: seeds.generator(root, *address, "batch", number, *place.branch),
        views=2 if both else 1,
    )


def _optimizer(model: Any, recipe: HoldRRecipe) -> "Optimizer":
    import torch

    if isinstance(recipe.optimizer, Momentum):
        return torch.optim.SGD(
            model.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.optimizer.momentum,
            weight_decay=recipe.weight_decay,
        )
    return torch.optim.Adam(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )


def _is_choice(step: int, recipe: HoldRRecipe) -> bool:
    how = recipe.early_stopping
    return how is not None and (step % how.every == 0 or step == recipe.steps)


def _keep_best(
    state: TrainingState, settings: "HoldRSettings", choosing: VideoSplits, step: int
) -> None:
    """Keep a copy of the weights where they rank these videos best so far."""
    from showtell.nets.hold_r import HoldR, describe

    network = HoldR(settings, state.model, describe(settings), str(here().device))
    spearman = in_order(network, choosing).spearman
    state.model.train()
    if not state.kept or spearman > state.kept["spearman"]:
        weights = {name: value.copy() for name, value in weights_of(state.model).items()}
        state.kept = {"step": step, "spearman": spearman, "model": weights}


def loss_of(
    predicted: "Tensor", target: "Tensor", how: SquaredLoss | HuberLoss | LogLoss
) -> "Tensor":
    """The mean loss of predictions, in frames."""
    from torch.nn.functional import huber_loss, mse_loss

    if isinstance(how, HuberLoss):
        return huber_loss(predicted, target, delta=how.width)
    if isinstance(how, LogLoss):
        return mse_loss(predicted.sign() * predicted.abs().log1p(), target.log1p())
    return mse_loss(predicted, target)


PARTS = {"hold_r": (HoldRRecipe, "train_hold_r")}
