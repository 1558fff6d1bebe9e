"""Any process may be killed at any moment; the next run ends with the same numbers."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from showtell.project.files import read_json, sha256
from tests.workflow.workspace import Workspace, kill_group

pytestmark = pytest.mark.workflow
RESULTS = Path("results/smoke")
CARTPOLE = RESULTS / "vlm_rm/cartpole/cartpole/text-alpha0.5/seed0/train"
GAIL = RESULTS / "roboclip/language/drawer-close/gail/seed0"
ENCODER, DEMO = RESULTS / "models/clip", RESULTS / "demos/scripted/drawer-close"
TRAININGS = {"DQN": CARTPOLE, "PPO": GAIL / "train", "fine-tuning": GAIL / "true-reward"}
EVALUATIONS = [CARTPOLE / "evaluation", GAIL / "true-reward/evaluation"]
TARGETS = [f"{folder}/episodes.csv" for folder in EVALUATIONS]


def wait_for(condition, *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the training never got there"
        time.sleep(0.02)


def test_a_kill_in_each_kind_of_job_changes_no_byte(workspace, finished):
    folders = [*TRAININGS.values(), ENCODER, DEMO]
    for folder in folders:
        shutil.rmtree(workspace.root / folder)
    left, chance = {"demonstration", "encoder", *TRAININGS}, random.Random(7)
    while left:
        process = workspace.start("--nolock", "--", *TARGETS)
        while not (hit := under_way(workspace) & left):
            assert process.poll() is None, f"the workflow ended before a kill in {left}"
            time.sleep(0.02)
        if hit == {"demonstration"}:  # it has only just begun
            time.sleep(chance.uniform(0.5, 2.0))
        kill_group(process)
        left -= hit
    done = workspace.snakemake("--nolock", "--", *TARGETS)
    assert done.returncode == 0, done.stdout + done.stderr

    for folder in TRAININGS.values():
        assert read_json(workspace.root / folder / "provenance.json")["resumed"] >= 1
        assert not (workspace.root / folder / ".resume").exists()
    made = [path for at in (*folders, *EVALUATIONS) for path in results(finished.root / at)]
    assert {"policy.safetensors", "rollout.mp4", "demo.npz", "model.safetensors"} <= {
        path.name for path in made
    }
    for path in made:
        again = workspace.root / path.relative_to(finished.root)
        assert sha256(again) == sha256(path), again


def under_way(workspace: Workspace) -> set[str]:
    """What a kill would hit now: trainings that have a checkpoint, and jobs that have begun."""
    trainings = {name: workspace.root / at / ".resume" for name, at in TRAININGS.items()}
    found = {name for name, resume in trainings.items() if any(resume.glob("[0-9]*.json"))}
    begun = {
        "encoder": ENCODER / ".resume/live.jsonl",
        "demonstration": DEMO / "demonstrate.log",
    }
    return found | {name for name, file in begun.items() if (workspace.root / file).exists()}


def results(folder: Path) -> list[Path]:
    """The files of one folder that hold no time."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return [f for f in files if f.name != "provenance.json" and f.suffix not in (".log", ".jsonl")]


def test_an_orphan_trainer_is_named_not_raced(workspace):
    workspace.override(**{"learners__dqn-cartpole__steps": 200_000})  # it outlives the second run
    process = workspace.start("--nolock", "--", TARGETS[0])
    wait_for(lambda: (workspace.root / CARTPOLE / ".resume/live.jsonl").exists())
    trainer = _trainer(process.pid)
    os.kill(trainer, signal.SIGSTOP)  # it cannot end by itself, as it would within a second
    process.kill()
    process.wait()
    try:
        done = workspace.snakemake("--nolock", "--", TARGETS[0])
        assert done.returncode != 0
        assert str(trainer) in done.stdout + done.stderr
        assert "kill" in done.stdout + done.stderr
    finally:
        subprocess.run(["kill", "-9", str(trainer)], check=False)


def _trainer(parent: int) -> int:
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
    page = (workspace.root / "results/smoke/report/vlm_rm.html").read_text()
    assert "2 of 3 seeds" in page
    (broken / ".resume").unlink()
    done = workspace.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    page = (workspace.root / "results/smoke/report/vlm_rm.html").read_text()
    assert "2 of 3 seeds" not in page
