"""Makes the demonstrations of one task: the file, a video of them, and a strip of frames."""

import os
from pathlib import Path
from typing import Any

from showtell.demos.demo import Demo, Demonstrator, Request
from showtell.demos.previews import film, strip
from showtell.jobs.parts import built, view, world_of
from showtell.media.frames import write_png
from showtell.media.video import write_video
from showtell.project.files import replacing


def run(job: dict[str, Any], inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Inputs: the files of a user's own clip. Outputs: demo, film, strip.

    Clips from the web are kept in SHOWTELL_CACHE.
    """
    demonstrator: Demonstrator = built("demos", job["demo"])
    request = Request(
        task=job["task"]["name"],
        view=view(job, job["picture"]),
        frames=job["frames"],
        make_world=lambda: world_of(job["task"]),
        root=job["root"],
        address=tuple(job["address"]),
        cache=Path(os.environ.get("SHOWTELL_CACHE") or Path.home() / ".cache" / "showtell"),
    )
    demo: Demo = demonstrator.demonstrate(request)
    with replacing(outputs["film"]) as temporary:
        write_video(temporary, *film(demo, request))
    with replacing(outputs["strip"]) as temporary:
        write_png(temporary, strip(demo))
    demo.save(outputs["demo"])
