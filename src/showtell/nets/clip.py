"""CLIP: any open_clip model, a downloaded giant or a stand-in trained here, loaded in one way."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from showtell.nets.downloads import Source
from showtell.nets.encoder import Clips, Frames, Preprocessing, in_batches, read_error
from showtell.nets.open_clip_import import library
from showtell.nets.open_clip_models import (
    Own,
    architectures,
    build,
    config,
    load_weights,
    own_preprocessing,
    save_weights,
)
from showtell.project.errors import UserError, nearest
from showtell.project.files import read_json, write_json
from showtell.study.needs import Reading
from showtell.study.settings import EncoderSettings

if TYPE_CHECKING:
    from torch import Tensor, nn


RANDOM = "random"  # in place of a tag


class ClipSettings(EncoderSettings):
    """Which open_clip model, with which weights, and how frames are made to fit it."""

    reads: ClassVar[frozenset[Reading]] = frozenset({"image", "text"})
    unit: ClassVar[bool] = True

    kind: Literal["open_clip"]
    architecture: str  # a configuration of open_clip, or one in nets/architectures
    pretrained: str | None  # open_clip's tag of the weights; random: never trained, a control
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None  # of the file that is fetched
    fit: Literal["squash", "crop", "pad"]
    antialias: bool
    normalisation: Literal["model", "openai"]  # VLM-RM's code takes OpenAI's for every model
    batch: PositiveInt  # frames that are encoded at once
    precision: Literal["float32", "bfloat16", "float16"]  # on a GPU; a CPU computes in float32

    @property
    def fetched(self) -> str | None:
        """The published weights, where there are any."""
        return None if self.pretrained is None else f"{self.architecture}/{self.pretrained}"

    @model_validator(mode="after")
    def _exists(self) -> "ClipSettings":
        if self.architecture not in architectures():
            raise ValueError(
                f"open_clip has no architecture {self.architecture!r}; "
                f"{nearest(self.architecture, architectures())}"
            )
        return self


class Network(BaseModel):
    """All that must be known of a model besides its weights: the contents of model.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["open_clip"] = "open_clip"
    architecture: str
    config: dict[str, Any]
    pretrained: str | None
    own: Own
    preprocessing: Preprocessing
    words: tuple[str, ...] | None = None  # of its captions, where it was trained here
    source: Source | None = None
    recipe: dict[str, Any] | None = None  # where it was trained here
    note: str | None = None  # what a reader of results must know about this model


