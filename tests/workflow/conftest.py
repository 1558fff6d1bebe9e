import pytest

from tests.workflow.workspace import Workspace


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Workspace:
    """A clone in which the smoke scale has run to its end, once a session. Do not change it."""
    workspace = Workspace.clone(tmp_path_factory.mktemp("finished") / "showtell")
    done = workspace.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    return workspace


@pytest.fixture
def workspace(finished, tmp_path) -> Workspace:
    """A private copy of the finished clone."""
    return finished.copy(tmp_path / "showtell")
