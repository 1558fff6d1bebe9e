"""LeRobot's reward classifier: a frozen trunk, a learned pooling, a head; success or not.

Read in `lerobot.rewards.classifier` 0.6.1 (Apache-2.0) and written anew, as are its two trunks:
the residual network of `transformers` (its default name is that of a folder of weights, and its
shape is in the weights themselves), and `resnet10` of HIL-SERL as helper2424/resnet10 has it.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

_GROUPS = 4  # of resnet10's group norms


class RewardClassifier:
    """Forward alone, from the weights by name."""

    def __init__(self, tensors: Mapping[str, Tensor], image: str, size: tuple[int, int]) -> None:
        """`image` is the entry of a batch that holds the pictures, and `size` theirs.

        Raises a ValueError where weights are missing, left over or of other shapes.
        """
        own = f"encoders.{image.replace('.', '_')}."  # the trunk is shared, and may stand there
        self._weights = _Used(
            {_plain(name, f"{own}0."): tensor.float() for name, tensor in tensors.items()}
        )
        self._own = own
        with torch.inference_mode():
            try:
                self.logits(torch.zeros(1, 3, *size))
            except (KeyError, RuntimeError) as error:
                raise ValueError(str(error).strip("'\"").splitlines()[0]) from None
        unused = {name for name in self._weights if not name.endswith("num_batches_tracked")}
        if unused := unused - self._weights.read:
            raise ValueError(f"it has weights of another network, such as {min(unused)}")

    def to(self, device: torch.device) -> "RewardClassifier":
        """Its weights on another device."""
        for name, tensor in self._weights.items():
            self._weights[name] = tensor.to(device)
        return self

    def probabilities(self, pictures: Tensor) -> Tensor:
        """Of success, (N,), or of each class, (N, C), from normalised (N, 3, H, W)."""
        logits = self.logits(pictures)
        return logits[:, 0].sigmoid() if logits.shape[1] == 1 else logits.softmax(dim=1)

    def logits(self, pictures: Tensor) -> Tensor:
        """(N, 1), or (N, C) with more than two classes."""
        w, own = self._weights, self._own
        seen = _resnet10(w, pictures) if "encoder.embedder.0.weight" in w else _resnet(w, pictures)
        kernel = w[f"{own}1.kernel"]  # (C, H, W, F): a weighted sum over the places of each channel
        if seen.shape[1:] != kernel.shape[:3]:
            raise KeyError(
                f"its pooling reads {tuple(kernel.shape[:3])} and its trunk gives "
                f"{tuple(seen.shape[1:])}"
            )
        pooled = torch.einsum("nchw,chwf->ncf", seen, kernel).flatten(1)
        latent = _normed(w, f"{own}4", _linear(w, f"{own}3", pooled)).tanh()
        hidden = _normed(w, "classifier_head.2", _linear(w, "classifier_head.0", latent)).relu()
        return _linear(w, "classifier_head.4", hidden)


class _Used(dict[str, Tensor]):
    """Weights that remember which of them were read."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__(tensors)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Tensor:
        if name not in self:
            raise KeyError(f"it has no weights {name}")
        self.read.add(name)
        return super().__getitem__(name)


def _plain(name: str, shared: str) -> str:
    return f"encoder.{name.removeprefix(shared)}" if name.startswith(shared) else name


def _resnet(w: _Used, x: Tensor) -> Tensor:
    """The residual network of `transformers`, before its pooling; (N, C, h, w)."""
    x = _convolved(w, "encoder.embedder.embedder", x, stride=2).relu()
    x = functional.max_pool2d(x, kernel_size=3, stride=2, padding=1)
    stage = 0
    while f"encoder.encoder.stages.{stage}.layers.0.layer.0.convolution.weight" in w:
        layer = 0
        while (
            f"{(at := f'encoder.encoder.stages.{stage}.layers.{layer}')}.layer.0.convolution.weight"
            in w
        ):
            x = _residual(w, at, x, stride=2 if stage > 0 and layer == 0 else 1)
            layer += 1
        stage += 1
    return x


def _residual(w: _Used, at: str, x: Tensor, stride: int) -> Tensor:
    """Two convolutions of 3 x 3, or three of which the middle one strides."""
    count = 3 if f"{at}.layer.2.convolution.weight" in w else 2
    strides = (1, stride, 1) if count == 3 else (stride, 1)
    out = x
    for number in range(count):
        out = _convolved(w, f"{at}.layer.{number}", out, strides[number])
        if number < count - 1:
            out = out.relu()
    if f"{at}.shortcut.convolution.weight" in w:
        x = _convolved(w, f"{at}.shortcut", x, stride)
    return (out + x).relu()


def _convolved(w: _Used, at: str, x: Tensor, stride: int) -> Tensor:
    """A convolution and its batch norm, with the statistics of training."""
    kernel, norm = w[f"{at}.convolution.weight"], f"{at}.normalization"
    x = functional.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
    return functional.batch_norm(
        x, w[f"{norm}.running_mean"], w[f"{norm}.running_var"], w[f"{norm}.weight"],
        w[f"{norm}.bias"],
    )  # fmt: skip


def _resnet10(w: _Used, x: Tensor) -> Tensor:
    """HIL-SERL's network, one block a stage; its pooling pads at the right and below, as JAX."""
    x = functional.conv2d(x, w["encoder.embedder.0.weight"], stride=2, padding=3)
    x = _grouped(w, "encoder.embedder.1", x).relu()
    x = functional.max_pool2d(
        functional.pad(x, (0, 1, 0, 1), value=-torch.inf), kernel_size=3, stride=2
    )
    stage = 0
    while f"{(at := f'encoder.encoder.stages.{stage}')}.conv1.weight" in w:
        stride = 1 if stage == 0 else 2
        out = functional.conv2d(x, w[f"{at}.conv1.weight"], stride=stride, padding=1)
        out = functional.conv2d(
            _grouped(w, f"{at}.norm1", out).relu(), w[f"{at}.conv2.weight"], padding=1
        )
        if f"{at}.shortcut.0.weight" in w:
            x = functional.conv2d(x, w[f"{at}.shortcut.0.weight"], stride=stride)
            x = _grouped(w, f"{at}.shortcut.1", x)
        x = (_grouped(w, f"{at}.norm2", out) + x).relu()
        stage += 1
    return x


def _grouped(w: _Used, at: str, x: Tensor) -> Tensor:
    return functional.group_norm(x, _GROUPS, w[f"{at}.weight"], w[f"{at}.bias"])


def _linear(w: _Used, at: str, x: Tensor) -> Tensor:
    return functional.linear(x, w[f"{at}.weight"], w[f"{at}.bias"])


def _normed(w: _Used, at: str, x: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], w[f"{at}.weight"], w[f"{at}.bias"])
