"""Trains a small S3D from scratch: clips against what is said of them, with MIL-NCE."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt

from showtell.data.samples import Narrated
from showtell.nets.encoder import Clips
from showtell.project import seeds
from showtell.project.checkpoints import Resume
from showtell.study.settings import Samples
from showtell.training.devices import here
from showtell.training.state import Progress, Recipe, Trained, TrainingState, reproducible

if TYPE_CHECKING:
    from torch import Tensor

    from showtell.nets.modules.s3dg import S3DG
    from showtell.nets.s3d import S3dEncoder, S3dSettings
    from showtell.nets.s3d_text import Vocabulary


_STEEPEST = 1.0  # the longest gradient
_FEW = 0.25  # of the clips that a bag has on average


class S3dRecipe(Recipe):
    """How a stand-in is trained; with no steps it stays random, but knows the captions' words."""

    encoder_kind: ClassVar[str] = "s3d"
    samples: ClassVar[Samples] = "clips"

    kind: Literal["s3d"]
    steps: NonNegativeInt
    # How many tasks the clips of a batch are of: few, so that the scene alone does not separate a
    # clip from its rivals. Tasks with one thing count as one, whoever does them.
    tasks_a_batch: PositiveInt
    # Until which share of the steps. Then a second stage begins: a batch is of all tasks, and the
    # learning rate rises and falls again (Loshchilov and Hutter, 2017). Outcomes are learned
    # first, then things; and batch normalisation sees what it is told at the end.
    few_until: float = Field(default=1.0, ge=0, le=1)
    # How much the loss counts once more among the clips and captions of one thing alone. Most
    # captions are of other things, which are easy to tell apart; here only outcomes are left.
    within_thing: float = Field(default=0.0, ge=0)
    # How often a clip is learned with another of its captions than the first; null: always with
    # all of them, any of which may fit (MIL-NCE's bag, in which one may stand in for the others).
    other_captions: float | None = Field(ge=0, le=1)
    # Clips on which the statistics of batch normalisation are taken at the end; 0: as the steps
    # leave them: as those of the last batches, which are of few tasks. (On one network of ten tasks
    # the AUC of success, the mean of six of them, was 0.38 before and 0.60 after.) Without steps
    # the signal decays from layer to layer, and all clips are one.
    calibrated_on: NonNegativeInt

    @property
    def first_stage(self) -> int:
        """The steps of the first stage."""
        return round(self.few_until * self.steps)

    def stage(self, step: int) -> tuple[int, int]:
        """The stage of few tasks or that of all."""
        first = self.first_stage
        return (step, first) if step <= first else (step - first, self.steps - first)


def train_s3d(
    settings: "S3dSettings",
    recipe: S3dRecipe,
    data: Narrated,
    held_out: Narrated,
    root: int,
    address: tuple[str | int, ...],
    progress: Progress,
    resume: Resume | None = None,
) -> Trained:
    """Train; on a CPU the same arguments give the same bits."""
    from showtell.nets.s3d import S3dEncoder, describe
    from showtell.nets.s3d_text import vocabulary_of

    vocabulary = vocabulary_of(sentences_of(data))
    with reproducible(seeds.seed(root, *address, "weights")):
        model = settings.architecture.build(vocabulary)
        draws = seeds.generator(root, *address, "batches")
        losses = _learn(model, settings, recipe, vocabulary, data, draws, progress, resume)
        if recipe.calibrated_on:
            _calibrate(model, settings, data.clips[: recipe.calibrated_on], recipe.batch)
        model.cpu()
        network = describe(settings, vocabulary, recipe=recipe.model_dump(mode="json"))
        encoder = S3dEncoder(settings, model, network, device="cpu")
        return Trained(encoder, losses, measure(encoder, held_out))


def _calibrate(model: "S3DG", settings: "S3dSettings", clips: Clips, batch: int) -> None:
    """Give every batch normalisation the mean and variance of these clips, and learn nothing.

    Wu and Johnson (2021), "Rethinking Batch in BatchNorm", §3.
    """
    import torch

    device = here().device
    norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    model.train()
    with torch.no_grad():
        for first in range(0, len(clips), batch):
            model(settings.preprocessing.prepare(clips[first : first + batch], device))
    model.eval()


