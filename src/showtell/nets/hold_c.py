"""HOLD-C: embeddings of pictures that are near if the pictures are near in time (section III-B).

A reward takes the Euclidean distance of two embeddings, not squared; their lengths are not 1.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveInt,
    model_validator,
)

from showtell.nets.downloads import Source
from showtell.nets.encoder import Clips, Frames, Preprocessing, in_batches, read_described
from showtell.nets.open_clip_models import load_weights, save_weights
from showtell.project.errors import UserError
from showtell.project.files import write_json
from showtell.project.settings import Frozen
from showtell.study.needs import Reading
from showtell.study.settings import EncoderSettings, Picture

if TYPE_CHECKING:
    from torch import Tensor

    from showtell.nets.modules.grid import Grid, OutlineMeans
    from showtell.nets.modules.resnet import ResNet

_HALF = (0.5, 0.5, 0.5)  # pictures in [-1, 1]


class Architecture(Frozen):
    """A residual network; ResNet-50 has bottlenecks in 3, 4, 6 and 3 layers, 64 wide."""

    kind: Literal["resnet"]
    layers: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]  # blocks in each of 4 parts
    block: Literal["basic", "bottleneck"]  # of two or three convolutions
    width: PositiveInt  # channels of the first part
    norm: Literal["batch", "group"]  # batch as published; with group no picture sees its batch
    branch_scale: NonNegativeFloat  # of each block's last norm before training; published 0
    dimensions: PositiveInt  # of the embedding

    def build(self) -> "ResNet":
        """The network with random weights, drawn from torch's current generator."""
        from showtell.nets.modules.resnet import ResNet

        return ResNet(
            *(self.layers, self.block, self.width, self.norm, self.dimensions),
            branch_scale=self.branch_scale,
        )

    def outputs(self, size: tuple[int, int]) -> int:
        """The length of an embedding, of pictures of any size."""
        return self.dimensions


class GridArchitecture(Frozen):
    """A vector for each cell of a grid over the picture, from outlines: no colour is read."""

    kind: Literal["grid"]
    blocks: PositiveInt  # each halves the grid's sides, which begin as half of the picture's
    width: PositiveInt  # channels of the first block; each next has twice as many
    norm: Literal["batch", "group"]  # with group no picture sees its batch
    channels: PositiveInt  # of each cell's vector
    branch_scale: NonNegativeFloat  # of each block's last norm before training; published 0

    def build(self) -> "Grid":
        """The network with random weights, drawn from torch's current generator."""
        from showtell.nets.modules.grid import Grid

        return Grid(self.blocks, self.width, self.norm, self.channels, self.branch_scale)

    def outputs(self, size: tuple[int, int]) -> int:
        """The length of an embedding, of pictures of this height and width."""
        cell = 2 << self.blocks
        return self.channels * math.ceil(size[0] / cell) * math.ceil(size[1] / cell)


