import os

import pytest
from filelock import FileLock

from tests.workflow.workspace import Workspace


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Workspace:
    """A clone in which the smoke scale has run to its end, once a session. Do not change it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # shared by the workers: one of them runs it, the others wait
    workspace = Workspace(base / "finished" / "showtell")
    with FileLock(base / "finished.lock"):
        if not (base / "finished" / "done").exists():
            workspace = Workspace.clone(workspace.root)
            done = workspace.snakemake()
            assert done.returncode == 0, done.stdout + done.stderr
            (base / "finished" / "done").touch()
    return workspace


@pytest.fixture
def workspace(finished, tmp_path) -> Workspace:
    """A private copy of the finished clone."""
    return finished.copy(tmp_path / "showtell")
