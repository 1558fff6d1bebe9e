"""R3M's losses: frames near in time are near, and a caption fits later frames of its video better.

Nair et al. (2022), section 4.2, as their code has it: similarity is minus the Euclidean distance
("S"), and each loss is the cross-entropy of one right answer among wrong ones. `vectors`
are (V, 5, D); the five frames of a video are its beginning, its end, and three in order.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

Generator = np.random.Generator
BEGIN, END, EARLY, MIDDLE, LATE = range(5)
FRAMES = 5  # of a video
# (frame, the frame before it): the caption fits the first better than the second [c].
_LATER = ((END, BEGIN), (MIDDLE, EARLY), (LATE, MIDDLE))


def frame_numbers(length: int, ends: float, generator: Generator) -> NDArray[np.int64]:
    """Which frames: one of the first and of the last share `ends`, and three in order between.

    [c] A video shorter than three frames repeats some.
    """
    edge = int(ends * length)
    begin = int(generator.integers(edge + 1))
    end = int(generator.integers(max(0, length - 1 - edge), length))
    inner = np.sort(generator.choice(length, 3, replace=length < 3))
    return np.array([begin, end, *inner])


def others(videos: int, count: int, generator: Generator) -> NDArray[np.int64]:
    """For each video `count` different others of the batch: (V, count)."""
    shifts = generator.choice(np.arange(1, videos), count, replace=False)
    return np.asarray((np.arange(videos)[:, None] + shifts) % videos)


def time_contrast(vectors: "Tensor", negatives: NDArray[np.int64]) -> "Tensor":
    """Of three frames in order each end is nearer to the middle than to the other end: ().

    Negatives are the same frame of other videos, (V, N).
    """
    import torch

    early, middle, late = (vectors[:, frame] for frame in (EARLY, MIDDLE, LATE))
    ends = _similarity(early, late)
    found = [
        _answer(_similarity(near, middle), ends, _similarity(near[:, None], near[negatives]))
        for near in (late, early)
    ]
    return torch.stack(found).mean()


def language(
    head: "nn.Module",  # (e_0, e_t, sentence) -> a score
    vectors: "Tensor",
    sentences: "Tensor",  # (V, S)
    captions: NDArray[np.int64],  # (V,): equal where captions are; below 0: none
    negatives: NDArray[np.int64],  # (V, N)
) -> "Tensor":
    """A caption scores a frame above an earlier one, and above frames of other videos: ().

    Videos without a caption count 0 [c]. A negative with the same caption is left out; the code
    does not look.
    """
    import torch

    begin = vectors[:, BEGIN]
    asked = sentences[:, None].expand(-1, negatives.shape[1], -1)
    same = torch.from_numpy(captions[negatives] == captions[:, None]).to(vectors.device)
    total = vectors.new_zeros(len(vectors))
    for later, earlier in _LATER:
        wrong = head(begin[negatives], vectors[:, later][negatives], asked)
        total = total + _answer(
            head(begin, vectors[:, later], sentences),
            head(begin, vectors[:, earlier], sentences),
            wrong.masked_fill(same, -torch.inf),
        )
    return (total / len(_LATER) * torch.from_numpy(captions >= 0).to(vectors.device)).mean()


def _similarity(one: "Tensor", other: "Tensor") -> "Tensor":
    import torch

    distance: Tensor = torch.linalg.vector_norm(one - other, dim=-1)
    return -distance


def _answer(right: "Tensor", wrong: "Tensor", negatives: "Tensor") -> "Tensor":
    """−log of the share of the right one among all: (V,), (V,), (V, N) -> (V,)."""
    import torch

    every = torch.cat([right[:, None], wrong[:, None], negatives], dim=1)
    share: Tensor = every.logsumexp(1) - right
    return share
