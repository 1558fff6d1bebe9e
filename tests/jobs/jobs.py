"""Jobs small enough for a test."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

TRAINING = ("policy.safetensors", "policy.json", "progress.csv", "metrics.json")
CAMERA = {
    "native": {"width": 60, "height": 40}, "name": "default", "quality": "faithful",
    "mirrored": False,
}  # fmt: skip
TRAIN = {
    "task": {
        "world": {
            "kind": "cartpole", "horizon": 50, "end": "terminal", "observe_time": False,
            "wrap_state": True, "ends_when_fallen": False, "fallen_reward": 0.0,
            "falling_reward": 1.0,
        },
        "camera": CAMERA,
    },
    "reward": {"kind": "true_reward"},
    "picture": {"width": 60, "height": 40},
    "goals": {},
    "encoders": {},
    "targets": [],
    "demos": [],
    "learner": {
        "kind": "dqn", "steps": 9000, "environments": 2, "learning_starts": 400, "train_freq": 50,
        "gradient_steps": 20, "learning_rate": 1e-3, "decay": "none", "gamma": 0.99, "tau": 0.1,
        "target_update_interval": 1, "batch": 16, "buffer": 3000, "hidden": [16],
        "exploration_fraction": 0.3, "exploration_final": 0.05, "checkpoint_every": 500,
        "log_every": 1000, "reward_scale": "none",
    },
    "root": 0,
    "address": ["paper", "experiment", "cartpole", "true", 0, "train"],
}  # fmt: skip
PPO = TRAIN | {
    "task": {
        "world": {
            "kind": "metaworld", "task": "drawer-close", "horizon": 16, "end": "terminal",
            "observe_time": True, "layouts": "frozen", "spread": "published", "hide_goal": True,
            "reward": "v2",
        },
        "camera": CAMERA,
    },
    "learner": {
        "kind": "ppo", "steps": 256, "environments": 2, "rollout": 32, "batch": 32, "epochs": 2,
        "learning_rate": 1e-3, "decay": "none", "gamma": 0.99, "gae_lambda": 0.95, "clip": 0.2,
        "entropy": 0.0, "value_weight": 0.5, "max_grad_norm": 0.5, "hidden": [8],
        "log_std_init": 0.0, "bootstrap_at_horizon": False, "reward_scale": "running",
        "refit_critic": 1, "cloning": None, "checkpoint_every": 64, "log_every": 128,
    },
    "address": ["paper", "experiment", "drawer-close", "true", 0, "train"],
}  # fmt: skip
EVALUATE = {
    "task": TRAIN["task"],
    "learner": TRAIN["learner"],
    "evaluate": {
        "episodes": 3,
        "actions": ["deterministic", "stochastic"],
        "checkpoints": ["last"],
    },
    "root": 0,
    "address": TRAIN["address"],
}
CONTROLS = PPO | {
    "task": PPO["task"] | {"name": "drawer-close"},
    "study": {
        "kind": "controls", "methods": [], "episodes": 3, "demo": "scripted",
        "cloning": {"steps": 200, "batch": 8, "learning_rate": 1e-3},
    },
    "demos": ["scripted"],
    "rewards": {},
    "variants": {},
    "order": [],
    "address": ["paper", "experiment", "drawer-close", "controls"],
}  # fmt: skip


def files(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def outputs(verb: str, folder: Path) -> dict[str, Path]:
    names = {
        "train": {"policy": "policy.safetensors", "network": "policy.json",
                  "progress": "progress.csv", "metrics": "metrics.json"},
        "evaluate": {"episodes": "episodes.csv", "metrics": "metrics.json",
                     "video": "rollout.mp4"},
        "measure": {"table": "study.csv", "strips": "study.npz"},
    }[verb]  # fmt: skip
    return {name: folder / file for name, file in names.items()}


def here(verb: str, job: dict, folder: Path, **inputs: Path) -> dict:
    """Run a job in this process, which has imported torch already."""
    run = importlib.import_module(f"showtell.jobs.{verb}").run
    return run(job, {name: [path] for name, path in inputs.items()}, outputs(verb, folder)) or {}


def start(
    verb: str, job: dict, folder: Path, threads: int = 1, **inputs: Path
) -> subprocess.Popen[str]:
    """Run a job in a process of its own, as the workflow does."""
    command = [sys.executable, "-m", "showtell", verb, "--threads", str(threads)]
    command += ["--job", json.dumps(job)]
    for name, path in inputs.items():
        command += ["--in", name, str(path)]
    for name, path in outputs(verb, folder).items():
        command += ["--out", name, str(path)]
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        command,
        cwd=folder.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], *, code: int = 0) -> str:
    """Wait for a job; what it said."""
    said = "".join(process.communicate(timeout=120))
    assert process.returncode == code, said
    return said
