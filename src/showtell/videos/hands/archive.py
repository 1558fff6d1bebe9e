"""Videos of the hand as the files that a user downloads of Something-Something v2.

Zipped parts of one tar.gz of webm videos, and a zip of label files: what reads the real ones reads
these. A video is a function of its seed and number alone, so a run that was killed goes on.
"""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from showtell.media.webm import write_webm
from showtell.project.files import replacing
from showtell.project.seeds import generator
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import View
from showtell.videos.hands.actions import ACTIONS
from showtell.videos.hands.playing import Video, play

SCENE = "showtell.videos.hands.scene:HandScene"
NAME = "20bn-something-something-v2"
Split = Literal["train", "validation", "test"]
_RATIOS = (4 / 3, 4 / 3, 16 / 9, 16 / 9, 1.5, 1.0)  # width to height; 240 rows make 427 of 16:9
_VALIDATION, _TEST = 10, 50  # every tenth video, every fiftieth
_BATCH = 8  # videos that are drawn and encoded beside each other
_TIME = (2018, 6, 1, 0, 0, 0)  # of every entry: the same videos give the same archive


class Row(NamedTuple):
    """What the label files say of a video."""

    id: int
    split: Split
    video: Video


def write(
    folder: Path, work: Path, count: int, height: int, parts: int, root: int
) -> Iterator[int]:
    """Write the archive into `folder`, its videos into `work` first; yields how many are there."""
    work.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    with RenderPool(SCENE, {}) as pool, ThreadPoolExecutor(1) as encoder:
        numbers = iter(range(1, count + 1))
        while batch := list(islice(numbers, _BATCH)):
            writing = []
            for number in batch:
                draws = generator(root, "videos", "hands", number)
                video = play(draws)
                rows.append(
                    Row(number, _split(number), video._replace(snapshots=video.snapshots[:0]))
                )
                path = work / f"{number}.webm"
                if path.exists():
                    continue
                view = View(round(height * draws.choice(_RATIOS)), height, quality="fast")
                frames = pool.draw(video.snapshots, view)
                writing.append(encoder.submit(_encode, path, frames, video.fps))
            for one in writing:
                one.result()
            yield len(rows)
    _pack(folder, work, count, parts)
    _label(folder / "labels.zip", rows)


def templates() -> dict[str, str]:
    """labels.json: every label without its brackets, and its number."""
    names = sorted(plain(action.template) for action in ACTIONS)
    return {name: str(number) for number, name in enumerate(names)}


def plain(template: str) -> str:
    """A template as labels.json spells it."""
    return template.replace("[", "").replace("]", "")


def _split(number: int) -> Split:
    if number % _TEST == 0:
        return "test"
    return "validation" if number % _VALIDATION == 0 else "train"


def _encode(path: Path, frames: Any, fps: int) -> None:
    with replacing(path) as temporary:
        write_webm(temporary, frames, fps)


def _pack(folder: Path, work: Path, count: int, parts: int) -> None:
    """The videos as one tar.gz, cut into parts, each part zipped."""
    whole = folder / f".{NAME}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (
            whole.open("wb") as file,
            # They are compressed already.
            gzip.GzipFile("", "wb", 1, file, mtime=0) as stream,
            tarfile.open(fileobj=stream, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
        ):
            for number in range(1, count + 1):
                content = (work / f"{number}.webm").read_bytes()
                entry = tarfile.TarInfo(f"{NAME}/{number}.webm")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        size = -(-whole.stat().st_size // parts)
        with whole.open("rb") as joined:
            for part in range(parts):
                name = f"{NAME}-{part:02d}"
                _zip(folder / f"{name}.zip", {name: joined.read(size)})
    finally:
        whole.unlink(missing_ok=True)


def _label(path: Path, rows: Sequence[Row]) -> None:
    """The label files, in the shape of the real ones."""
    files: dict[str, bytes] = {"labels/labels.json": _json(templates())}
    for split in ("train", "validation"):
        described = [_described(row) for row in rows if row.split == split]
        files[f"labels/{split}.json"] = _json(described)
    tests = [row for row in rows if row.split == "test"]
    files["labels/test.json"] = _json([{"id": str(row.id)} for row in tests])
    answers = [f"{row.id};{plain(row.video.template)}" for row in tests]
    files["labels/test-answers.csv"] = "".join(f"{line}\n" for line in answers).encode()
    _zip(path, files)


def _described(row: Row) -> dict[str, Any]:
    video = row.video
    return {
        "id": str(row.id),
        "label": video.label,
        "template": video.template,
        "placeholders": list(video.placeholders),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def _zip(path: Path, files: Mapping[str, bytes]) -> None:
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
