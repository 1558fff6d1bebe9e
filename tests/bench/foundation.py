"""Foundation: how soon jobs start, what a second run and a checkpoint cost.

Runs the smoke scale in a throw-away clone; the bars are the project's own.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from showtell.study.grid import Cell, Grid
from showtell.study.loading import load
from showtell.study.specifications import Specifications
from tests.workflow.workspace import REPOSITORY, Workspace

RUNS = 3


def measure() -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.clone(Path(folder) / "showtell")
        began = time.perf_counter()
        done = workspace.snakemake()
        assert done.returncode == 0, done.stdout + done.stderr
        whole = time.perf_counter() - began
        seconds = [_seconds(workspace) for _ in range(RUNS)]
        zero = [_start(workspace, "zero") for _ in range(RUNS)]
        text = [_start(workspace, "text-alpha0.5") for _ in range(RUNS)]
    return [
        _row("the smoke scale, from nothing", whole, 240),
        _row("a second run with nothing to do", statistics.median(seconds), 6),
        _row("launch to first step, states only", statistics.median(zero), 3),
        _row("launch to first step, with CLIP and a renderer", statistics.median(text), 3),
    ]


def _row(name: str, ours: float, bar: float) -> dict[str, object]:
    return {"name": name, "ours": f"{ours:.1f} s", "reference": f"≤ {bar} s", "ratio": ""}


def _seconds(workspace: Workspace) -> float:
    began = time.perf_counter()
    assert "Nothing to be done" in workspace.snakemake().stderr
    return time.perf_counter() - began


def _start(workspace: Workspace, method: str) -> float:
    """Until the training says that it is at work."""
    grid = Grid(load(REPOSITORY, "smoke"))
    job = json.loads(
        Specifications(grid).training(Cell("vlm_rm", "cartpole", "cartpole", method, 0), "train")
    )
    results = workspace.root / "results/smoke"
    with tempfile.TemporaryDirectory() as folder:
        outputs = {
            name: Path(folder) / file
            for name, file in (
                ("policy", "policy.safetensors"),
                ("network", "policy.json"),
                ("progress", "progress.csv"),
                ("metrics", "metrics.json"),
            )
        }
        command = [sys.executable, "-m", "showtell", "train", "--job", json.dumps(job)]
        if job["encoders"]:
            command += ["--in", "encoders", str(results / "models/clip/model.safetensors")]
            command += ["--in", "networks", str(results / "models/clip/model.json")]
            command += ["--in", "targets", str(results / "goals/text-clip/cartpole.safetensors")]
        for name, path in outputs.items():
            command += ["--out", name, str(path)]
        environment = workspace.environment | {"MLFLOW_TRACKING_URI": "off"}
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=workspace.root, env=environment)
        sign = Path(folder) / ".resume/live.jsonl"
        while not sign.exists() and process.poll() is None:
            time.sleep(0.01)
        spent = time.perf_counter() - began
        assert process.wait() == 0
    return spent
