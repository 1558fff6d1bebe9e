"""The profiles of clusters can be read, and each job asks for what its specification needs."""

import subprocess
import sys

import pytest

from showtell.project.foreign.snakemake import booked
from tests.workflow.workspace import REPOSITORY

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("profile", ["slurm", "kubernetes"])
def test_a_profile_dry_runs_and_every_job_says_what_it_needs(profile):
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "--nocolor"]
    command += ["--workflow-profile", f"workflow/profiles/{profile}", "--config", "scale=smoke"]
    done = subprocess.run(
        [*command, "--forceall", "--", "results/smoke/vlm_rm/cartpole/compare/claims.json"],
        cwd=REPOSITORY,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    jobs = booked(done.stdout + done.stderr)
    # Of the profile, whatever number of cores the machine has that submits.
    assert {job.threads for job in jobs if job.rule == "train"} == {8}
    assert {job.threads for job in jobs if job.rule == "compare"} == {1}
    assert all(job.mem_mb >= 2000 and job.runtime >= 60 and job.gpu == 0 for job in jobs)
