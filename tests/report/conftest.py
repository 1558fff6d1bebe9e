"""A results tree like the pipeline's, with numbers that look like an experiment's."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from showtell import report
from showtell.media.video import write_video
from showtell.project.files import canonical_json
from tests.results.experiments import listed

TASK = "cartpole"
SUCCESS = "The pole never fell."  # as an evaluation writes it down
EVALUATE = {"episodes": 20, "actions": ["deterministic", "stochastic"]}
WORLD = {
    "kind": "cartpole",
    "horizon": 200,
    "end": "terminal",
    "observe_time": False,
    "wrap_state": True,
    "ends_when_fallen": False,
    "fallen_reward": 0.0,
    "falling_reward": 1.0,
}
# What each method ends at, and how fast: true success of an episode.
LEVELS = {0.0: 0.93, 0.25: 0.985, 0.5: 1.0, 0.75: 0.97, 1.0: 0.55}


def comparison(alphas=(0.0, 0.5), seeds=5):
    """The job of one experiment, as the grid writes it."""
    rewards = {
        f"text-alpha{alpha:g}": {"kind": "clip", "goal": "text-clip", "alpha": alpha}
        for alpha in alphas
    }
    rewards |= {"wrong-text": {"kind": "clip", "goal": "text-clip-wrong", "alpha": 0.0}}
    rewards |= {"ground-truth": {"kind": "true_reward"}, "zero": {"kind": "zero"}}
    return {
        "fingerprint": "0123456789abcdef",
        "root": 0,
        "paper": "vlm_rm",
        "experiment": "cartpole",
        "tasks": [TASK],
        "worlds": {TASK: WORLD},
        "methods": listed(rewards),
        "seeds": seeds,
        "phases": ["train"],
        "evaluate": EVALUATE,
        "studies": {
            "pole-angle": {
                "of": ["text"],
                "study": {
                    "kind": "landscape",
                    "variable": "pole_angle",
                    "low": -0.4,
                    "high": 0.4,
                    "points": 121,
                },
            },
            "epic": {"of": ["text"], "study": {"kind": "epic", "states": 2000}},
        },
        "figures": [
            {"name": "landscape", "kind": "landscape", "study": "pole-angle"},
            {"name": "success", "kind": "success"},
            {"name": "learning", "kind": "learning"},
            {"name": "epic", "kind": "epic", "study": "epic", "over": "alpha"},
        ],
        "address": ["vlm_rm", "cartpole"],
    }


def report_job(scale="mini", **grid):
    """The report's job, as the grid writes it."""
    experiment = {
        key: value
        for key, value in comparison(**grid).items()
        if key not in ("fingerprint", "root")
    }
    job = {
        "fingerprint": "0123456789abcdef",
        "root": 0,
        "scale": scale,
        "changes": [
            {"key": "encoders.clip.architecture", "paper": "ViT-bigG-14", "here": "showtell-mini"},
            {"key": "encoders.clip.pretrained", "paper": "laion2b_s39b_b160k", "here": None},
            {
                "key": "training.clip",
                "paper": None,
                "here": {"steps": 60, "dataset": {"cartpole": 600}},
            },
            {"key": "learners.dqn-cartpole.steps", "paper": 3000000, "here": 60000},
            {"key": "learners.dqn-cartpole.learning_starts", "paper": 75000, "here": 1500},
            {"key": "papers.vlm_rm.experiments.cartpole.seeds", "paper": 5, "here": 3},
            {
                "key": "papers.vlm_rm.experiments.cartpole.methods.text.sweep.alpha",
                "paper": [0.0, 0.25, 0.5, 0.75, 1.0],
                "here": [0.0, 0.5],
            },
        ],
        "papers": {
            "vlm_rm": {
                "title": "Vision-Language Models are Zero-Shot Reward Models",
                "experiments": {"cartpole": experiment},
                "networks": {"clip": {"encoder": {}, "training": {}, "videos": None}},
            }
        },
        "encoders": {
            "clip": {"kind": "open_clip", "architecture": "showtell-mini", "pretrained": None}
        },
    }
    return json.loads(canonical_json(job))  # as a job arrives: sorted by name