def _learn(
    model: "S3DG",
    settings: "S3dSettings",
    recipe: S3dRecipe,
    vocabulary: "Vocabulary",
    data: Narrated,
    draws: np.random.Generator,
    progress: Progress,
    resume: Resume | None,
) -> list[float]:
    """Train the model; one loss a step."""
    import torch

    sentences = sentences_of(data)
    words = torch.from_numpy(vocabulary.numbers(sentences))
    fits = torch.from_numpy(fits_of(data, sentences))
    first = torch.tensor([sentences.index(bag[0]) for bag in data.captions])
    about = torch.from_numpy(about_of(data, fits.numpy()))
    batches = _Batches(data, recipe, draws)
    device = here().device
    words, fits, about = words.to(device), fits.to(device), about.to(device)
    model.train().to(device).to(memory_format=torch.channels_last_3d)
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
    )
    course = TrainingState(model, optimizer, draws)
    for step in course.steps(recipe, resume, progress):
        rows = batches.rows(step)
        clips = settings.preprocessing.prepare(data.clips[rows], device)
        # Not in bfloat16: oneDNN's gradients of the convolutions over time are then sometimes NaN.
        seen = model(clips).embedding
        said = said_of(fits[rows].cpu(), first[rows], recipe.other_captions, draws).to(device)
        scores = seen @ model.text_module(words).T
        loss = mil_nce(scores, fits[rows], said)
        if recipe.within_thing:
            rivals = scores.masked_fill(~about[rows], torch.finfo(scores.dtype).min)
            loss = loss + recipe.within_thing * mil_nce(rivals, fits[rows], said)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        # Products of vectors of any length: now and then a batch would throw everything over.
        torch.nn.utils.clip_grad_norm_(model.parameters(), _STEEPEST)
        optimizer.step()
        course.losses.append(loss.item())
    return course.losses


def said_of(
    fits: "Tensor", first: "Tensor", others: float | None, draws: np.random.Generator
) -> "Tensor":
    """Which of its captions each clip is learned with: (B, C), as `other_captions` says."""
    import torch

    if others is None:
        return fits
    said = torch.zeros_like(fits)
    said[torch.arange(len(fits)), first] = True
    if others:
        for row in np.flatnonzero(draws.random(len(fits)) < others).tolist():
            rest = torch.nonzero(fits[row] & ~said[row]).flatten().tolist()
            if rest:
                said[row] = False
                said[row, rest[int(draws.integers(len(rest)))]] = True
    return said


def mil_nce(scores: "Tensor", fits: "Tensor", said: "Tensor | None" = None) -> "Tensor":
    """Equation 1 of Miech et al. (2020), for the products of clips and captions: (B, C), (B, C).

    Each clip with any caption that is `said` of it (by default all that fit), against that clip
    with every caption that does not fit, and those captions with every clip that they do not fit.
    (Theirs also counts other clips of which the same is said as wrong: in narrated videos that
    hardly happens, here most batches have some.)
    """
    import torch

    said = fits if said is None else said
    never = torch.finfo(scores.dtype).min
    right = scores.masked_fill(~said, never).logsumexp(1)
    wrong_clips = scores.masked_fill(fits, never).logsumexp(0)  # of each caption
    bags = wrong_clips.expand_as(scores).masked_fill(~said, never).logsumexp(1)
    everything = torch.logaddexp(scores.masked_fill(fits & ~said, never).logsumexp(1), bags)
    return (everything - right).mean()


def measure(encoder: "S3dEncoder", data: Narrated) -> dict[str, float]:
    """Retrieval on clips that were not trained on, by the plain products that rewards use."""
    sentences = sentences_of(data)
    fits = fits_of(data, sentences)
    scores = _products(encoder, data.clips, sentences)  # (N, C)
    clips, captions = np.arange(len(fits)), np.arange(len(sentences))
    separable = [c for c in captions if 0 < fits[:, c].sum() < len(fits)]
    return {
        "clips": len(fits),
        "captions": len(sentences),
        # The best caption is of the clip's bag; the best clip has the caption in its bag.
        "video_to_text": float(fits[clips, scores.argmax(1)].mean()),
        "text_to_video": float(fits[scores.argmax(0), captions].mean()),
        # How surely a clip that a caption fits scores above one it does not: mean over captions.
        "auc": float(np.mean([area(scores[:, c], fits[:, c]) for c in separable] or [0.5])),
        "bfloat16_agreement": agreement(encoder, data.clips, sentences),
        **_success(scores, fits, sentences, data.asked),
    }


