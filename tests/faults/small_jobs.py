"""One small job of each kind, of which each may be an input of the next."""

import importlib
from pathlib import Path
from typing import Any

from PIL import Image

from showtell.project.files import write_json
from showtell.project.provenance import hashes
from tests.demos.requests import TASKS
from tests.faults.children import Job, run
from tests.jobs.jobs import CAMERA, EVALUATE, PPO, TRAIN
from tests.learners.classroom import SAC
from tests.nets.models import SMOKE
from tests.nets.test_jobs import GOAL, PROMPTS, TASK
from tests.report.conftest import Tree, named, report_job
from tests.training.test_clip import RECIPE
from tests.training.test_hold_c import RECIPE as HOLD_C
from tests.training.test_hold_c import SETTINGS as HOLD_C_NETWORK
from tests.videos.jobs import ARCHIVE, DRAWN, KEPT, READ
from tests.videos.reading.making import video

_POLICY = {"policy": "policy.safetensors", "network": "policy.json", "progress": "progress.csv",
           "metrics": "metrics.json"}  # fmt: skip
_NETWORK = {"weights": "model.safetensors", "network": "model.json", "training": "training.csv",
            "metrics": "metrics.json"}  # fmt: skip
_COMPARED = {"summary": "summary.csv", "scores": "scores.csv", "curves": "curves.csv",
             "claims": "claims.json", "comparison": "comparison.json"}  # fmt: skip
_DQN = {"steps": 600, "learning_starts": 100, "checkpoint_every": 200, "log_every": 200,
        "gradient_steps": 2, "buffer": 300}  # fmt: skip
_PPO = {"steps": 128, "checkpoint_every": 64, "log_every": 64}
_MOUNTAIN_CAR = {"kind": "mountain_car", "horizon": 40, "textured": False, "goal": "absorbing",
                 "end": "truncated", "observe_time": False,
                 "success_survives_reset": False}  # fmt: skip
_ROOT = "results/smoke"
OWN = {"kind": "own_folder", "validation_share": 0.4, **KEPT}


def make(root: Path, only: set[str] | None = None) -> dict[str, Job]:
    """The jobs by their name, each run once: root holds what an undisturbed run leaves."""
    root.mkdir(parents=True, exist_ok=True)
    _import()
    jobs = {job.name: job for job in _all(root)}
    needed = jobs if only is None else {name: jobs[name] for name in jobs if name in only}
    for job in needed.values():
        ended = run(root, job)
        assert ended.code == 0, f"{job.name}: {ended.said}"
    return needed


def _import() -> None:
    """What the jobs import: their children have it then."""
    for name in ("demonstrate", "draw_videos", "read_videos", "fetch_encoder", "train_encoder"):
        importlib.import_module(f"showtell.jobs.{name}")
    for name in ("embed_goal", "train", "evaluate"):
        importlib.import_module(f"showtell.jobs.{name}")
    for name in ("measure", "summarise", "figure", "report"):
        importlib.import_module(f"showtell.jobs.{name}")
    for name in (
        "torch",
        "stable_baselines3",
        "matplotlib.pyplot",
        "pyarrow.parquet",
        "scipy.stats",
    ):
        importlib.import_module(name)
    for name in ("classic_control.world", "metaworld.world"):
        importlib.import_module(f"showtell.worlds.{name}")
    for name in ("dqn", "ppo", "sac", "sb3.off_policy", "sb3.ppo", "sb3.sac"):  # imported late
        importlib.import_module(f"showtell.learners.{name}")
    for name in ("showtell.training.hold_c", "showtell.nets.hold_c", "showtell.videos.drawn_hand"):
        importlib.import_module(name)
    for name in ("showtell.training.clip", "showtell.rendering.pool", "filelock"):
        importlib.import_module(name)
    from showtell.nets.open_clip_import import library

    library()


