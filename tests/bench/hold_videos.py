"""HOLD's networks: videos a second while they train, and an index as long as the published one's.

The recipe is that of the scale `mini` for our HOLD-C; its videos are drawn and packed first. The
index is synthetic: as many videos as Something-Something v2 has, with the reader's own tables, and
shards that all are one file with one picture.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, Self
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from showtell.data.samples import Request, VideoSplits
from showtell.data.videos import MANIFEST, VideosDataset, VideosDatasetSettings
from showtell.project import seeds
from showtell.project.files import write_json
from showtell.study.loading import load
from showtell.training import hold_c, video_batches
from showtell.training.video_batches import Batch, batches, numbers
from showtell.videos.reading.index import SCHEMA
from showtell.videos.reading.pack import OFFSETS, SIZES, VIDEOS, shard_path
from tests.bench.__main__ import ROOT
from tests.bench.apart import apart, peak_mb
from tests.videos import jobs

VIDEOS_DRAWN, STEPS, NOT_COUNTED = 100, 80, 10  # the first steps wait for the first batches
PUBLISHED_VIDEOS, FRAMES_A_VIDEO, VIDEOS_A_SHARD = 220_847, 45, 256
SAMPLES, MEMORY_BAR_MB, WAITING_BAR = 10_000, 1000, 0.10
SPLIT = ("train", "validation")


class Turn(NamedTuple):
    """One training: medians of its steps."""

    step_s: float
    waiting_s: float  # of a step, for its batch


def measure() -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        return [*training(Path(folder) / "people"), index(Path(folder) / "long")]


def training(
    folder: Path, videos: int = VIDEOS_DRAWN, steps: int = STEPS, skip: int = NOT_COUNTED
) -> list[dict[str, object]]:
    """Reading, augmenting and the step itself, made ahead as we do and one after the other."""
    parameters = load(ROOT, "mini")
    settings: Any = parameters.encoders["hold-c-ours"]
    recipe: Any = parameters.training["hold-c-ours"]
    recipe = recipe.model_copy(update={"steps": steps, "measured": 1})
    data, held_out = packed(folder, parameters.videos["people"].model_dump(), videos)

    def turn(ahead: type) -> Turn:
        ends: list[float] = []
        with timed_batches(ahead) as waits:
            hold_c.train_hold_c(
                *(settings, recipe, data, held_out, 0, ("bench",)),
                lambda step, values: ends.append(time.perf_counter()),
            )
        return Turn(statistics.median(np.diff(ends)[skip:]), statistics.mean(waits[skip:]))

    turns = [(turn(ThreadPoolExecutor), turn(Unhurried)) for _ in range(2)]
    ours, alone = (min(some, key=lambda one: one.step_s) for some in zip(*turns, strict=True))
    rate, rate_alone = (recipe.batch / one.step_s for one in (ours, alone))
    return [
        {
            "name": f"HOLD-C of `mini`, videos/s read, augmented and learned from "
            f"({recipe.frames_a_video} frames each, batch {recipe.batch})",
            "ours": f"{rate:.0f}",
            "reference": f"{rate_alone:.0f}, each batch made when its step asks for it",
            "ratio": f"{rate / rate_alone:.2f}",
        },
        {
            "name": "HOLD-C of `mini`, share of a step that waits for its batch (bar: below 10 %)",
            "ours": f"{ours.waiting_s / ours.step_s:.1%}",
            "reference": f"{WAITING_BAR:.0%} (the bar); {alone.waiting_s / alone.step_s:.1%} "
            "where nothing is made ahead",
            "ratio": "",
        },
    ]


def packed(folder: Path, kept: dict[str, Any], count: int) -> tuple[VideoSplits, VideoSplits]:
    """Videos of the drawn hand, as rules draw_videos and read_videos make them."""
    folder.mkdir()
    drawn = {"videos": count, "height": kept["height"]}
    packing = {key: kept[key] for key in ("short_side", "quality", "videos_a_shard")}
    jobs.read(folder, jobs.draw(folder, **drawn), **drawn, **packing)
    return splits(folder)


def splits(folder: Path) -> tuple[VideoSplits, VideoSplits]:
    """The dataset of a training on these shards."""
    dataset = VideosDataset(VideosDatasetSettings(kind="videos", videos="people"))
    return dataset.make(np.random.default_rng(0), Request(videos=folder))


class Unhurried:
    """In place of the thread that makes batches ahead: each is made when it is asked for."""

    def __init__(self, threads: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def submit(self, make: Callable[[int], Batch], step: int) -> SimpleNamespace:
        return SimpleNamespace(result=partial(make, step))


@contextmanager
def timed_batches(ahead: type) -> Iterator[list[float]]:
    """What the training waits for, in seconds a step."""
    waits: list[float] = []

    def timed(*args: Any, **settings: Any) -> Generator[Batch]:
        made = batches(*args, **settings)
        while True:
            begun = time.perf_counter()
            batch = next(made)
            waits.append(time.perf_counter() - begun)
            yield batch

    with (
        patch.object(hold_c, "batches", timed),
        patch.object(video_batches, "ThreadPoolExecutor", ahead),
    ):
        yield waits


def index(
    folder: Path, videos: int = PUBLISHED_VIDEOS, samples: int = SAMPLES
) -> dict[str, object]:
    """Opened and sampled as a training does, in a process of its own."""
    apart(write_tables, folder, videos)
    empty = apart(sampled, None, 0)
    megabytes = apart(sampled, folder, samples)
    return {
        "name": f"an index of {videos:,} videos, opened and sampled {samples:,} times: peak memory "
        f"of the process (bar: {MEMORY_BAR_MB} MB)",
        "ours": f"{megabytes:.0f} MB, of which {empty:.0f} MB are Python, Arrow and torch",
        "reference": f"{MEMORY_BAR_MB} MB (the bar)",
        "ratio": f"{MEMORY_BAR_MB / megabytes:.1f}",
    }


def write_tables(folder: Path, count: int) -> None:
    """What the reader opens: columns of every row, and each frame's place; one picture for all."""
    folder.mkdir()
    draws = np.random.default_rng(0)
    lengths = draws.integers(FRAMES_A_VIDEO // 2, FRAMES_A_VIDEO * 3 // 2 + 1, count, np.int32)
    firsts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)[:-1]])
    shards = np.arange(count, dtype=np.int32) // VIDEOS_A_SHARD
    kinds = draws.integers(0, 174, count)
    columns = {
        "id": [str(number) for number in range(count)],
        "split": [SPLIT[number % 8 == 7] for number in range(count)],
        "label": [f"Moving thing {number} away from thing {kind}" for number, kind in
                  enumerate(kinds)],
        "template": [f"Moving [something] away from [something] {kind}" for kind in kinds],
        "class_id": kinds.astype(np.int32),
        "placeholders": [[f"thing {number}", "another thing"] for number in range(count)],
        "frames": lengths,
        "fps": np.full(count, 12.0),
        "width": np.full(count, 48, np.int32),
        "height": np.full(count, 32, np.int32),
        "path": [f"20bn-something-something-v2/{number}.webm" for number in range(count)],
    }  # fmt: skip
    table = pa.table(columns, schema=SCHEMA)
    table = table.append_column("shard", pa.array(shards))
    pq.write_table(table.append_column("first", pa.array(firsts)), folder / VIDEOS)
    stream = BytesIO()
    Image.fromarray(draws.integers(0, 256, (32, 48, 3), np.uint8)).save(stream, format="JPEG")
    picture = stream.getvalue()
    total = int(lengths.sum())
    np.save(folder / OFFSETS, np.zeros(total, np.int64))
    np.save(folder / SIZES, np.full(total, len(picture), np.int32))
    (folder / "picture.jpg").write_bytes(picture)
    for shard in range(int(shards[-1]) + 1):
        shard_path(folder, shard).symlink_to("picture.jpg")
    write_json(folder / MANIFEST, {"note": "synthetic"})


def sampled(folder: Path | None, samples: int) -> float:
    """The peak of this process's memory, in MB, after so many videos; None: what is imported."""
    import torch

    torch.set_num_threads(1)
    if folder is None:
        return peak_mb()
    recipe: Any = load(ROOT, "mini").training["hold-c-ours"]
    data, _ = splits(folder)
    made = batches(
        data.videos,
        data.rows,
        videos_a_batch=(batch := min(50, samples)),
        frames=lambda length, draws: numbers(length, 4, "spread", draws),
        augmentation=recipe.augmentation,
        size=32,
        first=1,
        draws=lambda step: seeds.generator(0, "bench", step),
    )
    for _ in range(samples // batch):
        [data.videos.caption(int(video)) for video in next(made).videos]
    made.close()
    return peak_mb()
