"""HOLD-R: the number of frames from the newest pictures to a goal picture (section III-A).

A frame is that of the mean rate of Something-Something v2, so a prediction is a time.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from showtell.nets.distance import Histories, Stage
from showtell.nets.downloads import Source
from showtell.nets.encoder import Preprocessing, read_described
from showtell.nets.open_clip_models import load_weights, save_weights
from showtell.project.errors import UserError
from showtell.project.files import write_json
from showtell.project.settings import Frozen
from showtell.study.needs import Reading
from showtell.study.settings import EncoderSettings, Picture

if TYPE_CHECKING:
    from torch import Tensor, nn

    from showtell.nets.modules.resnet import ResNet
    from showtell.nets.scenic_names import Tree

FPS = 11.84  # [c] mean rate of Something-Something v2, whose frames are the unit of predictions
_HALF = (0.5, 0.5, 0.5)  # pictures in [-1, 1]


class _Residual(Frozen):
    layers: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]  # blocks in each of 4 parts
    block: Literal["basic", "bottleneck"]  # of two or three convolutions
    width: PositiveInt  # channels of the first part
    norm: Literal["batch", "group"]  # batch as published; with group no picture sees its batch
    branch_scale: NonNegativeFloat  # of each block's last norm before training; published 0

    def _residual(self, outputs: int, channels: int) -> "ResNet":
        from showtell.nets.modules.resnet import ResNet

        sizes = (self.layers, self.block, self.width, self.norm)
        return ResNet(*sizes, outputs, channels, self.branch_scale)


class StackedResNet(_Residual):
    """A residual network that reads history and goal stacked on channels: the paper's ablation."""

    kind: Literal["resnet"]

    def build(self, size: int, history: int) -> "nn.Module":
        """The network with random weights; it predicts 0 of any pictures."""
        from showtell.nets.modules.hold_r import StackedFrames

        return StackedFrames(self._residual(1, 3 * (history + 1)))


class FactorisedViViT(Frozen):
    """A ViViT over the frames of the history and the goal; the published network is ViViT-L."""

    kind: Literal["vivit"]
    patch: PositiveInt  # side of the patches that a frame is cut into, in pixels
    hidden: PositiveInt  # channels of a token
    spatial_layers: PositiveInt  # within each frame
    temporal_layers: PositiveInt  # over the frames
    heads: PositiveInt  # of attention
    mlp: PositiveInt  # channels within a layer's network
    stochastic_depth: float = Field(ge=0, lt=1)  # chance that a last layer is skipped in training

    def build(self, size: int, history: int) -> "nn.Module":
        """The network with random weights; it predicts 0 of any pictures."""
        from showtell.nets.modules.hold_r import FrameSequence
        from showtell.nets.modules.vivit import ViViT

        sizes = self.model_dump(exclude={"kind"})
        return FrameSequence(ViViT(size=size, frames=history + 1, **sizes))


class LateFusion(_Residual):
    """An encoder of single pictures, and a small network that compares: ours, not the paper's."""

    kind: Literal["late_fusion"]
    dimensions: PositiveInt  # of a picture's embedding
    hidden: PositiveInt  # channels of the network that compares embeddings
    unit: PositiveFloat  # frames that an output of 1 stands for

    def build(self, size: int, history: int) -> "nn.Module":
        """The network with random weights; it predicts 0 of any pictures."""
        from showtell.nets.modules import hold_r

        encoder = self._residual(self.dimensions, 3)
        return hold_r.LateFusion(encoder, self.dimensions, history, self.hidden, self.unit)


Architecture = Annotated[StackedResNet | FactorisedViViT | LateFusion, Field(discriminator="kind")]


class HoldRSettings(EncoderSettings):
    """Which network, with which weights, and how frames are made to fit it."""

    reads: ClassVar[frozenset[Reading]] = frozenset({"image"})
    unit: ClassVar[bool] = False
    measures: ClassVar[bool] = True

    kind: Literal["hold_r"]
    architecture: Architecture  # that compares pictures
    history: PositiveInt  # consecutive frames that are compared with the goal; published 3
    # holdr: the authors' own weights; random: never trained, the baseline.
    pretrained: Literal["holdr", "random"] | None
    source: str | None = None  # the folder or address of the authors' checkpoint_<number>
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None  # of that file
    # Side of the square that the network reads, 256 as published; null: the picture's.
    size: PositiveInt | None = None
    fit: Literal["squash", "crop"]  # both sides · the central square
    batch: PositiveInt  # histories that are compared at once

    @model_validator(mode="after")
    def _knows_its_size(self) -> "HoldRSettings":
        if self.picture == "native" and self.size is None:
            raise ValueError(
                "picture: native leaves open what the network reads; set size to the side of its "
                "square, or picture to {width: …, height: …}"
            )
        if self.pretrained == "holdr" and self.architecture.kind == "late_fusion":
            raise ValueError(
                "the authors' networks are of kind vivit or resnet, and architecture is of kind "
                "late_fusion; set architecture.kind to vivit, or pretrained to null"
            )
        return self

    @property
    def reads_size(self) -> tuple[int, int]:
        """Height and width of what the network reads."""
        if self.size is not None:
            return self.size, self.size
        assert isinstance(self.picture, Picture), "checked above"
        return self.picture.height, self.picture.width

    @property
    def fetched(self) -> str | None:
        """A network that is never trained is made, not trained."""
        return self.pretrained

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

    def build(self) -> Any:
        """The network with random weights, drawn from torch's current generator."""
        return self.architecture.build(self.reads_size[0], self.history)


