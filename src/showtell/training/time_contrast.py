"""Losses that make nearness in an embedding nearness in time, for HOLD-C.

A batch holds frames of several videos: which video each is of, and when it was, in frames.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def triplets(
    vectors: "Tensor",
    videos: "Tensor",
    times: "Tensor",
    *,
    near: int,
    far: int,
    margin: float,
) -> "Tensor":
    """The loss of each anchor and positive, as published: (P,).

    Positives are other frames of the video at most `near` away. Negatives are those more than `far`
    away and all of other videos; of these the nearest that is further than the positive, or if
    there is none the furthest (semi-hard mining). Distances are squared Euclidean.
    """
    import torch

    squared = (vectors[:, None] - vectors[None]).square().sum(-1)
    same = videos[:, None] == videos[None]
    apart = (times[:, None] - times[None]).abs()
    positive = (
        same & (apart <= near) & ~torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    )
    negative = ~same | (apart > far)
    # An anchor without a negative, in a batch of one short video, has nothing to say.
    anchors, others = (positive & negative.any(1, keepdim=True)).nonzero(as_tuple=True)
    of_positive = squared[anchors, others]
    of_negatives = squared.detach()[anchors].masked_fill(~negative[anchors], torch.inf)
    harder = of_negatives.masked_fill(of_negatives <= of_positive.detach()[:, None], torch.inf)
    nearest = harder.argmin(1)
    furthest = of_negatives.masked_fill(of_negatives.isinf(), -torch.inf).argmax(1)
    chosen = torch.where(harder.gather(1, nearest[:, None])[:, 0].isinf(), furthest, nearest)
    return (margin + of_positive - squared[anchors, chosen]).clamp(min=0)


def ranks(vectors: "Tensor", *, softness: float) -> "Tensor":
    """For every goal, of two earlier frames the later is nearer: (F, K, D) in order of time -> ().

    The logistic loss of the difference of their squared distances, over `softness`.
    """
    import torch
    from torch.nn.functional import softplus

    squared = (vectors[:, :, None] - vectors[:, None]).square().sum(-1)  # (F, goal, frame)
    count = vectors.shape[1]
    numbers = torch.arange(count, device=vectors.device)
    earlier, later = numbers[:, None, None], numbers[None, :, None]  # a < b < goal
    goal = numbers[None, None, :]
    asked = ((earlier < later) & (later < goal)).nonzero()
    a, b, g = asked.T
    gaps = squared[:, g, b] - squared[:, g, a]  # below 0 where the later one is nearer
    return softness * softplus(gaps / softness).mean()
