"""R3M's language head: how well a sentence describes what changed between two pictures."""

from torch import Tensor, cat, nn

_LAYERS = 4  # hidden ones, as published


class LanguageHead(nn.Module):
    """(e_0, e_t, sentence) -> a score; sentences are means of word vectors."""

    def __init__(self, dimensions: int, words: int, word_dimensions: int, hidden: int) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(words, word_dimensions, mode="mean", padding_idx=0)
        inputs = 2 * dimensions + word_dimensions
        layers: list[nn.Module] = []
        for _ in range(_LAYERS):
            layers += [nn.Linear(inputs, hidden), nn.ReLU(inplace=True)]
            inputs = hidden
        self.score = nn.Sequential(*layers, nn.Linear(inputs, 1))

    def sentences(self, numbers: Tensor) -> Tensor:
        """Numbers of words, 0 where there is none: (N, L) -> (N, S)."""
        found: Tensor = self.words(numbers)
        return found

    def forward(self, first: Tensor, later: Tensor, sentence: Tensor) -> Tensor:
        """Scores: (…, D), (…, D), (…, S) -> (…)."""
        found: Tensor = self.score(cat([first, later, sentence], dim=-1))
        return found[..., 0]
