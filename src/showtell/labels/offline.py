"""The page as one file to send away, and the file of labels that comes back."""

import base64
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import AwareDatetime, ValidationError

from showtell.labels.items import Item
from showtell.labels.journal import Click, Clicks, Journal
from showtell.labels.kinds import kind_of
from showtell.labels.page import bytes_of, data_of, media_of, page
from showtell.labels.study import Key, rater_name
from showtell.project.errors import UserError
from showtell.project.files import read_json, write_text
from showtell.project.settings import Frozen

LARGEST_MB = 50  # of the file: larger ones are refused by mail, and slow in a browser


class SentLabel(Frozen):
    """One answer in a file that came back."""

    item: str
    label: str
    time: AwareDatetime


class Sent(Frozen):
    """A file that came back."""

    format: Literal["showtell-labels/1"]
    study: dict[str, str]
    rater: str
    labels: tuple[SentLabel, ...]
    skipped: tuple[str, ...] = ()


class Merged(NamedTuple):
    """What became of the labels of one file."""

    rater: str
    new: int
    changed: int  # the rater had given the item another label before
    same: int  # it was here already
    twice: int  # in the file itself: the last one counts
    unknown: int  # of items that are not in this study


def write_offline(
    path: Path, key: Key, items: Sequence[Item], rater: str, results: Path, largest_mb: float
) -> int:
    """Write the page with its videos inside; returns its size in bytes."""
    media = {}
    # In the order of their names: frames of one video come after each other, decoded once.
    for medium in sorted({medium for item in items for medium in media_of(item)}):
        content, kind = bytes_of(medium, key, results)
        media[medium] = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    size = sum(map(len, media.values()))
    if size > largest_mb * 1e6:
        fewer = int(len(items) * largest_mb * 1e6 / size)
        raise UserError(
            f"the page of {len(items)} items would have {size / 1e6:.0f} MB, more than "
            f"{largest_mb:g}; ask for fewer items with COUNT={max(1, fewer)}."
        )
    text = page(data_of(key, items, rater, Clicks(), media) | {"offline": True})
    write_text(path, text)
    return len(text.encode())


def read_sent(path: Path) -> Sent:
    """A file that came back, checked in form."""
    try:
        return Sent.model_validate(read_json(path))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; READ= names the file that a rater sent.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(
            f"{path} is not a file of labels as the page writes it: {where}: {first['msg']}; ask "
            "the rater to press “download” again."
        ) from None
    except ValueError as error:
        raise UserError(
            f"{path} is not JSON ({error}); ask the rater to press “download” again."
        ) from None


def merge(sent: Sent, path: Path, folder: Path) -> Merged:
    """Add the labels of a file to its rater's journal."""
    key = Key.read(folder)
    if sent.study != key.name:
        raise UserError(
            f"{path} has labels of another study: {_named(sent.study)}; expected "
            f"{_named(key.name)}."
        )
    rater, known = rater_name(sent.rater), kind_of(key.kind).labels
    for label in sent.labels:
        if label.label not in known:
            raise UserError(
                f"{path}: item {label.item!r} has the label {label.label!r}; expected one of "
                f"{', '.join(known)}."
            )
    here = [label for label in sent.labels if label.item in key.items]
    if sent.labels and not here:
        raise UserError(
            f"{path}: none of its {len(sent.labels)} items is known in {folder}; were the videos "
            "of another machine labelled? Bring the items.json of that machine."
        )
    last = {label.item: label for label in here}
    with Journal(folder / f"{rater}.jsonl") as journal:
        before = journal.clicks.labels
        what = Counter(
            "new"
            if item not in before
            else "same"
            if before[item].label == label.label
            else "changed"
            for item, label in last.items()
        )
        changes = [
            Click(item=item, label=label.label, time=label.time)
            for item, label in last.items()
            if item not in before or before[item].label != label.label
        ]
        journal.extend(changes)
    unknown = len(sent.labels) - len(here)
    return Merged(rater, what["new"], what["changed"], what["same"], len(here) - len(last), unknown)


def _named(study: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(study.items()))
