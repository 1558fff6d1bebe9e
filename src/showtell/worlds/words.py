"""The words in which people speak of a task; each family of worlds has those of its own tasks."""

from typing import NamedTuple


class Words(NamedTuple):
    """The thing that a task moves, and the verb for moving it, one word."""

    thing: str
    doing: str
