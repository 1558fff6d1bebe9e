"""The frames that people labelled, as pictures and numbers: what EPIC is measured against."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.labels.items import video_id
from showtell.labels.study import Key
from showtell.labels.table import read_labels
from showtell.project.errors import UserError

if TYPE_CHECKING:
    from showtell.media.frames import Frames

_LOG = logging.getLogger(__name__)


class Labelled(NamedTuple):
    """N frames of videos, in the order of their items."""

    frames: "list[Frames]"  # one picture each, (H, W, 3): videos may have several sizes
    labels: NDArray[np.float64]  # (N,): the share of the raters that said yes


def labelled_frames(path: Path) -> Labelled:
    """The frames of one labels.parquet, from the videos that were shown."""
    from showtell.media.video import read_video

    key, results = Key.read(path.parent), path.parents[3]
    answers: dict[str, list[bool]] = {}
    for row in read_labels(path):
        answers.setdefault(row["item"], []).append(row["label"] == "yes")
    by_video: dict[str, list[str]] = {}
    for item in sorted(answers):
        by_video.setdefault(key.items[item].video, []).append(item)
    pictures, labels, lost = [], [], 0
    for video, items in sorted(by_video.items()):
        shown = key.videos[video]
        file = results / shown.path
        if not file.exists() or video_id(file, results) != video:
            lost += len(items)
            continue
        frames = read_video(file)[0]
        for item in items:
            pictures.append(frames[key.items[item].frame])
            labels.append(np.mean(answers[item]))
    if lost:
        _LOG.warning("%s: %d labels are of videos that were made again; left out", path, lost)
    if len(set(labels)) < 2:
        raise UserError(
            f"{path}: EPIC needs frames with the label yes and frames with the label no; found "
            f"{len(labels)} frames of today's videos ({lost} labels are of earlier ones). "
            "`make label KIND=frames` adds more."
        )
    return Labelled(pictures, np.array(labels))
