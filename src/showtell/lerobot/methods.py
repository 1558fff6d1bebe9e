"""The specification and the files of a method's reward, by its names in params.yaml."""

import json
from pathlib import Path

from showtell.jobs.parts import Inputs, Job
from showtell.project.errors import UserError, nearest
from showtell.study import inputs as files
from showtell.study.grid import TRAIN, Cell, Grid
from showtell.study.loading import load, replicate
from showtell.study.specifications import Specifications


def of_method(
    root: Path, scale: str, study: Path | None, paper: str, experiment: str, task: str, method: str
) -> tuple[Job, Inputs]:
    """The job of its training with seed 0, and the files that its reward is built from."""
    asked = replicate(root, scale)
    grid = Grid(load(root, asked.scale, study, seed=asked.seed))
    cell = Cell(paper, experiment, task, method, 0)
    grid.variant(cell)  # names the nearest of an unknown method
    tasks = grid.experiment(paper, experiment).tasks
    if task not in tasks:
        raise UserError(f"{paper}/{experiment} has no task {task!r}; {nearest(task, tasks)}")
    needs, made = grid.reward(cell).needs(), files.Inputs(grid, asked.name)
    found = {
        "targets": made.targets_of_training(cell, TRAIN),
        "encoders": made.encoders(needs, "model.safetensors"),
        "networks": made.encoders(needs, "model.json"),
    }
    paths = {kind: [root / path for path in of] for kind, of in found.items()}
    missing = [path for of in paths.values() for path in of if not path.exists()]
    if missing:
        names = " ".join(path.relative_to(root).as_posix() for path in missing)
        raise UserError(
            f"{missing[0].relative_to(root)} is not there yet; make it with: make reproduce "
            f"SCALE={scale} TARGETS='{names}'" + (f" STUDY={study}" if study else "")
        )
    job: Job = json.loads(Specifications(grid).training(cell, TRAIN))
    return job, paths