def _all(root: Path) -> list[Job]:
    clip = root / "clip.gif"
    shown = [Image.new("RGB", (60, 40), (40 * n, 80, 200)) for n in range(5)]
    shown[0].save(clip, save_all=True, append_images=shown[1:])
    (root / "mine").mkdir(exist_ok=True)
    own = [video(root / "mine" / f"{name}.mp4", 4, width=58) for name in "ab"]
    tree = Tree(root / "results/mini", report_job(alphas=(0.0,), seeds=2))
    if not tree.root.exists():
        tree.write_all(films=False)
        for path in tree.root.rglob("*.csv"):  # as the jobs that make them record them
            record = {"job_name": "evaluate", "outputs": hashes(root, [path])}
            write_json(path.with_suffix(".provenance.json"), record)
    model = f"{_ROOT}/models/clip"
    dqn, ppo = f"{_ROOT}/paper/cartpole/dqn/train", f"{_ROOT}/paper/drawer/ppo/train"
    people, archive = f"{_ROOT}/videos/people", f"{_ROOT}/videos/people/archive"
    policy = {"policy": [f"{dqn}/policy.safetensors"], "description": [f"{dqn}/policy.json"]}
    network = {"weights": f"{model}/model.safetensors", "network": f"{model}/model.json"}
    recipe = RECIPE | {"steps": 4, "batch": 8}
    address: dict[str, Any] = {"root": 0, "address": ["one", "two"]}
    table = {"table": "study.csv", "strips": "study.npz"}
    return [
        Job("demonstrate", "demonstrate", {
            "demo": {"kind": "file", "encoder": "s3d", "files": {"door-open": str(clip)}},
            "picture": {"width": 48, "height": 32}, "frames": 4,
            "task": {"world": TASKS["door-open"].world.model_dump(mode="json"),
                     "camera": CAMERA, "name": "door-open"}, **address,
        }, f"{_ROOT}/demos/file", {"demo": "demo.npz", "film": "demo.mp4", "strip": "strip.png"},
            {"files": [str(clip)]}),
        Job("read_videos", "read_videos", {
            "videos": OWN | {"folder": str(root / "mine")},
            **address,
        }, f"{_ROOT}/videos/mine", READ, {"files": [str(path) for path in own]}),
        Job("draw_videos", "draw_videos", {"videos": DRAWN, **address}, archive, ARCHIVE),
        Job("read_videos (archive)", "read_videos", {"videos": DRAWN | KEPT, **address},
            f"{people}/read", READ, {"files": [f"{archive}/{file}" for file in ARCHIVE.values()]}),
        Job("train_encoder (HOLD-C)", "train_encoder", {
            "encoder": HOLD_C_NETWORK, "tasks": {},
            "training": HOLD_C | {"dataset": {"kind": "videos", "videos": "people"}, "steps": 4,
                                  "batch": 4},
            **address,
        }, f"{_ROOT}/models/hold-c", _NETWORK, {"videos": [f"{people}/read/shards.json"]}),
        Job("fetch_encoder (random)", "fetch_encoder",
            {"encoder": HOLD_C_NETWORK | {"pretrained": "random"}, **address},
            f"{_ROOT}/models/random",
            {"weights": "model.safetensors", "network": "model.json"}),
        Job("train_encoder", "train_encoder",
            {"encoder": SMOKE, "training": recipe, "tasks": {}, **address}, model, _NETWORK),
        Job("embed_goal", "embed_goal", {
            "goal": GOAL, "encoder": SMOKE, "prompts": PROMPTS, "task": None, "picture": None,
            **address,
        }, f"{_ROOT}/goals/text", {"target": "target.safetensors"},
            {"encoder": [network["weights"]], "network": [network["network"]]}),
        Job("train (DQN)", "train", TRAIN | {"learner": TRAIN["learner"] | _DQN}, dqn, _POLICY),
        Job("train (PPO)", "train", PPO | {"learner": PPO["learner"] | _PPO}, ppo, _POLICY),
        Job("train (SAC)", "train", TRAIN | {
            "task": {"world": _MOUNTAIN_CAR, "camera": CAMERA},
            "learner": SAC | {"train_freq": 40},
        }, f"{_ROOT}/paper/mountain-car/sac/train", _POLICY),
        Job("train (fine-tuning)", "train", PPO | {
            "learner": PPO["learner"] | _PPO, "checkpoint": "best-learned",
        }, f"{_ROOT}/paper/drawer/ppo/true-reward", _POLICY,
            {"start": [f"{ppo}/policy.safetensors"]}),
        Job("evaluate", "evaluate", EVALUATE | {
            "learner": TRAIN["learner"] | _DQN,
            "evaluate": EVALUATE["evaluate"] | {"episodes": 1, "actions": ["deterministic"]},
        }, f"{_ROOT}/paper/cartpole/dqn/evaluation",
            {"episodes": "episodes.csv", "metrics": "metrics.json", "video": "rollout.mp4"},
            policy),
        Job("measure", "measure", {
            "study": {"kind": "epic", "states": 50, "against": "criteria",
                      "methods": ["truth", "zero"]},
            "task": TASK | {"name": "cartpole"}, "variants": {}, "order": ["truth", "zero"],
            "rewards": {"truth": {"kind": "true_reward"}, "zero": {"kind": "zero"}},
            "controls": [], "picture": {"width": 600, "height": 400}, "goals": {}, "targets": [],
            "encoders": {}, "demos": [], **address,
        }, f"{_ROOT}/paper/cartpole/studies", table),
        Job("compare", "summarise", {**tree.plan, "root": 0, "fingerprint": "f"},
            "results/mini/compared", _COMPARED, results="results/mini"),
        Job("figure", "figure", {**tree.plan, "root": 0, "figure": named(tree, "learning")},
            "results/mini/figures", {kind: f"learning.{kind}" for kind in ("svg", "pdf", "csv")},
            results="results/mini"),
        Job("report", "report", tree.job, "results/page", {"page": "report.html"},
            results="results/mini"),
    ]  # fmt: skip
