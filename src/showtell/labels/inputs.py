"""The labels that a study reads: an input of the workflow, which a person makes."""

from pathlib import Path
from typing import TYPE_CHECKING

from showtell.labels.table import FILE
from showtell.project.errors import UserError
from showtell.study.layout import Layout

if TYPE_CHECKING:
    from showtell.study.grid import Grid


def files(
    grid: "Grid", replicate: str, paper: str, experiment: str, task: str, study: str
) -> list[str]:
    """The labels of frames that one study reads on one task; for most studies none."""
    if not grid.study(paper, experiment, study).reads_labels:
        return []
    return [str(Layout.of(replicate).labels(task, "frames") / FILE)]


def refuse_missing(grid: "Grid", root: Path, replicate: str) -> None:
    """Stop where a study that is still to be measured reads labels that are not there."""
    for paper, name, experiment in grid.experiments():
        for study in experiment.studies:
            for task in grid.study_tasks(paper, name, study):
                if (root / Layout.of(replicate).study(paper, name, task, study)).exists():
                    continue
                for file in files(grid, replicate, paper, name, task, study):
                    if not (root / file).exists():
                        raise UserError(
                            f"{paper}.experiments.{name}.studies.{study} is measured against "
                            f"labels by people, and {file} does not exist. `make label TASK={task} "
                            "KIND=frames` collects them, from finished evaluations; until then "
                            "set against: criteria."
                        )
