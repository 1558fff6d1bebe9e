"""The words in which people speak of a task; each family of worlds has those of its own tasks."""

from typing import NamedTuple


class Words(NamedTuple):
    """The thing that a task moves, and verbs for moving it."""

    thing: str
    doing: tuple[str, ...]
