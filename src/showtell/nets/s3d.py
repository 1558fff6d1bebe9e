"""S3D: clips and sentences in one space; the published network or a stand-in trained here."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from showtell.nets.downloads import Source
from showtell.nets.encoder import Clips, Frames, in_batches, read_error
from showtell.nets.open_clip_models import load_weights, save_weights
from showtell.nets.s3d_preprocess import ClipPreprocessing, check_even
from showtell.nets.s3d_text import LENGTH, Vocabulary, split
from showtell.project.errors import UserError
from showtell.project.files import read_json, write_json
from showtell.study.needs import Reading
from showtell.study.settings import EncoderSettings, Picture, PixelValues

if TYPE_CHECKING:
    from torch import Tensor, device

    from showtell.nets.modules.s3dg import S3DG

_LOG = logging.getLogger(__name__)
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Architecture(BaseModel):
    """What may differ between two S3Ds, besides the words they know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: PositiveFloat  # every number of channels, times this
    dimensions: PositiveInt  # of the space that clips and sentences share
    word_dimensions: PositiveInt
    text_hidden: PositiveInt

    def build(self, vocabulary: Vocabulary) -> "S3DG":
        """The network with random weights, drawn from torch's current generator."""
        from showtell.nets.modules.s3dg import S3DG

        return S3DG(vocabulary.rows, **self.model_dump())


class Checksums(BaseModel):
    """Of the published files; null is recorded at the first download, enforced afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: Sha256 | None
    dictionary: Sha256 | None


class S3dSettings(EncoderSettings):
    """Which S3D, with which weights, and how clips are made to fit it."""

    reads: ClassVar[frozenset[Reading]] = frozenset({"video", "text"})
    unit: ClassVar[bool] = False

    kind: Literal["s3d"]
    architecture: Architecture  # width and sizes of the network
    pretrained: Literal["howto100m", "random"] | None  # random: RoboCLIP's ablation, never trained
    source: str | None  # a folder or address that has the published files; null: the known ones
    sha256: Checksums
    picture: Picture
    frames: PositiveInt  # number of frames of a clip
    sampling: Literal["evenly", "every-fourth"]  # the second misses the end, as RoboCLIP's code
    # S3D was trained on 0-1. RoboCLIP's code gives it 0-255 for Meta-World, 0-1 for the kitchen:
    # `pixel_values` of a task replaces it.
    values: PixelValues
    fit: Literal["crop", "squash"]  # a clip of another shape: its middle, or all of it
    batch: PositiveInt  # clips that are encoded at once
    precision: Literal["float32", "bfloat16"]  # a device slow in bfloat16 computes in float32

    @property
    def fetched(self) -> str | None:
        """The published weights, where there are any."""
        return self.pretrained

    @property
    def clip_frames(self) -> int:
        """The number of frames of a clip."""
        return self.frames

    @property
    def preprocessing(self) -> ClipPreprocessing:
        """How a clip becomes what the network reads."""
        return ClipPreprocessing(
            frames=self.frames,
            size=(self.picture.height, self.picture.width),
            sampling=self.sampling,
            values=self.values,
            fit=self.fit,
        )

    @model_validator(mode="after")
    def _even(self) -> "S3dSettings":
        try:
            check_even(self.frames, self.picture.height, self.picture.width)
        except UserError as error:
            raise ValueError(str(error)) from None
        return self

    @model_validator(mode="after")
    def _precise_enough(self) -> "S3dSettings":
        _check_precision(self.values, self.precision)
        return self

    def reading(self, values: PixelValues | None) -> "S3dSettings":
        """The same network for a task with these pixel values; null: its own."""
        if values is None:
            return self
        _check_precision(values, self.precision)
        return self.model_copy(update={"values": values})


def _check_precision(values: PixelValues, precision: str) -> None:
    # At 0-255 the gates saturate: bfloat16 changed a RoboCLIP reward by 14 %, embeddings to a
    # cosine of 0.69 (at 0-1: 0.6 %, 0.988).
    if values == "0-255" and precision != "float32":
        raise ValueError(
            f"pixel values 0-255 need precision: float32, but precision is {precision!r}, in which "
            "S3D's vectors are wrong at these values; set precision: float32, or values: 0-1"
        )


class Network(BaseModel):
    """All that must be known of a model besides its weights: the contents of model.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["s3d"] = "s3d"
    architecture: Architecture
    pretrained: str | None
    preprocessing: ClipPreprocessing
    words: tuple[str, ...]
    sources: dict[str, Source] = {}
    recipe: dict[str, Any] | None = None  # where it was trained here
    note: str | None = None  # what a reader of results must know about this model


