"""What raters are asked about: videos of finished evaluations, frames of them, or pairs."""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from showtell.labels.kinds import kind_of
from showtell.project import seeds
from showtell.project.errors import UserError
from showtell.project.files import sha256
from showtell.project.settings import Frozen
from showtell.study.layout import Layout, Place


class Video(NamedTuple):
    """The video of one evaluation."""

    id: str  # says nothing about the training: of its bytes and its path
    training: str  # hidden id of the training, the same whatever is evaluated again
    place: Place
    path: Path

    @property
    def method(self) -> tuple[str, str, str, str]:
        """What is trained alike, whatever the seed."""
        run = self.place.run
        return self.place.paper, self.place.experiment, run.method, run.phase


class Item(Frozen):
    """One question to a rater. `frame` 0 shows the start; frame t, where step t led."""

    id: str
    video: str
    frame: int | None = None  # null: the whole video
    other: str | None = None  # the video on the right, where two are compared

    @property
    def videos(self) -> tuple[str, ...]:
        """The videos that it shows, from left to right."""
        return (self.video,) if self.other is None else (self.video, self.other)


def videos_of(layout: Layout, task: str) -> list[Video]:
    """The videos of all finished evaluations of a task."""
    found = []
    for place, folder in layout.evaluations(task):
        path = folder / "rollout.mp4"
        if path.exists() and (folder / "metrics.json").exists():
            training = folder.parent.relative_to(layout.results).as_posix()
            name = video_id(path, layout.results)
            found.append(Video(name, _digest("training", training), place, path))
    return found


def video_id(path: Path, results: Path) -> str:
    """The id of a video: another one as soon as a byte of it differs."""
    return _digest("video", path.relative_to(results).as_posix(), sha256(path))


def items_of(
    kind: str, videos: Sequence[Video], root: int, task: str, count: int, each: int
) -> list[Item]:
    """At most `count` items, the same for all raters; `each` is the frames of one video."""
    shows = kind_of(kind).shows
    if shows == "two videos":
        items = _pairs(videos)
    elif shows == "frame":
        items = [item for video in videos for item in _frames(video, root, task, each)]
    else:
        items = [Item(id=_digest("item", video.id), video=video.id) for video in videos]
    return shuffled(items, root, task, kind)[:count]


def shuffled(items: Iterable[Item], root: int, *purpose: str) -> list[Item]:
    """The items in an order that a seed decides; it knows neither method nor seed."""
    by_id = sorted(items, key=lambda item: item.id)
    order = seeds.generator(root, "labels", *purpose).permutation(len(by_id))
    return [by_id[place] for place in order]


def _frames(video: Video, root: int, task: str, each: int) -> list[Item]:
    """Frames from all over a video: one of each of `each` equal parts."""
    from showtell.media.video import count_frames

    steps = count_frames(video.path) - 1
    if steps < 1:
        raise UserError(f"{video.path} has one frame; expected a video of an episode.")
    each = min(each, steps)
    ends = 1 + np.arange(each + 1) * steps // each  # whole frames: no two parts share one
    picked = seeds.generator(root, "labels", task, "frames", video.id).integers(ends[:-1], ends[1:])
    return [
        Item(id=_digest("item", video.id, str(frame)), video=video.id, frame=int(frame))
        for frame in picked
    ]


def _pairs(videos: Sequence[Video]) -> list[Item]:
    """Every two videos of different methods; where there is one method, every two videos."""
    if len(videos) < 2:
        raise UserError(
            f"two videos are compared, and there is {len(videos)}; evaluate another training of "
            "this task, or use KIND=buckets."
        )
    every = list(combinations(sorted(videos, key=lambda video: video.id), 2))
    differing = [pair for pair in every if pair[0].method != pair[1].method]
    items = []
    for one, two in differing or every:
        name = _digest("pair", one.id, two.id)
        # The side is the same for every rater, so that their answers can be compared.
        left, right = (one, two) if int(name, 16) % 2 else (two, one)
        items.append(Item(id=name, video=left.id, other=right.id))
    return items


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]
