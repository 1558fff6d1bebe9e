"""The files of a user that demonstrations are made from: inputs of the workflow, by content."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from showtell.demos.file import FileSettings
from showtell.media.clips import stills
from showtell.project.errors import UserError

if TYPE_CHECKING:  # a study is read by the names of its parts, this module among them
    from showtell.study.grid import Grid


def files(grid: "Grid", root: Path, demo: str, task: str) -> list[str]:
    """The files that one job reads: a clip, or the pictures of a folder; none for other kinds."""
    settings = grid.parameters.demos[demo]
    if not isinstance(settings, FileSettings) or task not in settings.files:
        return []
    path = Path(settings.files[task])
    if (root / path).is_dir():
        # One by one: Snakemake does not look at the content of a folder.
        return [(path / picture.name).as_posix() for picture in stills(root / path)]
    return [path.as_posix()]


def refuse_missing(grid: "Grid", root: Path, replicate: str) -> None:
    """Stop at a file that a demonstration of this replicate is still to be made from."""
    for demo, task in sorted(set(_used(grid))):
        if (root / f"results/{replicate}/demos/{demo}/{task}/demo.npz").exists():
            continue  # a colleague's results may come without the video
        for file in files(grid, root, demo, task):
            if not (root / file).exists():
                raise UserError(
                    f"demos.{demo}.files.{task} names {file}, which does not exist; "
                    "put the clip there, or correct the path in params.yaml."
                )


def _used(grid: "Grid") -> Iterator[tuple[str, str]]:
    """(demo, task) of every demonstration that the grid makes."""
    for paper, name, experiment in grid.experiments():
        yield from grid.demos_of(paper, name)
        for study in experiment.studies:
            for task in grid.study_tasks(paper, name, study):
                shown = (
                    grid.demo_of_goal(*t) for t in grid.study_targets(paper, name, task, study)
                )
                yield from (pair for pair in shown if pair is not None)