def pages(tree):
    """Build the report of a tree: the index, and the page of VLM-RM."""
    out = report.build(tree.root, tree.job, tree.root / "report.html")
    return out.read_text(), (tree.root / "report/vlm_rm.html").read_text()


class Tree:
    """Writes the files of an experiment, whole or in part."""

    def __init__(self, root, job):
        self.root = root
        self.job = job
        self.plan = job["papers"]["vlm_rm"]["experiments"]["cartpole"]
        self.rewards = {entry["name"]: entry["reward"] for entry in self.plan["methods"]}
        self.folder = root / "vlm_rm" / "cartpole"

    def run_folder(self, method, seed):
        return self.folder / TASK / method / f"seed{seed}" / "train"

    def write_all(self, films=True):
        for method in self.rewards:
            for seed in range(self.plan["seeds"]):
                self.write_run(method, seed, film=films and seed == 0)
        self.write_studies()
        scores = {"frames": 80, "rank_correlation": 0.76, "note": "Trained on this simulator."}
        (self.root / "models/clip").mkdir(parents=True)
        (self.root / "models/clip/metrics.json").write_text(json.dumps(scores))
        return self

    def write_run(self, method, seed, film=False):
        stream = np.random.default_rng([seed, *method.encode()])
        level = self._level(method, stream)
        self._write_progress(method, seed, level, stream)
        self._write_episodes(method, seed, level, stream)
        folder = self.run_folder(method, seed)
        wall_time_s = float(35 + 5 * stream.random())
        self.write_provenance(folder, "train", [TASK, method, seed], wall_time_s, seed)
        metrics = {"success_definition": SUCCESS}
        (folder / "evaluation/metrics.json").write_text(json.dumps(metrics))
        self.write_provenance(folder / "evaluation", "evaluate", [TASK, method, seed], 2.5, seed)
        if film:
            write_video(folder / "evaluation/rollout.mp4", _film(level, stream), 25.0)

    def write_studies(self):
        rows = ["method,alpha,pole_angle,reward,rescaled,true_reward"]
        distances = ["method,alpha,against,versus,epic,low,high,p_lower,p_higher,states"]
        for method, reward in self.rewards.items():
            if not method.startswith("text"):
                continue
            alpha = reward["alpha"]
            for angle in np.linspace(-0.4, 0.4, 121).tolist():
                lean = abs(angle - 0.012) / (0.16 + 0.08 * alpha)
                wiggle = 0.05 * (1 - alpha) * math.sin(40 * angle)
                shape = math.exp(-lean * lean) + wiggle
                upright = float(abs(angle) <= 0.2095)
                rows.append(f"{method},{alpha},{angle!r},{0.3 + 0.2 * shape!r},{shape!r},{upright}")
            value = 0.42 - 0.17 * alpha + 0.1 * alpha * alpha
            for against in ("success", "true_reward"):
                numbers = f"{value!r},{value - 0.012!r},{value + 0.012!r},,,2000"
                distances.append(f"{method},{alpha},{against},,{numbers}")
                for other, one in self.rewards.items():
                    if other.startswith("text") and other != method:
                        gap = value - (0.42 - 0.17 * one["alpha"] + 0.1 * one["alpha"] ** 2)
                        chances = "0.001,1.0" if gap < 0 else "1.0,0.001"
                        ends = f"{gap!r},{gap - 0.012!r},{gap + 0.012!r}"
                        distances.append(
                            f"{method},{alpha},{against},{other},{ends},{chances},2000"
                        )
        folder = self.folder / TASK / "studies"
        _write(folder / "pole-angle.csv", rows)
        _write(folder / "epic.csv", distances)

    def write_provenance(self, folder, job, address, wall_time_s, seed):
        provenance = {
            "job_key": f"{abs(hash((job, *map(str, address)))):016x}",
            "job_name": job,
            "job": {"root": 0, "address": ["vlm_rm", "cartpole", *address]},
            "fingerprint": "0123456789abcdef",
            "git_commit": "9f2c4e1ab7d05c3388e1f0a2b4c6d8e0f1a3b5c7",
            "git_dirty": False,
            "started": "2025-11-20T19:41:05Z",
            "wall_time_s": wall_time_s,
            "machine": {"system": "Linux", "cores": 2, "memory_gib": 8, "gpus": []},
            "versions": {"python": "3.11.2", "torch": "2.12.0", "stable-baselines3": "2.9.0"},
            "seeds": {"root": 0, "address": ["vlm_rm", "cartpole", *address]},
            "resumed": 1 if seed == 1 and job == "train" else 0,
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "provenance.json").write_text(json.dumps(provenance))

    def _level(self, method, stream):
        reward = self.rewards[method]
        if method.startswith("text"):
            return min(1.0, LEVELS[reward["alpha"]] + 0.02 * float(stream.normal()))
        return 1.0 if method == "ground-truth" else 0.02

    def _write_progress(self, method, seed, level, stream):
        rows = ["step,episodes,true_return,learned_return,success"]
        pace = 9000 + 2500 * float(stream.random())
        for step in range(2000, 60001, 2000):
            learned = 1 / (1 + math.exp(-(step - 2.2 * pace) / (0.35 * pace)))
            success = min(max(level * learned + 0.05 * float(stream.normal()) * learned, 0.0), 1.0)
            returned = 35 + 165 * min(success + 0.1 * learned, 1.0)
            rows.append(f"{step},{step // 200},{returned!r},{0.4 * returned!r},{success!r}")
        _write(self.run_folder(method, seed) / "progress.csv", rows)

    def _write_episodes(self, method, seed, level, stream):
        flags = "success_any,success_final,success_always,success"
        rows = [f"policy,episode,return,length,{flags}"]
        for policy in EVALUATE["actions"]:
            share = level if policy == "deterministic" else max(level - 0.01, 0.0)
            for episode in range(EVALUATE["episodes"]):
                upright = bool(stream.random() < share)
                final = upright or bool(stream.random() < 0.1)
                returned = 200.0 if upright else float(stream.integers(30, 120))
                flags = f"1,{int(final)},{int(upright)},{int(upright)}"
                rows.append(f"{policy},{episode},{returned!r},200,{flags}")
        _write(self.run_folder(method, seed) / "evaluation/episodes.csv", rows)


