"""Sentences as numbers of words, as the published S3D reads them."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LENGTH = 16  # words of a sentence that are read


def split(sentence: str) -> list[str]:
    """The words of a sentence, in lower case, without punctuation."""
    return re.findall(r"[\w']+", sentence.lower())


class Vocabulary:
    """The words that a network knows. Their numbers begin at 1; 0 is no word."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._numbers = {word: number for number, word in enumerate(self.words, start=1)}

    @property
    def rows(self) -> int:
        """The rows of a table with a vector for each number."""
        return len(self.words) + 1

    def numbers(self, sentences: Sequence[str]) -> NDArray[np.int64]:
        """(N, LENGTH): known words in order, cut or filled up with 0; unknown ones are left out."""
        numbers = np.zeros((len(sentences), LENGTH), dtype=np.int64)
        for row, sentence in zip(numbers, sentences, strict=True):
            known = [self._numbers[word] for word in split(sentence) if word in self._numbers]
            row[: len(known)] = known[:LENGTH]
        return numbers

    def unknown(self, sentence: str) -> list[str]:
        """The words of a sentence that are left out."""
        return [word for word in split(sentence) if word not in self._numbers]


def vocabulary_of(sentences: Sequence[str]) -> Vocabulary:
    """The words of these sentences, in alphabetical order."""
    return Vocabulary(sorted({word for sentence in sentences for word in split(sentence)}))
