"""Whether a text encoder knows enough words of a sentence to embed that sentence."""

import logging
from fractions import Fraction
from typing import NamedTuple

from showtell.nets.s3d_text import split
from showtell.project.errors import UserError, nearest

_LOG = logging.getLogger(__name__)

# At least this share of the content words, and one of them: S3D drops unknown words without a
# message, and of “please tidy up the kitchen” a stand-in read “the” alone and still separated
# successes from failures (AUC 0.98 on drawer-close). One unknown word of three is a detail of the
# sentence; with half of the words unknown, the rest may belong to any other sentence.
KNOWN_SHARE = Fraction(2, 3)
# Words that say how content words belong together, not which thing or action is meant.
_FUNCTION_WORDS = """
    a about above across after again all almost along also an and any are as at away back be
    been before behind being below beside between both but by can could do does doing done
    down each for from had has have he her here his how i if in into is it its just little may
    me might more must my near next no not now of off on one or other our out over please
    shall she should so some than that the their them then there these they this those to too
    toward towards under until up us very was we were what when where which while who will
    with without would you your
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


class UnknownWordsError(UserError):
    """A sentence of which too few words are known; the message begins with its key."""


class Known(NamedTuple):
    """What an encoder knows of one sentence."""

    sentence: str
    unknown: tuple[str, ...]  # words that it does not know, in order
    share: float  # of the content words, how many it knows; 1 where there is none

    @property
    def enough(self) -> bool:
        """Whether the sentence can be embedded."""
        content = _content(self.sentence)
        known = [word for word in content if word not in self.unknown]
        return bool(known) and len(known) >= KNOWN_SHARE * len(content)


def known(sentence: str, words: frozenset[str] | None) -> Known:
    """What an encoder with these words knows of a sentence; None: it knows every word."""
    unknown = () if words is None else tuple(w for w in split(sentence) if w not in words)
    content = _content(sentence)
    missing = sum(word in unknown for word in content)
    return Known(sentence, unknown, 1 - missing / len(content) if content else 1.0)


def checked(sentence: str, words: frozenset[str] | None, key: str, encoder: str) -> Known:
    """What an encoder knows of a sentence; `key` says where in the parameters it stands."""
    found = known(sentence, words)
    if words is None:
        return found
    if not found.enough:
        content = [word for word in dict.fromkeys(_content(sentence)) if word in found.unknown]
        lacks = (
            f"of its content words, {encoder} does not know "
            + ", ".join(f"{word!r} ({nearest(word, sorted(words))})" for word in content)
            if content
            else "it has no content word"
        )
        raise UnknownWordsError(
            f"{key}: {sentence!r}: {lacks}. At least {KNOWN_SHARE} of the content words must be "
            f"known, and one. Say it in known words ({_some(words)}), name another encoder in the "
            "goal, or train the encoder on a dataset whose captions have these words."
        )
    if found.unknown:
        _LOG.warning(
            "%s: %s does not know %s in %r", key, encoder, ", ".join(found.unknown), sentence
        )
    return found


def _content(sentence: str) -> list[str]:
    return [word for word in split(sentence) if word not in FUNCTION_WORDS]


def _some(words: frozenset[str]) -> str:
    return ", ".join(sorted(words)) if len(words) <= 60 else f"{len(words)} words"
