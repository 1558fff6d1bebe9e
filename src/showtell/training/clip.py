"""Trains a small CLIP from scratch: pictures against the sentences that fit them."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from showtell.data.judged import JudgedFrames
from showtell.data.samples import Captioned
from showtell.project import seeds
from showtell.project.checkpoints import Resume
from showtell.study.settings import Samples
from showtell.training.state import Progress, Recipe, Trained, TrainingState, reproducible

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from showtell.nets.clip import ClipEncoder, ClipSettings


class ClipRecipe(Recipe):
    """How a CLIP is trained."""

    encoder_kind: ClassVar[str] = "open_clip"
    samples: ClassVar[Samples] = "frames"

    kind: Literal["clip"]


def train_clip(
    settings: "ClipSettings",
    recipe: ClipRecipe,
    data: Captioned,
    held_out: Captioned | JudgedFrames,
    root: int,
    address: tuple[str | int, ...],
    progress: Progress,
    resume: Resume | None = None,
) -> Trained:
    """Train on a CPU; the same arguments give the same bits."""
    from showtell.nets.clip import ClipEncoder, describe
    from showtell.nets.open_clip_models import build
    from showtell.nets.s3d_text import vocabulary_of

    words = vocabulary_of(data.captions).words
    with reproducible(seeds.seed(root, *address, "weights")):
        model: Any = build(settings.architecture)
        network = describe(settings, recipe=recipe.model_dump(mode="json"), words=words)
        encoder = ClipEncoder(settings, model, network, device="cpu")
        model.train()
        losses = _learn(model, encoder, recipe, data, root, address, progress, resume)
        model.eval()
        return Trained(encoder, losses, measure(encoder, held_out))


def _learn(
    model: Any,
    encoder: "ClipEncoder",
    recipe: Recipe,
    data: Captioned,
    root: int,
    address: tuple[str | int, ...],
    progress: Progress,
    resume: Resume | None,
) -> list[float]:
    """Train the model; one loss a step."""
    import torch

    generator = seeds.generator(root, *address, "batches")
    chances = _balanced(data.fits)
    preprocessing = encoder.network.preprocessing
    with _few_words(model, encoder.tokens(data.captions)) as tokens:
        optimizer = _optimizer(model, recipe)
        course = TrainingState(model, optimizer, generator)
        for _ in course.steps(recipe, resume, progress):
            rows = generator.choice(len(chances), recipe.batch, p=chances)
            pictures = preprocessing.prepare(data.frames[rows], "cpu")
            pictures = pictures.contiguous(memory_format=torch.channels_last)
            seen = model.encode_image(pictures, normalize=True)
            said = model.encode_text(tokens, normalize=True)
            logits = model.logit_scale.exp() * seen @ said.T
            loss = contrast(logits, torch.from_numpy(data.fits[rows]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            with torch.no_grad():
                model.logit_scale.clamp_(0, math.log(100))  # CLIP's bound
            course.losses.append(loss.item())
    return course.losses


def _optimizer(model: Any, recipe: Recipe) -> "Optimizer":
    import torch

    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        betas=(0.9, 0.98),  # CLIP's, Table 18 of Radford et al. (2021)
        fused=True,
    )


@contextmanager
def _few_words(model: Any, tokens: "Tensor") -> "Iterator[Tensor]":
    """Train only the words that occur: nearly all parameters are the table of 49,408 words.

    Yields the tokens as they are numbered meanwhile. Their order is kept, since CLIP finds the
    end of a sentence as its largest token.
    """
    import torch

    tower = getattr(model, "text", model)  # some architectures keep their sentences apart
    words, few = torch.unique(tokens, return_inverse=True)
    table = tower.token_embedding
    tower.token_embedding = torch.nn.Embedding(len(words), table.embedding_dim)
    with torch.no_grad():
        tower.token_embedding.weight.copy_(table.weight[words])
    try:
        yield few
    finally:
        with torch.no_grad():
            table.weight[words] = tower.token_embedding.weight
        tower.token_embedding = table


def contrast(logits: "Tensor", fits: "Tensor") -> "Tensor":
    """CLIP's loss where several captions fit a picture, and several pictures a caption: (B, C).

    Each picture picks among the captions and each caption among the pictures of the batch. With
    one fitting caption a picture and no caption twice, this is open_clip's ClipLoss.
    """
    said = fits.sum(0)
    picks_caption = -(fits * logits.log_softmax(1)).sum(1).mean()
    picks_picture = -(fits / said.clamp(min=1e-6) * logits.log_softmax(0)).sum(0)
    return (picks_caption + (picks_picture * said).sum() / said.sum()) / 2


def measure(encoder: "ClipEncoder", data: Captioned | JudgedFrames) -> dict[str, float]:
    """Retrieval on frames that were not trained on, and how well judged sentences rank them."""
    seen = encoder.image(data.frames).numpy()
    said = encoder.text(data.captions).numpy()
    cosines = seen @ said.T  # (N, C)
    fits = data.fits
    # By how much more a caption fits this frame than others; one that fits every frame has no say.
    lifts = fits / fits.mean(0).clip(1e-9)
    of_frames = lifts[np.arange(len(fits)), cosines.argmax(1)]
    of_captions = fits[cosines.argmax(0), np.arange(fits.shape[1])]
    return {
        "frames": len(fits),
        "captions": fits.shape[1],
        # Neighbours on a graded scale both fit: right is what fits half as well as the fittest.
        "image_to_text": _mean(of_frames >= 0.5 * lifts.max(1)),
        "text_to_image": _mean(of_captions >= 0.5 * fits.max(0)),
        # How a caption's cosine ranks all frames, against how well it fits them: mean Spearman
        # over the captions that do not fit all frames alike.
        "rank_correlation": _mean(
            [_rank_correlation(cosines[:, c], fits[:, c]) for c in np.flatnonzero(np.ptp(fits, 0))]
        ),
        **(_judged(encoder, seen, data) if isinstance(data, JudgedFrames) else {}),
    }


def _judged(
    encoder: "ClipEncoder", seen: NDArray[np.float32], data: JudgedFrames
) -> dict[str, float]:
    """How well the cosine of each judged sentence tells and ranks frames.

    The noise that a frame's state was drawn with, which sees no picture, is measured beside it.
    """
    found: dict[str, float] = {}
    for name, judged in data.judged.items():
        cosine = seen @ encoder.text([judged.sentence]).numpy()[0]
        for suffix, scores in (("", cosine), ("_of_noise", -judged.noise)):
            if 0 < judged.shown.sum() < len(judged.shown):
                found[f"auc{suffix}/{name}"] = _auc(scores, judged.shown)
            found[f"rank_correlation{suffix}/{name}"] = _rank_correlation(scores, judged.fit)
        found[f"frames_that_show/{name}"] = int(judged.shown.sum())
    return found


def _balanced(fits: NDArray[np.float32]) -> NDArray[np.float64]:
    """The chance of drawing each frame: every caption is the fittest one equally often."""
    fittest = fits.argmax(1)
    chances = 1.0 / np.bincount(fittest, minlength=fits.shape[1])[fittest]
    return np.asarray(chances / chances.sum())


def _rank_correlation(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> float:
    from scipy.stats import spearmanr

    value = float(spearmanr(x, y).statistic)
    return value if math.isfinite(value) else 0.0  # a caption that fits all frames alike


def _auc(scores: NDArray[np.floating[Any]], shown: NDArray[np.bool_]) -> float:
    """How probably a frame that shows it scores above one that does not."""
    from scipy.stats import mannwhitneyu

    pairs = int(shown.sum()) * int((~shown).sum())
    return float(mannwhitneyu(scores[shown], scores[~shown]).statistic) / pairs


def _mean(values: Any) -> float:
    return float(np.mean(values))


PARTS = {"clip": (ClipRecipe, "train_clip")}
