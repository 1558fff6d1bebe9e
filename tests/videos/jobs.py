"""The jobs of videos as the workflow runs them, on a few small ones."""

from pathlib import Path

from showtell.jobs import draw_videos, read_videos

DRAWN = {"kind": "drawn_hand", "videos": 20, "height": 48}
KEPT = {"short_side": 40, "quality": 90, "videos_a_shard": 8}
JOB = {"root": 0, "address": ["videos", "people"]}
ARCHIVE = {
    "part0": "20bn-something-something-v2-00.zip",
    "part1": "20bn-something-something-v2-01.zip",
    "labels": "labels.zip",
}
READ = {
    "index": "index.parquet",
    "videos": "videos.parquet",
    "offsets": "offsets.npy",
    "sizes": "sizes.npy",
    "quarantine": "quarantine.csv",
    "counts": "counts.csv",
    "shards": "shards.json",
}


def outputs(folder: Path, names: dict[str, str]) -> dict[str, Path]:
    return {output: folder / name for output, name in names.items()}


def draw(folder: Path, **changes) -> list[Path]:
    """Draw an archive, as rule draw_videos does."""
    made = outputs(folder / "archive", ARCHIVE)
    draw_videos.run(JOB | {"videos": DRAWN | changes}, {}, made)
    return list(made.values())


def read(folder: Path, files: list[Path], **changes) -> dict[str, Path]:
    """Read them, as rule read_videos does."""
    made = outputs(folder, READ)
    folder.mkdir(exist_ok=True)
    read_videos.run(JOB | {"videos": DRAWN | KEPT | changes}, {"files": files}, made)
    return made
