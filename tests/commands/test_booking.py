"""The table of `make plan PROFILE=…`, from what a dry run says of each job."""

import subprocess
from pathlib import Path

import pytest

from showtell.commands.booking import booking
from showtell.project.errors import UserError
from showtell.project.foreign import snakemake

ROOT = Path(__file__).resolve().parents[2]
SAID = """Building DAG of jobs...

[Thu Nov 26 18:47:54 2026]
rule train:
    output: results/paper/a
    threads: 8
    resources: tmpdir=<TBD>, mem_mb=44000, mem=44 GB, mem_mib=41962, runtime=2160, gpu=1

rule train:
    output: results/paper/b
    threads: 8
    resources: tmpdir=<TBD>, mem_mb=6500, mem=6.5 GB, mem_mib=6199, runtime=60, gpu=0

rule figure:
    output: results/paper/c
    resources: tmpdir=<TBD>, mem_mb=2500, mem=2.5 GB, mem_mib=2385, runtime=60, gpu=0

localrule all:
    input: results/paper/a
    resources: tmpdir=<TBD>
"""


def said(monkeypatch, text: str) -> None:
    done = subprocess.CompletedProcess([], 0, text, "")
    monkeypatch.setattr(snakemake, "dry_run", lambda *arguments: done)


def test_jobs_gpu_hours_and_limits_stand_rule_by_rule(monkeypatch):
    said(monkeypatch, SAID)
    text = booking(ROOT, "paper", "slurm")
    train = next(line.split() for line in text.splitlines() if line.strip().startswith("train "))
    assert train == ["train", "2", "1", "8", "6.5", "to", "44", "GB", "1", "to", "36", "h", "36"]
    assert "3 jobs to submit" in text
    assert "At most 36 GPU-hours and 297 core-hours" in text  # 8 x 37 + 1


def test_nothing_to_do_is_said(monkeypatch):
    said(monkeypatch, "Nothing to be done (all requested files are present and up to date).")
    assert "nothing to do" in booking(ROOT, "paper", "slurm")


def test_a_profile_that_does_not_exist_is_named_with_the_nearest():
    with pytest.raises(UserError, match="did you mean 'slurm'"):
        booking(ROOT, "smoke", "slrm")