class S3dEncoder:
    """A frozen S3D. Its vectors are as long as they come: RoboCLIP's reward is their product."""

    normalised: ClassVar[bool] = False

    def __init__(
        self,
        settings: S3dSettings,
        model: "S3DG",
        network: Network,
        device: str | None = None,  # None: a GPU where there is one
    ) -> None:
        import torch

        from showtell.nets.modules.s3dg import folded

        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dimensions = network.architecture.dimensions
        self.frames = settings.frames
        self.network = network
        self.precision = _precision(settings.precision, self.device)
        self._type = getattr(torch, self.precision)
        self._settings = settings
        self.words = frozenset(network.words)
        self._vocabulary = Vocabulary(network.words)
        self._model = model.eval()  # reads sentences, on the CPU
        self._seeing = folded(model).to(self.device, self._type)
        self._seeing.to(memory_format=torch.channels_last_3d)

    @classmethod
    def load(cls, settings: S3dSettings, weights: Path, network: Path) -> "S3dEncoder":
        """The one way in: build by architecture, check model.json, load model.safetensors."""
        described = read_network(network)
        _check_described(settings, described, network)
        model = settings.architecture.build(Vocabulary(described.words))
        load_weights(model, weights)
        # Published weights are the same for every task, whatever the range of its pixels.
        described = described.model_copy(update={"preprocessing": settings.preprocessing})
        return cls(settings, model, described)

    @classmethod
    def fetch(
        cls,
        settings: S3dSettings,
        cache: Path,
        lock: Path,
        weights: Path,
        network: Path,
        seed: int,  # of a network that stays random
    ) -> None:
        """Published weights, checked and converted: write what `load` reads."""
        from showtell.nets.s3d_weights import fetch_s3d

        fetch_s3d(settings, cache, lock, weights, network, seed)

    def at(self, precision: Literal["float32", "bfloat16"]) -> "S3dEncoder":
        """The same network, computing in this precision."""
        settings = self._settings.model_copy(update={"precision": precision})
        return S3dEncoder(settings, self._model, self.network, str(self.device))

    def save(self, weights: Path, network: Path, note: str | None = None) -> None:
        """Write what `load` reads; `note` is for readers of the results."""
        save_weights(self._model, weights)
        write_json(network, self.network.model_copy(update={"note": note}).model_dump(mode="json"))

    def video(self, clips: Clips) -> "Tensor":
        """One vector a clip, not normalised: (N, D) float32, on the CPU."""
        import torch

        if not len(clips):
            return torch.empty(0, self.dimensions)
        return in_batches(clips, self._settings.batch, self._encode_clips)

    def text(self, sentences: list[str]) -> "Tensor":
        """One vector a sentence, not normalised: (N, D) float32, on the CPU."""
        import torch

        for sentence in sentences:
            self._check_words(sentence)
        with torch.inference_mode():
            numbers = torch.from_numpy(self._vocabulary.numbers(sentences))
            read: Tensor = self._model.text_module(numbers)
            return read

    def image(self, frames: Frames) -> "Tensor":
        """S3D embeds clips."""
        raise UserError(
            "S3D encodes clips, not single pictures; name an encoder of pictures, such as CLIP, "
            "in the goal of this reward."
        )

    def _encode_clips(self, clips: Clips) -> "Tensor":
        prepared = self.network.preprocessing.prepare(clips, self.device).to(self._type)
        embedding: Tensor = self._seeing(prepared).embedding
        return embedding.float().cpu()

    def _check_words(self, sentence: str) -> None:
        """The network would read any sentence, if need be as nothing at all."""
        unknown = self._vocabulary.unknown(sentence)
        known = len(split(sentence)) - len(unknown)
        if not known:
            raise UserError(
                f"S3D knows no word of {sentence!r}, only {_some(self._vocabulary.words)}; say it "
                "in other words."
            )
        if unknown:
            _LOG.warning("S3D does not know %s in %r and leaves it out", unknown, sentence)
        if known > LENGTH:
            _LOG.warning("S3D reads %d of the %d words of %r", LENGTH, known, sentence)


def describe(
    settings: S3dSettings,
    vocabulary: Vocabulary,
    sources: dict[str, Source] | None = None,
    recipe: dict[str, Any] | None = None,
) -> Network:
    """What is written beside the weights."""
    return Network(
        architecture=settings.architecture,
        pretrained=settings.pretrained,
        preprocessing=settings.preprocessing,
        words=vocabulary.words,
        sources=sources or {},
        recipe=recipe,
    )


def read_network(path: Path) -> Network:
    """Read model.json."""
    try:
        return Network.model_validate(read_json(path))
    except (OSError, ValueError, ValidationError) as error:
        cure = "delete it and make it again with: make reproduce"
        raise read_error(path, "a description of an S3D", cure, error) from None


def _check_described(settings: S3dSettings, described: Network, path: Path) -> None:
    """Refuse weights that are not the ones asked for."""
    for field in ("architecture", "pretrained", "preprocessing"):
        found, wanted = getattr(described, field), getattr(settings, field)
        if field == "preprocessing" and described.pretrained is not None:
            found = found.model_copy(update={"values": wanted.values})
        if found != wanted:
            raise UserError(
                f"{path} says {field} = {found}, but the parameters say {wanted}; delete {path} "
                "and make it again with: make reproduce"
            )


def _precision(asked: str, device: "device") -> str:
    """What is asked for, unless this device is slower with it."""
    import torch

    if asked == "float32":
        return asked
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        able = torch.cpu.get_capabilities()
        fast = bool(able.get("amx_bf16") or able.get("avx512_bf16"))
    if not fast:
        _LOG.warning("this %s is slow in bfloat16: S3D computes in float32", device.type)
    return asked if fast else "float32"


def _some(words: tuple[str, ...]) -> str:
    return ", ".join(words) if len(words) <= 60 else f"{len(words)} others"


PARTS = {"s3d": (S3dSettings, "S3dEncoder")}