class ClipEncoder:
    """A frozen CLIP. On a CPU the same input gives the same bits."""

    normalised: ClassVar[bool] = True

    def __init__(
        self,
        settings: ClipSettings,
        model: "nn.Module",
        network: Network,
        device: str | None = None,  # None: a GPU where there is one
    ) -> None:
        import torch

        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dimensions = int(network.config["embed_dim"])
        self.network = network
        self.words = None if network.words is None else frozenset(network.words)
        # Convolutions are a third faster in this layout; transformers do not care.
        placed = model.eval().to(self.device)
        self._model: Any = placed.to(memory_format=torch.channels_last)
        self._tokenizer: Any = library().get_tokenizer(network.architecture)
        self._batch = settings.batch
        self.frames = None
        self._low = {"float16": torch.float16, "bfloat16": torch.bfloat16}.get(settings.precision)

    @classmethod
    def load(cls, settings: ClipSettings, weights: Path, network: Path) -> "ClipEncoder":
        """The one way in: build by architecture, check model.json, load model.safetensors."""
        described = read_network(network)
        _check_described(settings, described, network)
        model = build(settings.architecture)
        load_weights(model, weights)
        return cls(settings, model, described)

    @classmethod
    def fetch(
        cls,
        settings: ClipSettings,
        cache: Path,
        lock: Path,
        weights: Path,
        network: Path,
        seed: int,  # of a network that stays random
    ) -> None:
        """Published weights, checked and converted, or random ones: write what `load` reads."""
        from showtell.nets.clip_weights import fetch_clip, write_random

        if settings.pretrained == RANDOM:
            write_random(settings, weights, network, seed)
        else:
            fetch_clip(settings, cache, lock, weights, network)

    def save(self, weights: Path, network: Path, note: str | None = None) -> None:
        """Write what `load` reads; `note` is for readers of the results."""
        save_weights(self._model, weights)
        write_json(network, self.network.model_copy(update={"note": note}).model_dump(mode="json"))

    @property
    def parameters(self) -> int:
        """How many numbers were trained: of the word table the rows of its captions' words alone.

        Of published weights all rows count; nearly all of a small network's are such rows.
        """
        table = getattr(self._model, "text", self._model).token_embedding.weight
        whole: int = sum(parameter.numel() for parameter in self._model.parameters())
        if self.words is None:
            return whole
        tokens = {token for word in self.words for token in self._tokenizer.encode(word)}
        ends = 2  # the start and the end of every sentence
        return whole - (len(table) - len(tokens) - ends) * int(table.shape[1])

    def image(self, frames: Frames) -> "Tensor":
        """One vector of length 1 a frame: (N, D) float32, on the CPU."""
        import torch

        if not len(frames):
            return torch.empty(0, self.dimensions)
        return in_batches(frames, self._batch, lambda part: self._encode_frames(part).cpu())

    def text(self, sentences: list[str]) -> "Tensor":
        """One vector of length 1 a sentence: (N, D) float32, on the CPU."""
        import torch

        tokens = self.tokens(sentences).to(self.device)
        with torch.inference_mode():
            # Sentences are few: they are encoded in full precision, as VLM-RM does.
            return _unit(self._model.encode_text(tokens)).cpu()

    def video(self, clips: Clips) -> "Tensor":
        """CLIP embeds single pictures."""
        raise UserError(
            f"{self.network.architecture} encodes pictures, not clips; name a video encoder in "
            "the goal of this reward."
        )

    def tokens(self, sentences: list[str]) -> "Tensor":
        """Sentences as numbers; open_clip would cut a long one without a word."""
        longest = self._tokenizer.context_length - 2  # a start and an end are added
        for sentence in sentences:
            count = len(self._tokenizer.encode(sentence))
            if count > longest:
                raise UserError(
                    f"the prompt {sentence!r} has {count} tokens; {self.network.architecture} "
                    f"reads at most {longest}: shorten it."
                )
        tokens: Tensor = self._tokenizer(sentences)
        return tokens

    def _encode_frames(self, frames: Frames) -> "Tensor":
        import torch

        pictures = self.network.preprocessing.prepare(frames, self.device)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        low = self.device.type == "cuda" and self._low is not None
        with torch.autocast(self.device.type, self._low, enabled=low):
            encoded = self._model.encode_image(pictures)
        return _unit(encoded)


def describe(
    settings: ClipSettings,
    source: Source | None = None,
    recipe: dict[str, Any] | None = None,
    words: tuple[str, ...] | None = None,
) -> Network:
    """What these settings mean with the open_clip that is installed."""
    library()
    from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

    tag = None if settings.pretrained == RANDOM else settings.pretrained
    own = own_preprocessing(settings.architecture, tag)
    openai = settings.normalisation == "openai"
    return Network(
        architecture=settings.architecture,
        config=config(settings.architecture),
        pretrained=settings.pretrained,
        own=own,
        preprocessing=Preprocessing(
            size=own.size,
            mean=OPENAI_DATASET_MEAN if openai else own.mean,
            std=OPENAI_DATASET_STD if openai else own.std,
            interpolation=own.interpolation,
            fit=settings.fit,
            antialias=settings.antialias,
        ),
        words=words,
        source=source,
        recipe=recipe,
    )


def read_network(path: Path) -> Network:
    """Read model.json."""
    try:
        return Network.model_validate(read_json(path))
    except (OSError, ValueError, ValidationError) as error:
        cure = "delete it and make it again with: make reproduce"
        raise read_error(path, "a description of an open_clip model", cure, error) from None


def _check_described(settings: ClipSettings, described: Network, path: Path) -> None:
    """Refuse weights whose preprocessing is not the one that is asked for."""
    expected = describe(settings)
    for field in ("architecture", "config", "pretrained", "own", "preprocessing"):
        found, wanted = getattr(described, field), getattr(expected, field)
        if found != wanted:
            raise UserError(
                f"{path} says {field} = {found}, but the parameters and the installed open_clip "
                f"say {wanted}; delete {path} and make it again with: make reproduce"
            )


def _unit(vectors: "Tensor") -> "Tensor":
    from torch.nn.functional import normalize

    return normalize(vectors.float(), dim=-1)


PARTS = {"open_clip": (ClipSettings, "ClipEncoder")}
