"""The rollouts of a measurement, played again: those of the highest and lowest score on video."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from showtell.jobs.parts import Job, view, world_of
from showtell.media.video import write_video
from showtell.rendering.pool import RenderPool
from showtell.rendering.scene import Snapshots
from showtell.report.graphics import video
from showtell.results.table import Table
from showtell.studies import alignment, known_rollouts
from showtell.studies.rollouts import film_view

_EACH = 2  # best, and worst
_LONGEST = 100  # frames of a video


class Shown(NamedTuple):
    """One rollout on the page."""

    title: str
    score: float
    success: bool
    source: str | None  # a data URI


def shown(job: Job, table: Table, method: str, own: str) -> list[Shown]:
    """The best and the worst of one method, from the job that measured them."""
    world = world_of(job["task"])
    rows, snapshots = _rollouts(job, world, table, method, own)
    scores = np.array([row[1] for row in rows])
    order = np.argsort(-scores, kind="stable")
    picked = [*order[:_EACH], *order[-_EACH:]]
    size = film_view(view(job, job["picture"]))
    with RenderPool(world.scene, world.scene_settings()) as pool, TemporaryDirectory() as folder:
        found = []
        for place, number in enumerate(map(int, picked)):
            name, score, success = rows[number]
            kept = _thinned(snapshots[number])
            path = Path(folder) / f"{place}.mp4"
            write_video(path, pool.draw(kept, size), 25)
            found.append(Shown(name, float(score), success, video(path)))
    return found


def _rollouts(
    job: Job, world: Any, table: Table, method: str, own: str
) -> tuple[list[tuple[str, float, bool]], Snapshots]:
    """(what it is, its score, whether it succeeded) of each rollout, and what draws them."""
    study, address = job["study"], tuple(job["address"])
    if study["kind"] == "alignment":
        rows = table.where(method=method, text=own)
        noises = np.linspace(1.0, 0.0, study["episodes"])
        played = alignment.play(world, noises, job["root"], address)
        names = [f"script with {round(100 * noise)} % noise" for noise in noises]
        numbers = zip(names, rows.numbers("score"), rows.numbers("success"), strict=True)
        return [(name, score, success > 0.5) for name, score, success in numbers], played.snapshots
    known = known_rollouts.Known.model_validate(study["rollouts"])
    again = known_rollouts.play(world, known, job["root"], address)
    rows = table.where(method=method, scene="same")
    ends = dict(
        zip(
            zip(rows.column("kind"), rows.column("rollout"), strict=True),
            rows.numbers("end"),
            strict=True,
        )
    )
    named = list(zip(again.kinds, again.numbers, again.successes, strict=True))
    return [
        (_KINDS[kind], -ends[kind, str(number)], bool(success)) for kind, number, success in named
    ], again.snapshots


def curves(table: Table, method: str) -> Iterator[tuple[str, bool, NDArray[np.float64]]]:
    """(kind, whether it succeeded, distance to the goal at its moments) of some rollouts."""
    rows = table.where(method=method, scene="same")
    cells = zip(rows.column("kind"), rows.column("success"), rows.column("distances"), strict=True)
    for kind, success, cell in cells:
        if kind in _KINDS:
            yield _KINDS[kind], success == "1", np.array([float(value) for value in cell.split()])


def _thinned(snapshots: Snapshots) -> Snapshots:
    if len(snapshots) <= _LONGEST:
        return snapshots
    return snapshots[np.linspace(0, len(snapshots) - 1, _LONGEST).round().astype(np.intp)]


_KINDS = {
    "script": "the script", "noisy": "the script with noise", "stalled": "stops on its way",
    "miss": "a miss", "drifting": "one direction", "random": "random actions",
}  # fmt: skip