def _success(
    scores: NDArray[np.float32],
    fits: NDArray[np.bool_],
    sentences: list[str],
    asked: Sequence[str],
) -> dict[str, float]:
    """For each task, how surely success scores above failure by the words of its success.

    A task of which only successes or only failures were held out is left out.
    """
    found = {}
    for sentence in sorted(set(asked) & set(sentences)):
        rows = np.array([each == sentence for each in asked])
        column = sentences.index(sentence)
        succeeded = fits[rows, column]
        if 0 < succeeded.sum() < len(succeeded):
            found[f"auc: {sentence}"] = area(scores[rows, column], succeeded)
    return found


def agreement(encoder: "S3dEncoder", clips: Clips, sentences: list[str]) -> float:
    """The rank correlation of a sentence's scores in bfloat16 and in float32: the lowest of all."""
    from scipy.stats import spearmanr

    exact = _products(encoder.at("float32"), clips, sentences)
    rounded = _products(encoder.at("bfloat16"), clips, sentences)
    if min(np.ptp(scores, axis=0).min() for scores in (exact, rounded)) == 0:
        return 0.0  # a network, such as a new one, to which all clips are one
    return min(float(spearmanr(*pair).statistic) for pair in zip(exact.T, rounded.T, strict=True))


def _products(encoder: "S3dEncoder", clips: Clips, sentences: list[str]) -> NDArray[np.float32]:
    products: NDArray[np.float32] = (encoder.video(clips) @ encoder.text(sentences).T).numpy()
    return products


def area(scores: NDArray[np.float32], labels: NDArray[np.bool_]) -> float:
    """The area under the ROC curve; ties count half."""
    from scipy.stats import rankdata

    positives = int(labels.sum())
    negatives = len(labels) - positives
    ranks = float(rankdata(scores)[labels].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def sentences_of(data: Narrated) -> list[str]:
    """Every sentence that is said of a clip, once, in alphabetical order."""
    return sorted({sentence for bag in data.captions for sentence in bag})


def fits_of(data: Narrated, sentences: list[str]) -> NDArray[np.bool_]:
    """Which of these sentences are said of each clip: (N, C)."""
    if len(data.captions) != len(data.clips) or not all(data.captions):
        raise ValueError("every clip needs a bag of at least one caption")
    column = {sentence: number for number, sentence in enumerate(sentences)}
    fits = np.zeros((len(data.captions), len(sentences)), dtype=np.bool_)
    for row, bag in zip(fits, data.captions, strict=True):
        row[[column[sentence] for sentence in bag]] = True
    return fits


def about_of(data: Narrated, fits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which sentences are said of clips of the same thing as each clip: (N, C)."""
    things = _things(data)
    said = {thing: fits[things == thing].any(0) for thing in set(things.tolist())}
    return np.stack([said[thing] for thing in things.tolist()])


def _things(data: Narrated) -> NDArray[np.str_]:
    """What each clip is about; of clips that do not say so, their task."""
    return np.array(data.things or data.asked or [""] * len(data.clips))


class _Batches:
    """Which clips a step learns from: first of some of the tasks, then of all."""

    def __init__(self, data: Narrated, recipe: S3dRecipe, draws: np.random.Generator) -> None:
        about = _things(data)
        tasks = sorted(set(about))
        self._of_task = np.stack([about == task for task in tasks])
        self._chances = _balanced(data)
        self._recipe, self._draws = recipe, draws

    def rows(self, step: int) -> NDArray[np.int64]:
        """The rows of this step, which counts from 1."""
        recipe, tasks, weights = self._recipe, len(self._of_task), self._chances
        if step <= recipe.first_stage:
            some = self._draws.choice(tasks, min(recipe.tasks_a_batch, tasks), replace=False)
            weights = weights * self._of_task[some].any(0)
        return self._draws.choice(len(weights), recipe.batch, p=weights / weights.sum())


def _balanced(data: Narrated) -> NDArray[np.float64]:
    """The chance of drawing each clip: every bag is drawn equally often, unless it is tiny."""
    count = Counter(data.captions)
    few = _FEW * len(data.captions) / len(count)  # else the same clips come again and again
    chances = np.array([1.0 / max(count[bag], few) for bag in data.captions])
    return np.asarray(chances / chances.sum())


PARTS = {"s3d": (S3dRecipe, "train_s3d")}
