"""The files that videos are read from, as inputs of the workflow."""

from pathlib import Path
from typing import TYPE_CHECKING

from showtell.project.errors import UserError

if TYPE_CHECKING:  # a study is read by the names of its parts, this module among them
    from showtell.study.grid import Grid

ARCHIVE = ("20bn-something-something-v2-00.zip", "20bn-something-something-v2-01.zip", "labels.zip")


def files(grid: "Grid", root: Path, replicate: str, videos: str) -> list[str]:
    """A drawn archive, or one's own videos one by one; of Something-Something v2 none.

    Its 220,847 videos never change, and Snakemake would read all of them at each start.
    """
    settings = grid.parameters.videos[videos]
    if settings.drawn:
        return [f"results/{replicate}/videos/{videos}/archive/{name}" for name in ARCHIVE]
    assert settings.source is not None
    if settings.kind != "own_folder":
        return []
    from showtell.videos.reading.layout import own_videos

    if not (root / settings.source).is_dir():
        if (root / f"results/{replicate}/videos/{videos}/shards.json").exists():
            return []  # a colleague's results may come without the videos
        raise UserError(
            f"videos.{videos}.folder names {settings.source}, which does not exist; put the "
            "videos there, or correct the path in params.yaml."
        )
    found, _ = own_videos(root / settings.source, 0)
    return [(settings.source / video.path).as_posix() for video in found]
