"""Any process may be killed at any moment; the next run ends with the same numbers."""

import random
import subprocess
import time

import pytest

from showtell.project.files import sha256
from tests.workflow.workspace import Workspace, kill_group

pytestmark = pytest.mark.workflow
CELL = "results/smoke/vlm_rm/cartpole/cartpole/text-alpha0.5/seed0/train"
RESULTS = (
    f"{CELL}/policy.safetensors",
    f"{CELL}/policy.json",
    f"{CELL}/progress.csv",
    f"{CELL}/metrics.json",
    f"{CELL}/evaluation/episodes.csv",
    f"{CELL}/evaluation/rollout.mp4",
)
TARGET = f"{CELL}/evaluation/episodes.csv"


@pytest.fixture
def longer(workspace) -> Workspace:
    """A training long enough to be hit several times, checkpointed often."""
    workspace.override(
        **{
            "learners__dqn-cartpole__steps": 8000,
            "learners__dqn-cartpole__checkpoint_every": 800,
        }
    )
    return workspace


def wait_for(condition, *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the training never got there"
        time.sleep(0.02)


def test_three_kills_change_no_number(longer, tmp_path):
    undisturbed = longer.copy(tmp_path / "undisturbed")
    done = undisturbed.snakemake(TARGET)
    assert done.returncode == 0, done.stdout + done.stderr

    chance = random.Random(7)
    resume = longer.root / CELL / ".resume"
    for _ in range(3):
        process = longer.start(TARGET)
        wait_for(lambda p=process: (resume / "live.jsonl").exists() or p.poll() is not None)
        time.sleep(chance.uniform(0.2, 2.0))
        kill_group(process)
        longer.snakemake("--unlock")
    done = longer.snakemake(TARGET)
    assert done.returncode == 0, done.stdout + done.stderr

    for name in RESULTS:
        assert sha256(longer.root / name) == sha256(undisturbed.root / name), name
    assert not resume.exists()


def test_an_orphan_trainer_is_named_not_raced(longer):
    longer.override(**{"learners__dqn-cartpole__steps": 200_000})  # it outlives the second run
    process = longer.start(TARGET)
    resume = longer.root / CELL / ".resume"
    wait_for(lambda: (resume / "live.jsonl").exists())
    trainer = _trainer(process.pid)
    process.kill()  # Snakemake alone: its trainer lives on
    process.wait()
    longer.snakemake("--unlock")
    try:
        done = longer.snakemake(TARGET)
        assert done.returncode != 0
        assert str(trainer) in done.stdout + done.stderr
        assert "kill" in done.stdout + done.stderr
    finally:
        subprocess.run(["kill", "-9", str(trainer)], check=False)


def _trainer(parent: int) -> int:
    import psutil

    for child in psutil.Process(parent).children(recursive=True):
        command = child.cmdline()
        if "showtell" in command and "train" in command and "python" in command[0]:
            return child.pid
    raise AssertionError("no trainer found")


def test_one_failing_seed_leaves_the_others_and_a_report(workspace):
    workspace.override(
        papers__vlm_rm__experiments__cartpole__seeds=3,
    )
    broken = workspace.cell("zero", seed=2)
    broken.mkdir(parents=True)
    (broken / ".resume").write_text("a file where a folder should be")
    done = workspace.snakemake()
    assert done.returncode != 0
    for method in ("text-alpha0.5", "ground-truth"):
        assert (workspace.cell(method, seed=2) / "evaluation/episodes.csv").exists()
    page = (workspace.root / "results/smoke/report.html").read_text()
    assert "2 of 3 seeds" in page
    (broken / ".resume").unlink()
    done = workspace.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    page = (workspace.root / "results/smoke/report.html").read_text()
    assert "2 of 3 seeds" not in page
