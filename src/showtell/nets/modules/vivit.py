"""ViViT with a factorised encoder: a transformer within each frame, then one over the frames.

Tubelets are one frame long, as HOLD-R has them. ViViT-L: patch 16, hidden 1024, 24 and 4 layers,
16 heads, MLP 4096. Sizes and initial values are those of the published network [c].
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

_EPSILON = 1e-6  # of layer normalisation, as in flax


class ViViT(nn.Module):
    """Frames of one size in, one number each sequence out: (N, T, 3, S, S) -> (N,)."""

    def __init__(
        self,
        *,
        size: int,  # S; a multiple of the patch's side
        frames: int,  # T
        patch: int,
        hidden: int,
        spatial_layers: int,
        temporal_layers: int,
        heads: int,
        mlp: int,
        stochastic_depth: float,  # chance that a last layer's branch is left out in training
    ) -> None:
        super().__init__()
        if size % patch or hidden % heads:
            raise ValueError(
                f"a picture of {size} pixels is cut into patches of {patch}, and {hidden} channels "
                f"are divided among {heads} heads: neither may leave a remainder"
            )
        self.patches = nn.Conv2d(3, hidden, patch, stride=patch)
        self.spatial = _Transformer(
            (size // patch) ** 2, hidden, spatial_layers, heads, mlp, stochastic_depth
        )
        self.temporal = _Transformer(frames, hidden, temporal_layers, heads, mlp, stochastic_depth)
        self.head = nn.Linear(hidden, 1)
        _initialise(self)

    def forward(self, frames: Tensor) -> Tensor:
        """One number a sequence, of any sign."""
        found = self.patches(frames.flatten(0, 1)).flatten(2).transpose(1, 2)
        of_frames = self.spatial(found).unflatten(0, frames.shape[:2])
        number: Tensor = self.head(self.temporal(of_frames))[:, 0]
        return number


class _Transformer(nn.Module):
    """A class token and positions before the layers; the class token of the last one out."""

    def __init__(
        self, tokens: int, hidden: int, layers: int, heads: int, mlp: int, stochastic_depth: float
    ) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, hidden))
        self.positions = nn.Parameter(torch.empty(1, tokens + 1, hidden))
        # The chance rises from 0 in the first layer to its full value in the last.
        self.layers = nn.ModuleList(
            _Layer(hidden, heads, mlp, stochastic_depth * number / max(layers - 1, 1))
            for number in range(layers)
        )
        self.norm = nn.LayerNorm(hidden, eps=_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, hidden) -> (N, hidden)."""
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.positions
        for layer in self.layers:
            x = layer(x)
        found: Tensor = self.norm(x[:, 0])
        return found


class _Layer(nn.Module):
    """Attention, then a network of two layers; normalisation comes before each."""

    def __init__(self, hidden: int, heads: int, mlp: int, left_out: float) -> None:
        super().__init__()
        self.heads = heads
        self.left_out = left_out
        self.norm1 = nn.LayerNorm(hidden, eps=_EPSILON)
        self.inputs = nn.Linear(hidden, 3 * hidden)  # queries, keys and values
        self.outputs = nn.Linear(hidden, hidden)
        self.norm2 = nn.LayerNorm(hidden, eps=_EPSILON)
        self.wide = nn.Linear(hidden, mlp)
        self.narrow = nn.Linear(mlp, hidden)
        self.gelu = nn.GELU(approximate="tanh")  # flax's

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, hidden) -> (N, T, hidden)."""
        x = x + self._kept(self._attention(self.norm1(x)))
        return x + self._kept(self.narrow(self.gelu(self.wide(self.norm2(x)))))

    def _attention(self, x: Tensor) -> Tensor:
        parts = self.inputs(x).unflatten(-1, (3, self.heads, -1))  # (N, T, 3, heads, width)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)
        found = scaled_dot_product_attention(queries, keys, values)
        result: Tensor = self.outputs(found.transpose(1, 2).flatten(2))
        return result

    def _kept(self, branch: Tensor) -> Tensor:
        """In training some samples skip the branch; the others are not scaled up for it [c]."""
        if not self.training or not self.left_out:
            return branch
        kept = torch.rand(len(branch), 1, 1, device=branch.device) >= self.left_out
        return branch * kept


def _initialise(network: ViViT) -> None:
    """As published: Xavier's weights, no biases, positions near 0, and a head of zeros."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
            if name == "head":
                nn.init.zeros_(module.weight)
            elif name.endswith("inputs"):  # three matrices, each with its own scale
                for matrix in module.weight.chunk(3):
                    nn.init.xavier_uniform_(matrix)
            else:
                nn.init.xavier_uniform_(module.weight)
        if isinstance(module, nn.Conv2d):
            assert module.bias is not None
            nn.init.zeros_(module.bias)
            nn.init.trunc_normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        if isinstance(module, _Transformer):
            nn.init.normal_(module.positions, std=0.02)
