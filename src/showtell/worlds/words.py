"""The words in which people speak of a task; each family of worlds has those of its own tasks."""

from typing import NamedTuple


class Words(NamedTuple):
    """The thing that a task moves, and verbs for moving it.

    Each verb is one word, and each task has as many as any other, so that captions of all outcomes
    have the same form: see `showtell.data.captions`.
    """

    thing: str
    doing: tuple[str, str]
