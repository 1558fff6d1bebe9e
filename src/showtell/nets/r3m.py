"""R3M: embeddings of pictures, learned from videos with captions (Nair et al., 2022).

HOLD takes the Euclidean distance of two embeddings as a baseline. The published network is a
ResNet-50 without its last layer: 2,048 numbers, whose length is not 1. Its code takes pixels of
0-255 and divides them by 255 itself, then normalises them as ImageNet's; HOLD's code resizes the
shorter side to 256 and cuts out the central square of 224 before.
"""

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
from showtell.study.settings import EncoderSettings

if TYPE_CHECKING:
    from torch import Tensor

    from showtell.nets.modules.resnet import ResNet

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of pixels in [0, 1]


class Architecture(Frozen):
    """A residual network without its last layer; ResNet-50 is that of the published R3M."""

    layers: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]  # blocks in each of 4 parts
    block: Literal["basic", "bottleneck"]  # of two or three convolutions
    width: PositiveInt  # channels of the first part
    norm: Literal["batch", "group"]  # batch as published; with group no picture sees its batch
    branch_scale: NonNegativeFloat  # of each block's last norm before training; published 0

    def build(self) -> "ResNet":
        """The network with random weights, drawn from torch's current generator."""
        from showtell.nets.modules.resnet import ResNet

        sizes = (self.layers, self.block, self.width, self.norm)
        return ResNet(*sizes, outputs=None, branch_scale=self.branch_scale)


class R3mSettings(EncoderSettings):
    """Which network, with which weights, and how frames are made to fit it."""

    reads: ClassVar[frozenset[Reading]] = frozenset({"image"})
    unit: ClassVar[bool] = False

    kind: Literal["r3m"]
    architecture: Architecture  # the residual network
    pretrained: Literal["r3m50", "random"] | None  # random: never trained
    source: str | None  # a folder or address that has the published model.pt; null: the known ones
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None  # of the published model.pt
    resize: PositiveInt  # the shorter side of a frame, in pixels
    crop: PositiveInt  # the central square that is cut out of it: what the network reads
    batch: PositiveInt  # frames that are encoded at once

    @model_validator(mode="after")
    def _cuts_out_of_the_frame(self) -> "R3mSettings":
        if self.crop > self.resize:
            raise ValueError(
                f"crop {self.crop} is larger than the frame after resize {self.resize}; set crop "
                "to at most that"
            )
        return self

    @property
    def fetched(self) -> str | None:
        """The published weights, where there are any."""
        return self.pretrained

    @property
    def preprocessing(self) -> Preprocessing:
        """How a frame becomes the square that `crop` is cut out of."""
        return Preprocessing(
            size=(self.resize, self.resize),
            mean=MEAN,
            std=STD,
            interpolation="bilinear",
            fit="crop",
            antialias=True,
        )


class Network(BaseModel):
    """All that must be known of a model besides its weights: the contents of model.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["r3m"] = "r3m"
    architecture: Architecture
    preprocessing: Preprocessing
    crop: PositiveInt
    pretrained: str | None
    source: Source | None = None
    recipe: dict[str, Any] | None = None  # where it was trained here
    note: str | None = None  # what a reader of results must know about this model


class R3mEncoder:
    """A frozen R3M. Its vectors are as long as they come."""

    normalised: ClassVar[bool] = False
    words: ClassVar[frozenset[str] | None] = frozenset()  # it reads none

    def __init__(
        self,
        settings: R3mSettings,
        model: "ResNet",
        network: Network,
        device: str | None = None,  # None: a GPU where there is one
    ) -> None:
        import torch

        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dimensions = model.outputs
        self.frames = None
        self.network = network
        self._batch = settings.batch
        placed = model.eval().to(self.device)
        self._model = placed.to(memory_format=torch.channels_last)

    @classmethod
    def load(cls, settings: R3mSettings, weights: Path, network: Path) -> "R3mEncoder":
        """The one way in: build by architecture, check model.json, load model.safetensors."""
        fields = ("architecture", "preprocessing", "crop", "pretrained")
        described = read_described(network, Network, "a description of an R3M", settings, fields)
        model = settings.architecture.build()
        load_weights(model, weights)
        return cls(settings, model, described)

    @classmethod
    def fetch(
        cls,
        settings: R3mSettings,
        cache: Path,
        lock: Path,
        weights: Path,
        network: Path,
        seed: int,  # of weights that stay random
    ) -> None:
        """Published weights, checked and converted, or random ones: write what `load` reads."""
        from showtell.nets.r3m_weights import fetch_r3m

        fetch_r3m(settings, cache, lock, weights, network, seed)

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
        """R3M embeds single pictures."""
        raise UserError(
            "R3M encodes pictures, not clips; name a video encoder in the goal of this reward."
        )

    def text(self, sentences: list[str]) -> "Tensor":
        """R3M's language head is dropped after training."""
        raise UserError(
            "R3M encodes pictures, not sentences; use a goal of the kind `rendered` with it."
        )

    def _encode(self, frames: Frames) -> "Tensor":
        import torch
        from torchvision.transforms.functional import center_crop

        squares = self.network.preprocessing.prepare(frames, self.device)
        pictures = center_crop(squares, [self.network.crop, self.network.crop])
        found: Tensor = self._model(pictures.contiguous(memory_format=torch.channels_last))
        return found.float().cpu()


def describe(
    settings: R3mSettings, source: Source | None = None, recipe: dict[str, Any] | None = None
) -> Network:
    """What is written beside the weights."""
    return Network(
        architecture=settings.architecture,
        preprocessing=settings.preprocessing,
        crop=settings.crop,
        pretrained=settings.pretrained,
        source=source,
        recipe=recipe,
    )


PARTS = {"r3m": (R3mSettings, "R3mEncoder")}