def _write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def _film(level, stream, count=100, height=200, width=300):
    """A cart and a pole that falls, or does not."""
    rows, columns = np.mgrid[0:height, 0:width]
    frames = np.full((count, height, width, 3), 255, np.uint8)
    angle, speed = 0.05, 0.0
    for t in range(count):
        frames[t, 150:152] = 0
        frames[t, 140:160, 130:170] = 0
        along = (columns - 150) * math.sin(angle) + (145 - rows) * math.cos(angle)
        across = (columns - 150) * math.cos(angle) - (145 - rows) * math.sin(angle)
        frames[t][(along > 0) & (along < 90) & (abs(across) < 4)] = (202, 152, 101)
        speed += 0.006 * math.sin(angle) * (1 if level < 0.5 else -1) * 5
        angle = min(max(angle + speed + 0.004 * float(stream.normal()), -1.6), 1.6)
    return frames


@pytest.fixture
def mini_tree(tmp_path):
    """A whole mini experiment: two strengths, three seeds, no films."""
    return Tree(tmp_path / "results/mini", report_job()).write_all(films=False)


@pytest.fixture
def empty_tree(tmp_path):
    """The same experiment before anything has run."""
    return Tree(tmp_path / "results/mini", report_job())


def job_inputs(tree: Tree) -> dict[str, list[Path]]:
    """What the workflow hands to `compare`, `figure` and `report`."""
    return {"results": [tree.root]}


def named(tree: Tree, figure: str) -> dict[str, str]:
    """The settings of one figure, as its job has them."""
    return next(entry for entry in tree.plan["figures"] if entry["name"] == figure)