class OutlineArchitecture(Frozen):
    """The grid's input alone, averaged in each cell: the control in which nothing is learned."""

    kind: Literal["outlines"]
    cell: PositiveInt  # its side, in pixels

    def build(self) -> "OutlineMeans":
        """Without weights."""
        from showtell.nets.modules.grid import OutlineMeans

        return OutlineMeans(self.cell)

    def outputs(self, size: tuple[int, int]) -> int:
        """The length of an embedding, of pictures of this height and width."""
        return 3 * (size[0] // self.cell) * (size[1] // self.cell)


AnyArchitecture = Annotated[
    Architecture | GridArchitecture | OutlineArchitecture, Field(discriminator="kind")
]


class HoldCSettings(EncoderSettings):
    """Which network, with which weights, and how frames are made to fit it."""

    reads: ClassVar[frozenset[Reading]] = frozenset({"image"})
    unit: ClassVar[bool] = False

    kind: Literal["hold_c"]
    architecture: AnyArchitecture  # one vector a picture, or one for each cell of a grid
    # holdc: the authors' own weights; random: never trained, the baseline.
    pretrained: Literal["holdc", "random"] | None
    source: str | None = None  # the folder or address of the authors' checkpoint_<number>
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None  # of that file
    # Side of the square that the network reads, 256 as published; null: the picture's.
    size: PositiveInt | None = None
    fit: Literal["squash", "crop"]  # both sides · the central square
    batch: PositiveInt  # frames that are encoded at once

    @model_validator(mode="after")
    def _is_possible(self) -> "HoldCSettings":
        if self.picture == "native" and self.size is None:
            raise ValueError(
                "picture: native leaves open what the network reads; set size to the side of its "
                "square, or picture to {width: …, height: …}"
            )
        if self.pretrained == "holdc" and not isinstance(self.architecture, Architecture):
            raise ValueError(
                "pretrained: holdc is a residual network; give architecture its layers, block, "
                "width, norm and dimensions"
            )
        return self

    @property
    def fetched(self) -> str | None:
        """A network that is never trained is made, not trained."""
        return self.pretrained

    @property
    def reads_size(self) -> tuple[int, int]:
        """Height and width of what the network reads."""
        if self.size is not None:
            return self.size, self.size
        assert isinstance(self.picture, Picture), "checked above"
        return self.picture.height, self.picture.width

    @property
    def preprocessing(self) -> Preprocessing:
        """How a frame becomes what the network reads."""
        return Preprocessing(
            size=self.reads_size,
            mean=_HALF,
            std=_HALF,
            interpolation="bilinear",
            fit=self.fit,
            antialias=True,
        )


class Network(BaseModel):
    """All that must be known of a model besides its weights: the contents of model.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hold_c"] = "hold_c"
    architecture: AnyArchitecture
    preprocessing: Preprocessing
    pretrained: str | None
    source: Source | None = None
    # From recorded outputs of the authors' network, in parts of the largest; None: not compared.
    difference: float | None = None
    recipe: dict[str, Any] | None = None  # where it was trained here
    note: str | None = None  # what a reader of results must know about this model


class HoldCEncoder:
    """A frozen HOLD-C. Its vectors are as long as they come."""

    normalised: ClassVar[bool] = False
    words: ClassVar[frozenset[str] | None] = frozenset()  # it reads none

    def __init__(
        self,
        settings: HoldCSettings,
        model: "ResNet | Grid | OutlineMeans",
        network: Network,
        device: str | None = None,  # None: a GPU where there is one
    ) -> None:
        import torch

        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dimensions = network.architecture.outputs(network.preprocessing.size)
        self.frames = None
        self.network = network
        self._batch = settings.batch
        placed = model.eval().to(self.device)
        self._model = placed.to(memory_format=torch.channels_last)

    @classmethod
    def load(cls, settings: HoldCSettings, weights: Path, network: Path) -> "HoldCEncoder":
        """The one way in: build by architecture, check model.json, load model.safetensors."""
        fields = ("architecture", "preprocessing", "pretrained")
        described = read_described(network, Network, "a description of a HOLD-C", settings, fields)
        model = settings.architecture.build()
        load_weights(model, weights)
        return cls(settings, model, described)

    @classmethod
    def fetch(
        cls,
        settings: HoldCSettings,
        cache: Path,
        lock: Path,
        weights: Path,
        network: Path,
        seed: int,
    ) -> None:
        """The authors' weights, or a network that is never trained: write what `load` reads."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = settings.architecture.build()
        described = describe(settings)
        if settings.pretrained == "holdc":
            assert isinstance(settings.architecture, Architecture), "checked by the settings"
            layers = settings.architecture.layers
            from showtell.nets.hold_weights import fill
            from showtell.nets.scenic_names import residual_network

            converted = fill(
                *(model, "holdc", settings.source, settings.sha256, cache, lock),
                names=lambda tree: residual_network(tree, layers),
                outputs=model,
            )
            described = described.model_copy(update=converted._asdict())
        cls(settings, model, described, device="cpu").save(weights, network)

    def save(self, weights: Path, network: Path, note: str | None = None) -> None:
        """Write what `load` reads; `note` is for readers of the results."""
        save_weights(self._model, weights)
        write_json(network, self.network.model_copy(update={"note": note}).model_dump(mode="json"))

    def image(self, frames: Frames) -> "Tensor":
        """One vector a frame: (N, D) float32, on the CPU."""
        import torch

        if not len(frames):
            return torch.empty(0, self.dimensions)
        return in_batches(frames, self._batch, self._encode)

    def video(self, clips: Clips) -> "Tensor":
        """HOLD-C embeds single pictures."""
        raise UserError(
            "HOLD-C encodes pictures, not clips; name a video encoder in the goal of this reward."
        )

    def text(self, sentences: list[str]) -> "Tensor":
        """HOLD-C reads no sentences."""
        raise UserError(
            "HOLD-C encodes pictures, not sentences; use a goal of the kind `rendered` with it."
        )

    def _encode(self, frames: Frames) -> "Tensor":
        import torch

        pictures = self.network.preprocessing.prepare(frames, self.device)
        found: Tensor = self._model(pictures.contiguous(memory_format=torch.channels_last))
        return found.float().cpu()


def describe(settings: HoldCSettings, recipe: dict[str, Any] | None = None) -> Network:
    """What is written beside the weights."""
    return Network(
        architecture=settings.architecture,
        preprocessing=settings.preprocessing,
        pretrained=settings.pretrained,
        recipe=recipe,
    )


PARTS = {"hold_c": (HoldCSettings, "HoldCEncoder")}
