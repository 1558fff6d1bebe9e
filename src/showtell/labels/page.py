"""The page that a rater uses: one HTML file, whose data is one JSON value."""

import html
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from showtell.labels.items import Item
from showtell.labels.journal import Clicks
from showtell.labels.kinds import kind_of
from showtell.labels.study import Key

if TYPE_CHECKING:
    from showtell.media.frames import Frames

DATA = ("page.html",)
_PAGE = Path(__file__).with_name("page.html")
FORMAT = "showtell-labels/1"


def page(data: Mapping[str, Any]) -> str:
    """The page with its data; the same for a server and for a file."""
    # `<` could end the script element; in JSON it stands inside strings alone.
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    title = html.escape(f"{data['study']['task']}: labels")
    return _PAGE.read_text().replace("{{title}}", title).replace("{{data}}", text)


def data_of(
    key: Key, items: Sequence[Item], rater: str, clicks: Clicks, media: Mapping[str, str]
) -> dict[str, Any]:
    """What the page shows: nothing about methods or seeds. `media` are addresses by medium."""
    kind = kind_of(key.kind)
    here = {item.id for item in items}
    return {
        "format": FORMAT,
        "study": key.name,
        "criterion": key.criterion,
        "rater": rater,
        "shows": kind.shows,
        "question": kind.question,
        "choices": [choice._asdict() for choice in kind.choices],
        "items": [{"id": item.id, "media": media_of(item)} for item in items],
        "media": dict(media),
        "labels": {id_: click.label for id_, click in clicks.labels.items() if id_ in here},
        "skipped": sorted(clicks.skipped & here),
        "order": [id_ for id_ in clicks.order if id_ in here],
    }


def media_of(item: Item) -> list[str]:
    """The ids of the pictures or videos that an item shows."""
    return list(item.videos) if item.frame is None else [f"{item.video}-{item.frame}"]


def bytes_of(medium: str, key: Key, results: Path) -> tuple[bytes, str]:
    """A video as it is on disk, or one frame of it as a JPEG picture; and its MIME type."""
    video, _, frame = medium.partition("-")
    path = results / key.videos[video].path
    return (_jpeg(path, int(frame)), "image/jpeg") if frame else (path.read_bytes(), "video/mp4")


def _jpeg(path: Path, frame: int) -> bytes:
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(_frames(path)[frame]).save(stream, format="JPEG", quality=95)
    return stream.getvalue()


@lru_cache(maxsize=1)
def _frames(path: Path) -> "Frames":
    from showtell.media.video import read_video

    return read_video(path)[0]
