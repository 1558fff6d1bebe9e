"""One process of a training that torch's launcher started: `-m tests.training.several`."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from showtell.project.checkpoints import Resume
from showtell.training import state
from showtell.training.devices import joined
from tests.training.test_hold_r import PUBLISHED, train

SETTINGS = PUBLISHED | {"steps": 8, "batch": 8, "measured": 2}
KIND = "resnet"


def main(folder: Path, dies_at: int) -> None:
    """The second process dies after this step; the first one has a checkpoint of each other one."""
    state._CHECKPOINT_EVERY = 2
    with joined(os.environ) as place:

        def progress(step, values):
            if place.rank == 1 and step == dies_at:
                os._exit(9)

        held = Resume(folder / ".resume", "several") if place.first else nullcontext()
        with held as resume:
            trained = train(KIND, resume, progress, **SETTINGS)
    weights = state.weights_of(trained.encoder._model)
    np.savez(folder / f"rank{place.rank}.npz", losses=trained.losses, **weights)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
