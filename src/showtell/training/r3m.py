"""Trains an R3M on videos with captions: a stand-in for the network that HOLD is compared with.

Sentences are means of word vectors that are learned beside it; the published one has a frozen
DistilBERT. The language head is dropped after training.
"""

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from showtell.data.samples import VideoSplits
from showtell.project import seeds
from showtell.project.checkpoints import Resume
from showtell.project.errors import UserError
from showtell.training.captioned_videos import (
    FRAMES,
    frame_numbers,
    language,
    others,
    time_contrast,
)
from showtell.training.devices import here
from showtell.training.state import Progress, Recipe, Trained, TrainingState, reproducible
from showtell.training.video_batches import Augmentation, Batch, batches
from showtell.training.video_measures import measure

if TYPE_CHECKING:
    from torch import Tensor, nn

    from showtell.nets.r3m import R3mEncoder, R3mSettings
    from showtell.nets.s3d_text import Vocabulary


class R3mRecipe(Recipe):
    """How an R3M is trained; `batch` counts videos, of which five frames each are read."""

    encoder_kind: ClassVar[str] = "r3m"
    samples: ClassVar[Literal["videos"]] = "videos"  # that it learns from

    kind: Literal["r3m"]
    ends: float = Field(ge=0, le=0.5)  # share of a video that is its beginning, or its end
    negatives: PositiveInt  # other videos that each video is compared with
    time_weight: NonNegativeFloat  # of the time-contrastive loss
    language_weight: NonNegativeFloat  # of the loss of captions
    l1_weight: NonNegativeFloat  # of the sum of an embedding's sizes
    l2_weight: NonNegativeFloat  # of an embedding's length
    word_dimensions: PositiveInt  # of a word's vector
    hidden: PositiveInt  # units of each layer of the language head
    augmentation: Augmentation  # what is changed at random
    measured: PositiveInt  # held-out videos that the measures of Table IV are taken on

    @model_validator(mode="after")
    def _enough_others(self) -> "R3mRecipe":
        if self.negatives >= self.batch:
            raise ValueError(
                f"negatives {self.negatives} are other videos of a batch of {self.batch}; set "
                "negatives below batch"
            )
        return self


def train_r3m(
    settings: "R3mSettings",
    recipe: R3mRecipe,
    data: VideoSplits,
    held_out: VideoSplits,
    root: int,
    address: tuple[str | int, ...],
    progress: Progress,
    resume: Resume | None = None,
) -> Trained:
    """Train; on a CPU the same arguments give the same bits."""
    from showtell.nets.r3m import R3mEncoder, describe
    from showtell.nets.s3d_text import vocabulary_of

    place = here()
    vocabulary = vocabulary_of([data.videos.caption(int(video)) for video in data.rows])
    with reproducible(seeds.seed(root, *address, "weights")):
        model = settings.architecture.build()
        head = _head(model.outputs, vocabulary, recipe)
        losses = _learn(
            model, head, vocabulary, settings, recipe, data, root, address, progress, resume
        )
        network = describe(settings, recipe=recipe.model_dump(mode="json"))
        encoder = R3mEncoder(settings, model, network, str(place.device))
        if not place.first:
            return Trained(encoder, losses, {})
        draws = seeds.generator(root, *address, "measures")
        metrics = measure(encoder, held_out, recipe.measured, draws)
        metrics |= understood(encoder, head.cpu(), vocabulary, held_out, recipe.measured, draws)
        return Trained(encoder, losses, metrics)


def _head(dimensions: int, vocabulary: "Vocabulary", recipe: R3mRecipe) -> "nn.Module":
    from showtell.nets.modules.language_head import LanguageHead

    return LanguageHead(dimensions, vocabulary.rows, recipe.word_dimensions, recipe.hidden)


