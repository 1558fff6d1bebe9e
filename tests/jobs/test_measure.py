import signal
import subprocess

import numpy as np
import pytest

from showtell.demos.demo import Demo
from tests.jobs.jobs import CONTROLS, files, finish, here, start

TABLE = ("study.csv", "study.npz")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A rollout as a file: 16 steps of the drawer world."""
    actions = np.random.default_rng(0).uniform(-1, 1, (1, 16, 4)).astype(np.float32)
    made = Demo(
        frames=np.zeros((1, 1, 2, 2, 3), dtype=np.uint8),
        about={},
        observations=np.zeros((1, 17, 40), dtype=np.float32),
        actions=actions,
        true_rewards=np.zeros((1, 16), dtype=np.float32),
        successes=np.zeros((1, 16), dtype=np.bool_),
        snapshots=np.zeros((1, 17, 1)),
    )
    path = tmp_path_factory.mktemp("demo") / "demo.npz"
    made.save(path)
    return path


def test_controls_that_were_killed_give_the_same_bytes_when_they_run_again(demo, tmp_path):
    here("measure", CONTROLS, tmp_path / "whole", demos=demo)
    killed = start("measure", CONTROLS, tmp_path / "run", demos=demo)
    with pytest.raises(subprocess.TimeoutExpired):
        killed.wait(timeout=1)
    killed.kill()
    finish(killed, code=-signal.SIGKILL)
    assert not (tmp_path / "run/study.csv").exists()
    finish(start("measure", CONTROLS, tmp_path / "run", demos=demo))
    assert files(tmp_path / "run", TABLE) == files(tmp_path / "whole", TABLE)
    lines = (tmp_path / "run/study.csv").read_text().splitlines()
    assert len(lines) == 1 + 7 * 3
