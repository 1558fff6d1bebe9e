"""Draws videos of a hand, and writes them in the files of Something-Something v2."""

import shutil
from pathlib import Path
from typing import Any

from showtell.jobs.parts import Inputs, settings_of
from showtell.project import seeds
from showtell.project.checkpoints import Resume, identity
from showtell.project.tracking.live import live_run


def run(job: dict[str, Any], inputs: Inputs, outputs: dict[str, Path]) -> dict[str, Any]:
    """Outputs: the two parts of the archive, and its labels."""
    from showtell.videos.hands import archive

    # The archive's own fields alone: how its frames are kept is not decided here.
    kept = {"short_side": 1, "quality": 1, "videos_a_shard": 1}
    settings: Any = settings_of("videos", kept | job["videos"])
    folder = outputs["labels"].parent
    parts = sum(name.startswith("part") for name in outputs)
    with Resume(folder.parent / ".resume", identity(job, inputs)) as resume:
        drawn = resume.folder / "drawn"
        if not resume.resumed:  # those of other settings
            shutil.rmtree(drawn, ignore_errors=True)
        root = seeds.seed(job["root"], *job["address"])
        written = archive.write(folder, drawn, settings.videos, settings.height, parts, root)
        with live_run(job, folder.parent, steps=settings.videos, job_name="draw_videos") as sink:
            for count in written:
                sink(count, {})
        resume.finish()
    return {"resumed": resume.resumed}
