"""Trainings and studies as jobs of a real Slurm, one of which is killed."""

import json
import subprocess
import sys
import time

import pytest

from showtell.project.tracking.live import FILE
from tests.cluster.slurm import Cluster, cluster, missing
from tests.workflow.workspace import Workspace

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        bool(missing()),
        reason=f"no {', '.join(missing())}: apt-get install slurmctld slurmd slurm-client munge",
    ),
]
CLAIMS = "results/smoke/vlm_rm/cartpole/compare/claims.json"
_WAIT_S = 1800.0


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """Two trainings at a time: the profile gives each of them eight processes that draw."""
    with cluster(tmp_path_factory.mktemp("slurm") / "one", cpus=16) as running:
        yield running


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace.clone(tmp_path / "showtell")


def run(workspace: Workspace, one: Cluster, *arguments: str) -> "subprocess.Popen[str]":
    """The workflow, as the documents say, on a cluster without accounting."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "snakemake", "--nocolor"),
            *("--workflow-profile", "workflow/profiles/slurm", "--slurm-no-account"),
            *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"),
            *arguments,
        ],
        cwd=workspace.root,
        env=workspace.environment | one.environment_of(workspace.environment),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_a_killed_job_is_repaired_by_the_next_run_with_the_same_bits(workspace, one):
    workspace.override(**{"learners__dqn-cartpole__steps": 12_000})
    folder = workspace.cell("zero")
    target = f"{folder.relative_to(workspace.root)}/evaluation/episodes.csv"
    arguments = ("--retries", "0", "--config", "scale=smoke", "--", target)
    first = run(workspace, one, *arguments)
    deadline = time.monotonic() + _WAIT_S
    # Past the first checkpoint, at step 800.
    while not (folder / FILE).exists() or '"step": 1200' not in (folder / FILE).read_text():
        assert first.poll() is None, first.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    job = json.loads((folder / FILE).read_text().split("\n")[1])  # after an empty line
    (number,) = one.jobs()
    asked = one.ask("scontrol", "show", "job", number)
    assert "NumCPUs=8" in asked
    assert "TimeLimit=01:00:00" in asked
    assert "gpu" not in asked, "the zero reward needs none"
    one.ask("scancel", "--signal=KILL", "--full", number)
    said = first.communicate()[0]
    assert first.returncode != 0, said
    assert not (folder / "policy.safetensors").exists()
    assert job["run"]["name"].endswith("zero/seed0/train/train")

    second = run(workspace, one, *arguments)
    said = second.communicate()[0]
    assert second.returncode == 0, said
    record = json.loads((folder / "provenance.json").read_text())
    assert record["resumed"] >= 1
    assert int(record["batch_job"]) > int(number), "the second job ended it"

    alone = workspace.copy(workspace.root.parent / "alone")
    subprocess.run(["rm", "-rf", str(alone.root / "results/smoke"), str(alone.root / ".snakemake")])
    done = alone.snakemake(target)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("policy.safetensors", "progress.csv", "evaluation/episodes.csv"):
        assert (folder / name).read_bytes() == (alone.cell("zero") / name).read_bytes(), name


@pytest.mark.slow
def test_an_experiment_runs_as_jobs(workspace, one):
    done = run(workspace, one, "--config", "scale=smoke", "--", CLAIMS)
    said = done.communicate()[0]
    assert done.returncode == 0, said
    assert (workspace.root / CLAIMS).exists()
    ran = list((workspace.root / "results/smoke").rglob("*.benchmark.jsonl"))
    assert len(ran) == 23
