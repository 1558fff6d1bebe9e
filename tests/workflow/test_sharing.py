"""Clone, pull, run: nothing to do; one changed value reruns only its dependents."""

import subprocess

import pytest

from tests.workflow.workspace import Workspace

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def shared(finished, tmp_path_factory):
    """A workspace whose results were pushed to a folder, and that folder."""
    folder = tmp_path_factory.mktemp("shared")
    workspace = finished.copy(folder / "author")
    remote = folder / "remote"
    done = workspace.showtell("share", "--scale", "smoke", "--remote", str(remote))
    assert done.returncode == 0, done.stdout + done.stderr
    workspace.git("add", "-A")
    workspace.git("commit", "-q", "-m", "Share the results")
    return workspace, remote


def test_a_clone_that_pulls_has_nothing_to_do(shared, tmp_path):
    author, remote = shared
    subprocess.run(["git", "clone", "-q", str(author.root), str(tmp_path / "reader")], check=True)
    reader = Workspace(tmp_path / "reader")
    done = reader.showtell("pull", "--scale", "smoke", "--remote", str(remote))
    assert done.returncode == 0, done.stdout + done.stderr
    assert reader.pending() == set()
    reader.override(**{"papers__vlm_rm__experiments__cartpole__studies__epic__states": 50})
    assert {job[0] for job in reader.pending()} == {"measure", "compare", "figure", "report"}


# `make faults` cuts files of every kind of job short, in seconds.
@pytest.mark.parametrize("damage", ["flip", pytest.param("truncate", marks=pytest.mark.slow)])
def test_a_damaged_artifact_is_refused_by_name(shared, tmp_path, damage):
    author, remote = shared
    damaged = tmp_path / "remote"
    subprocess.run(["cp", "-r", str(remote), str(damaged)], check=True)
    policy = author.cell("text-alpha0.5") / "policy.safetensors"
    _damage(damaged, policy.read_bytes(), damage)
    subprocess.run(["git", "clone", "-q", str(author.root), str(tmp_path / "reader")], check=True)
    reader = Workspace(tmp_path / "reader")
    done = reader.showtell("pull", "--scale", "smoke", "--remote", str(damaged))
    assert done.returncode != 0
    assert "text-alpha0.5/seed0/train/policy.safetensors" in done.stdout + done.stderr


def _damage(remote, content: bytes, damage: str) -> None:
    for path in remote.rglob("*"):
        if path.is_file() and path.read_bytes() == content:
            path.chmod(0o644)
            middle = len(content) // 2
            flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            path.write_bytes(flipped if damage == "flip" else content[:middle])
            return
    raise AssertionError("the policy is not in the remote")
