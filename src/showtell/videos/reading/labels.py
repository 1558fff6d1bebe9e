"""The label files of Something-Something v2: which video belongs to which split and template."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

from showtell.project import bounds
from showtell.project.errors import UserError, nearest
from showtell.videos.reading.records import Reason, Refused, Video

FOLDER = "20bn-something-something-v2"
SUFFIX = ".webm"
CLASSES = "labels.json"
ENTRIES = {"train": "train.json", "validation": "validation.json", "test": "test.json"}
ANSWERS = "test-answers.csv"  # the test split's templates; published later than the rest
REQUIRED = (CLASSES, *ENTRIES.values())


def plain(template: str) -> str:
    """A template as labels.json spells it: without the brackets around its placeholders."""
    return template.replace("[", "").replace("]", "")


def labelled(labels: Path) -> tuple[list[Video], list[Refused]]:
    """The videos that the label files name, by split and entry, and those whose entries are bad."""
    classes = _classes(labels / CLASSES)
    answers = _answers(labels / ANSWERS)
    videos, refused = [], []
    for split, name in ENTRIES.items():
        for entry in _entries(labels / name):
            video = _video(entry, split, classes, answers)
            known = video.template is None or video.class_id is not None
            if known:
                videos.append(video)
            else:
                detail = f"{video.template!r}; {nearest(plain(video.template or ''), classes)}"
                refused.append(Refused(video.id, video.path, Reason.TEMPLATE, detail))
    times = Counter([video.id for video in videos])
    twice = {video.id: video for video in videos if times[video.id] > 1}
    for video in twice.values():
        detail = f"{times[video.id]} entries"
        refused.append(Refused(video.id, video.path, Reason.DUPLICATE, detail))
    return [video for video in videos if video.id not in twice], refused


def _video(
    entry: dict[str, Any], split: str, classes: dict[str, int], answers: dict[str, str]
) -> Video:
    number = str(entry["id"])
    template = entry.get("template", answers.get(number))
    return Video(
        id=number,
        split=split,
        path=f"{FOLDER}/{number}{SUFFIX}",
        label=entry.get("label"),
        template=template,
        class_id=None if template is None else classes.get(plain(template)),
        placeholders=tuple(entry.get("placeholders", ())),
    )


def _classes(path: Path) -> dict[str, int]:
    """Template without brackets -> number."""
    content = _json(path)
    try:
        return {str(template): int(number) for template, number in content.items()}
    except (AttributeError, TypeError, ValueError):
        raise _unlike(path, 'an object of templates, each with a number as in "12"') from None


def _entries(path: Path) -> list[dict[str, Any]]:
    content = _json(path)
    if not isinstance(content, list):
        raise _unlike(path, "a list of entries")
    for place, entry in enumerate(content):
        if not _sound(entry):
            raise _unlike(
                path,
                "an object with `id`, and with the strings `label` and `template` and the list "
                "`placeholders` where they are known,",
                f" at entry {place + 1}",
            )
    return content


def _sound(entry: Any) -> bool:
    if not isinstance(entry, dict) or not str(entry.get("id", "")).isdecimal():
        return False  # an id is part of a path
    placeholders = entry.get("placeholders", [])
    return (
        isinstance(placeholders, list)
        and all(isinstance(word, str) for word in placeholders)
        and all(isinstance(entry.get(key, ""), str) for key in ("label", "template"))
    )


def _answers(path: Path) -> dict[str, str]:
    """Id -> template of the test split: `id;template` a line, without a header."""
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.reader(stream, delimiter=";") if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unlike(path, f"text in UTF-8 ({error})") from None
    if any(len(row) != 2 for row in rows):
        raise _unlike(path, "`id;template` on each line")
    return {number.strip(): template.strip() for number, template in rows}


def _json(path: Path) -> Any:
    try:
        bounds.check_size(path, bounds.LABEL_BYTES, f"Unzip labels.zip again over {path.parent}.")
        return bounds.loads(path.read_text(encoding="utf-8"))
    except bounds.BoundError:
        raise
    except ValueError as error:
        raise UserError(
            f"{path} is not whole JSON ({error}); unzip labels.zip again over {path.parent}."
        ) from None


def _unlike(path: Path, expected: str, where: str = "") -> UserError:
    return UserError(
        f"{path} is not like the label files of Something-Something v2: expected {expected}{where};"
        f" unzip labels.zip again over {path.parent}."
    )
