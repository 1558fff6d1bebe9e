"""Snakemake's main process stays out of the jobs' way."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow
JOBS = 12
SNAKEFILE = f"""
from pathlib import Path
from showtell.project.foreign.snakemake import schedule_when_jobs_end

LOOKS = []


def counted(select):
    return lambda jobs: LOOKS.append(len(jobs)) or select(jobs)


rule all:
    input: expand("{{number}}.done", number=range({JOBS})),


rule one:
    output: "{{number}}.done",
    shell: "sleep 0.5; touch {{output}}"


onstart:
    schedule_when_jobs_end(workflow)
    workflow.scheduler.job_selector = counted(workflow.scheduler.job_selector)


onsuccess:
    Path("looks").write_text(str(len(LOOKS)))
"""


def test_jobs_are_looked_for_when_one_has_ended_and_not_in_between(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("snakemake")), "--cores", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # With Snakemake's own limit of job starts a second: 22 here, and ever more a second.
    assert 1 <= int((tmp_path / "looks").read_text()) <= JOBS + 2