class Network(BaseModel):
    """All that must be known of a model besides its weights: the contents of model.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hold_r"] = "hold_r"
    architecture: Architecture
    history: int
    preprocessing: Preprocessing
    pretrained: str | None
    source: Source | None = None
    # From recorded outputs of the authors' network, in parts of the largest; None: not compared.
    difference: float | None = None
    recipe: dict[str, Any] | None = None  # where it was trained here
    note: str | None = None  # what a reader of results must know about this model


class HoldR:
    """A frozen HOLD-R: a `Distance` in frames."""

    fps: ClassVar[float] = FPS

    def __init__(
        self,
        settings: HoldRSettings,
        model: Any,  # a torch module that is a `modules.hold_r.Regression`
        network: Network,
        device: str | None = None,  # None: a GPU where there is one
    ) -> None:
        import torch

        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.history = network.history
        self.network = network
        self._batch = settings.batch
        placed = model.eval().to(self.device)
        self._model = placed.to(memory_format=torch.channels_last)

    @classmethod
    def load(cls, settings: HoldRSettings, weights: Path, network: Path) -> "HoldR":
        """The one way in: build by architecture, check model.json, load model.safetensors."""
        fields = ("architecture", "history", "preprocessing", "pretrained")
        described = read_described(network, Network, "a description of a HOLD-R", settings, fields)
        model = settings.build()
        load_weights(model, weights)
        return cls(settings, model, described)

    @classmethod
    def fetch(
        cls,
        settings: HoldRSettings,
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
            model = settings.build()
            # Before its training it predicts 0 of any pictures, which is no baseline.
            (*_, head) = (part for part in model.modules() if isinstance(part, torch.nn.Linear))
            head.reset_parameters()
        described = describe(settings)
        if settings.pretrained == "holdr":
            from showtell.nets.hold_weights import fill

            converted = fill(
                *(model, "holdr", settings.source, settings.sha256, cache, lock),
                names=lambda tree: _published(settings.architecture, tree),
                outputs=lambda frames: model.compare(
                    frames[:, :-1], model.read_goals(frames[:, -1])
                ),
            )
            described = described.model_copy(update=converted._asdict())
        cls(settings, model, described, device="cpu").save(weights, network)

    def save(self, weights: Path, network: Path, note: str | None = None) -> None:
        """Write what `load` reads; `note` is for readers of the results."""
        save_weights(self._model, weights)
        write_json(network, self.network.model_copy(update={"note": note}).model_dump(mode="json"))

    def between(self, histories: Histories, goal: Stage) -> NDArray[np.float32]:
        """Frames at 11.84 a second from each history to the goal's picture: (N,)."""
        import torch

        if goal.picture is None:
            raise UserError(
                "HOLD-R compares frames with a goal picture, but this goal is an embedding only; "
                "use a goal of the kind 'rendered'."
            )
        if histories.ndim != 5 or histories.shape[1] != self.history:
            raise ValueError(
                f"histories are {histories.shape}, not (N, {self.history}, H, W, 3): HOLD-R reads "
                f"{self.history} frames"
            )
        found = [torch.empty(0)]
        with torch.inference_mode():
            read = self._model.read_goals(self._prepared(goal.picture[None]))
            for first in range(0, len(histories), self._batch):
                some = histories[first : first + self._batch]
                pictures = self._prepared(some.reshape(-1, *some.shape[2:]))
                pictures = pictures.reshape(*some.shape[:2], *pictures.shape[1:])
                compared = self._model.compare(pictures, read)
                found.append(compared.float().cpu())
        return torch.cat(found).numpy()

    def _prepared(self, frames: NDArray[np.uint8]) -> "Tensor":
        return self.network.preprocessing.prepare(frames, self.device)


def _published(architecture: Architecture, tree: "Tree") -> "dict[str, Tensor]":
    """The authors' parameters in the names of `modules.hold_r`."""
    from showtell.nets.scenic_names import factorised_vivit, residual_network

    if isinstance(architecture, FactorisedViViT):
        of = architecture.spatial_layers, architecture.temporal_layers
        found = factorised_vivit(tree, *of)
    else:
        found = residual_network(tree, architecture.layers)
    return {f"network.{name}": tensor for name, tensor in found.items()}


def describe(settings: HoldRSettings, recipe: dict[str, Any] | None = None) -> Network:
    """What is written beside the weights."""
    return Network(
        architecture=settings.architecture,
        history=settings.history,
        preprocessing=settings.preprocessing,
        pretrained=settings.pretrained,
        recipe=recipe,
    )


PARTS = {"hold_r": (HoldRSettings, "HoldR")}
