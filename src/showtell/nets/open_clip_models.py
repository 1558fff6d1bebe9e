"""open_clip's models: their architectures, their published entries, their weights in files."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, PositiveInt

from showtell.nets.encoder import Channels, read_error
from showtell.nets.open_clip_import import library
from showtell.project.bounds import ODD, check_safetensors
from showtell.project.errors import UserError, nearest
from showtell.project.files import replacing

if TYPE_CHECKING:
    from torch import nn

DATA = ("architectures/{architecture}.json",)
_OWN_ARCHITECTURES = Path(__file__).parent / "architectures"


class Own(BaseModel):
    """The preprocessing that open_clip records for a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[PositiveInt, PositiveInt]
    mean: Channels
    std: Channels
    interpolation: Literal["bicubic", "bilinear"]
    resize_mode: Literal["shortest", "longest", "squash"]


@cache
def architectures() -> tuple[str, ...]:
    """Every architecture that can be named, found without importing open_clip (seconds)."""
    spec = find_spec("open_clip")
    installed = Path(spec.origin).parent / "model_configs" if spec and spec.origin else None
    folders = [_OWN_ARCHITECTURES] + ([installed] if installed else [])
    return tuple(sorted(file.stem for folder in folders for file in folder.glob("*.json")))


def config(architecture: str) -> dict[str, Any]:
    """open_clip's configuration of an architecture; our own are registered with it."""
    open_clip = library()
    if architecture not in open_clip.list_models():
        open_clip.add_model_config(_OWN_ARCHITECTURES)
    found: dict[str, Any] = open_clip.get_model_config(architecture)
    towers = found["vision_cfg"].keys() | found["text_cfg"].keys()
    if towers & {"timm_model_name", "hf_model_name"} or "multimodal_cfg" in found:
        raise UserError(
            f"{architecture} takes a tower from another library, whose preprocessing and tokens "
            "open_clip does not record; use a plain CLIP such as ViT-L-14 or RN50-quickgelu."
        )
    return found


def build(architecture: str) -> "nn.Module":
    """The model with random weights, drawn from torch's current generator."""
    open_clip = library()
    settings = config(architecture)
    kind = open_clip.CustomTextCLIP if settings.pop("custom_text", False) else open_clip.CLIP
    model: nn.Module = kind(**settings)
    return model


def load_weights(model: "nn.Module", path: Path) -> None:
    """Fill a model from a safetensors file that has exactly its tensors."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    cure = "delete it and make it again with: make reproduce"
    try:
        check_safetensors(path, cure)
        model.load_state_dict(load_file(path), strict=True)
    except (SafetensorError, OSError, *ODD) as error:
        raise read_error(path, "a whole safetensors file", cure, error) from None
    except RuntimeError as error:  # missing, unexpected or misshapen tensors
        raise read_error(path, "a model of the architecture it should be", cure, error) from None


def save_weights(model: "nn.Module", path: Path) -> None:
    """Write a model's tensors as safetensors, atomically."""
    from safetensors.torch import save

    # Channels-last tensors are not contiguous, and safetensors takes only those that are.
    tensors = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    with replacing(path) as temporary:
        temporary.write_bytes(save(tensors))  # safetensors' save_file makes files private (0600)


def own_preprocessing(architecture: str, pretrained: str | None) -> Own:
    """The model's own preprocessing: its tag's, or open_clip's default for weights of our own."""
    open_clip = library()
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    tag = {} if pretrained is None else pretrained_entry(architecture, pretrained)
    merged = merge_preprocess_dict(PreprocessCfg(), tag)
    found = config(architecture)
    size = found["vision_cfg"].get("image_size", open_clip.CLIPVisionCfg().image_size)
    merged["size"] = (size, size) if isinstance(size, int) else tuple(size)
    return Own(**{name: merged[name] for name in Own.model_fields})


def pretrained_entry(architecture: str, pretrained: str) -> dict[str, Any]:
    """open_clip's entry for one tag: where its weights are, and their preprocessing."""
    open_clip = library()
    entry: dict[str, Any] = open_clip.get_pretrained_cfg(architecture, pretrained)
    if not entry:
        known = open_clip.list_pretrained_tags_by_model(architecture)
        raise UserError(
            f"open_clip has no weights {pretrained!r} for {architecture}; "
            f"{nearest(pretrained, known)}"
        )
    if entry.get("quick_gelu", False) != config(architecture).get("quick_gelu", False):
        # open_clip only warns, and the embeddings are then quietly worse.
        raise UserError(
            f"the weights {architecture}/{pretrained} were trained with another activation than "
            f"{architecture} has; use the architecture {architecture}-quickgelu."
            if entry.get("quick_gelu", False)
            else f"the weights {architecture}/{pretrained} were not trained with QuickGELU; use "
            f"the architecture {architecture.removesuffix('-quickgelu')}."
        )
    return entry
