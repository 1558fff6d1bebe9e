"""Reads videos of people once: checks, unpacks, indexes and packs them, and lists the bad ones."""

import shutil
from pathlib import Path
from typing import Any

from showtell.jobs.parts import Inputs, settings_of
from showtell.rendering.pool import processes
from showtell.study.settings import VideosSettings


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> dict[str, Any]:
    """Inputs: files, of an archive or of one's own. Outputs: index, shards, quarantine, counts."""
    from showtell.videos.reading.labels import FOLDER
    from showtell.videos.reading.layout import LABELS, MARK
    from showtell.videos.reading.pack import Packing
    from showtell.videos.reading.whole import read

    settings = settings_of("videos", job["videos"])
    assert isinstance(settings, VideosSettings)
    archive = settings.source or inputs["files"][0].parent
    workers = processes()
    found = read(
        archive,
        outputs["shards"].parent,
        Packing(settings.short_side, settings.quality, settings.videos_a_shard),
        settings.held_out,
        settings.note,
        workers if workers > 1 else 0,
    )
    if settings.drawn:  # its parts hold the videos, its shards their frames
        # The mark first: a run after a kill here must not take what is left for the whole.
        (archive / MARK).unlink(missing_ok=True)
        shutil.rmtree(archive / FOLDER, ignore_errors=True)
        shutil.rmtree(archive / LABELS, ignore_errors=True)
    return {"videos": found.videos, "refused": found.refused}