def _learn(
    model: Any,
    head: Any,
    vocabulary: "Vocabulary",
    settings: "R3mSettings",
    recipe: R3mRecipe,
    data: VideoSplits,
    root: int,
    address: Sequence[str | int],
    progress: Progress,
    resume: Resume | None,
) -> list[float]:
    """Train the model and its head; one loss a step."""
    import torch

    both = torch.nn.ModuleDict({"model": model, "head": head})
    place = here()
    if recipe.negatives >= place.share(recipe.batch):
        raise UserError(
            f"each of {place.processes} processes reads {place.share(recipe.batch)} videos a step, "
            f"too few for {recipe.negatives} negatives; give the rule train_encoder fewer GPUs."
        )
    both.train().to(place.device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(both.parameters(), lr=recipe.learning_rate, fused=True)
    # Batches are drawn by their step, so the state of a generator is nothing to keep.
    state = TrainingState(both, optimizer, seeds.generator(root, *address, "batches"), place=place)
    normalise = _normaliser(settings)
    made: Generator[Batch] | None = None
    for step in state.steps(recipe, resume, progress):
        if made is None:
            made = batches(
                data.videos,
                data.rows,
                videos_a_batch=place.share(recipe.batch),
                frames=lambda length, draws: frame_numbers(length, recipe.ends, draws),
                augmentation=recipe.augmentation,
                size=settings.crop,
                first=step,
                draws=lambda number: seeds.generator(
                    root, *address, "batch", number, *place.branch
                ),
            )
        batch = next(made)
        said = [data.videos.caption(int(video)) for video in batch.videos]
        flat = normalise(batch.pictures.flatten(0, 1))
        flat = flat.to(place.device)
        with place.forward():
            vectors = model(flat.contiguous(memory_format=torch.channels_last)).float()
        negatives = others(
            len(said),
            recipe.negatives,
            seeds.generator(root, *address, "others", step, *place.branch),
        )
        loss = loss_of(
            vectors.unflatten(0, (len(said), FRAMES)), head, said, vocabulary, negatives, recipe
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        place.average(both)
        place.step(optimizer, both)
        state.losses.append(place.mean(loss))
    if made is not None:
        made.close()
    return state.losses


def loss_of(
    vectors: "Tensor",  # (V, 5, D)
    head: Any,
    said: Sequence[str],  # the caption of each video, or none
    vocabulary: "Vocabulary",
    negatives: NDArray[np.int64],
    recipe: R3mRecipe,
) -> "Tensor":
    """The weighted sum of the losses of a batch."""
    import torch

    loss: Tensor = recipe.time_weight * time_contrast(vectors, negatives)
    loss = loss + recipe.l1_weight * vectors.abs().sum(-1).mean()
    loss = loss + recipe.l2_weight * torch.linalg.vector_norm(vectors, dim=-1).mean()
    if recipe.language_weight:
        sentences = head.sentences(torch.from_numpy(vocabulary.numbers(said)).to(vectors.device))
        known = {sentence: number for number, sentence in enumerate(dict.fromkeys(said))}
        captions = np.array([known[one] if one else -1 for one in said])
        loss = loss + recipe.language_weight * language(
            head, vectors, sentences, captions, negatives
        )
    return loss


def understood(
    encoder: "R3mEncoder",
    head: Any,
    vocabulary: "Vocabulary",
    data: VideoSplits,
    count: int,
    draws: np.random.Generator,
) -> dict[str, float]:
    """How surely a caption scores its video's end above its beginning, and above other captions."""
    import torch

    chosen = np.sort(draws.choice(data.rows, min(count, len(data.rows)), replace=False))
    said = [data.videos.caption(int(video)) for video in chosen]
    ends = [
        encoder.image(data.videos.read(int(v), np.array([0, data.videos.lengths[v] - 1])))
        for v in chosen
    ]
    first, last = torch.stack(ends).unbind(1)
    with torch.inference_mode():
        sentences = head.eval().sentences(torch.from_numpy(vocabulary.numbers(said)))
        over = sentences.expand(len(said), *sentences.shape)
        scores = head(
            first[:, None].expand(-1, len(said), -1), last[:, None].expand(-1, len(said), -1), over
        ).numpy()
        before = head(first, first, sentences).numpy()
    own = scores.diagonal()
    known = np.array([bool(one) for one in said])
    compared = known[:, None] & known[None] & (np.array(said)[:, None] != np.array(said)[None])
    found = {"caption_of_end": (own > before)[known], "caption_of_video": (own[:, None] > scores)}
    found["caption_of_video"] = found["caption_of_video"][compared]
    return {name: float(of.mean()) for name, of in found.items() if len(of)}


def _normaliser(settings: "R3mSettings") -> "Callable[[Tensor], Tensor]":
    """Pictures in [-1, 1] as the network reads them."""
    import torch

    how = settings.preprocessing
    mean, std = (torch.tensor(of)[:, None, None] for of in (how.mean, how.std))

    def normalise(pictures: "Tensor") -> "Tensor":
        return ((pictures + 1) / 2 - mean) / std

    return normalise


PARTS = {"r3m": (R3mRecipe, "train_r3m")}
