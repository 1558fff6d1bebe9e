"""Several processes train one network; alone, a process trains as it does without a launcher."""

import csv
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from showtell.project import seeds
from showtell.project.errors import UserError
from showtell.training import devices, hold_r
from showtell.training.state import weights_of
from showtell.training.video_batches import Batch, batches
from tests.training import test_hold_c, test_hold_r, test_r3m
from tests.training.several import KIND, SETTINGS
from tests.training.test_hold_c_job import NAMES, VIDEOS
from tests.training.test_hold_c_job import RECIPE as HOLD_C
from tests.training.test_hold_c_job import SETTINGS as NETWORK
from tests.training.test_hold_r import train

CHOSEN = SETTINGS | {"steps": 40, "early_stopping": {"every": 20, "videos": 3}}
ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path, dies_at: int = 0) -> subprocess.CompletedProcess[str]:
    """Two processes, by torch's launcher."""
    folder.mkdir(exist_ok=True)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [sys.executable, *torchrun, "-m", "tests.training.several", str(folder), str(dies_at)]
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(
        command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False
    )


def found(folder: Path, rank: int) -> dict[str, np.ndarray]:
    return dict(np.load(folder / f"rank{rank}.npz"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("several")
    done = start(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_all_processes_end_with_the_same_weights(whole):
    first, second = found(whole, 0), found(whole, 1)
    del first["losses"], second["losses"]
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_two_processes_learn_what_one_learns_from_both_of_their_batches(whole, monkeypatch):
    def both(*args, videos_a_batch, draws, first, **more):
        makers = [
            batches(
                *args, videos_a_batch=videos_a_batch // 2, first=first, **more,
                draws=lambda step, rank=rank: seeds.generator(0, "hold", "batch", step, rank),
            )
            for rank in (0, 1)
        ]  # fmt: skip
        while True:
            one, other = (next(maker) for maker in makers)
            yield Batch(
                torch.cat([one.pictures, other.pictures]),
                *(np.concatenate(pair) for pair in zip(one[1:], other[1:], strict=True)),
            )

    before = train(KIND, **SETTINGS | {"steps": 1, "learning_rate": 1e-9})
    monkeypatch.setattr(hold_r, "batches", both)
    alone = train(KIND, **SETTINGS)
    ours, start_of = found(whole, 0), weights_of(before.encoder._model)
    np.testing.assert_allclose(ours.pop("losses"), alone.losses, rtol=1e-4)
    moved = 0.0
    for name, value in weights_of(alone.encoder._model).items():
        np.testing.assert_allclose(ours[name], value, rtol=0, atol=1e-4)
        moved = max(moved, float(np.abs(value - start_of[name]).max()))
    assert moved > 0.01


@pytest.mark.slow
def test_processes_of_which_one_was_killed_go_on_and_end_with_the_same_bits(whole, tmp_path):
    assert start(tmp_path, dies_at=5).returncode != 0
    assert list((tmp_path / ".resume").glob("*04.json"))
    done = start(tmp_path)
    assert done.returncode == 0, done.stderr
    again, undisturbed = found(tmp_path, 0), found(whole, 0)
    for name, value in undisturbed.items():
        np.testing.assert_array_equal(again[name], value)


@pytest.mark.slow
def test_the_job_starts_a_process_for_each_gpu_and_the_first_one_writes_the_files(shards, tmp_path):
    recipe = HOLD_C | {"dataset": VIDEOS, "steps": 3, "batch": 4, "measured": 1}
    job = {"encoder": NETWORK, "training": recipe, "root": 0, "address": ["encoder", "hold-c"]}
    job |= {"tasks": {}, "fingerprint": "of a test", "modules": []}
    command = [sys.executable, "-m", "showtell", "train_encoder", "--gpus", "2"]
    command += ["--job", json.dumps(job), "--in", "videos", str(shards)]
    for output, name in (NAMES | {"provenance": "provenance.json"}).items():
        command += ["--out", output, str(tmp_path / name)]
    environment = os.environ | {"MLFLOW_TRACKING_URI": "off"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(list(csv.DictReader((tmp_path / "training.csv").open()))) == 3
    assert json.loads((tmp_path / "metrics.json").read_text())["videos"] == 1
    assert json.loads((tmp_path / "provenance.json").read_text())["processes"] == 2
    assert not (tmp_path / ".resume").exists()


def test_a_batch_that_processes_cannot_share_equally_is_refused():
    place = devices.Place(torch.device("cpu"), rank=0, processes=3)
    assert place.share(12) == 4
    with pytest.raises(UserError, match="8 videos"):
        place.share(8)


@pytest.mark.parametrize("learn", [test_hold_c.train, test_hold_r.train, test_r3m.train])
def test_networks_learn_in_the_precision_of_a_gpu(learn, monkeypatch):
    exact = learn(steps=40)
    half = torch.autocast("cpu", torch.bfloat16)
    monkeypatch.setattr(devices.Place, "forward", lambda place: half)
    rounded = learn(steps=40)
    assert rounded.losses != exact.losses
    np.testing.assert_allclose(rounded.losses[:3], exact.losses[:3], rtol=0.05)
    assert np.mean(rounded.losses[-10:]) < np.mean(rounded.losses[:10])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(
    "learn",
    [
        partial(test_hold_c.train, steps=40),
        partial(test_hold_c.train, steps=40, frames="consecutive", loss=test_hold_c.TRIPLETS),
        partial(train, "vivit", **CHOSEN),
        partial(train, "late_fusion", steps=40),
        partial(test_r3m.train, steps=40),
    ],
)
def test_a_gpu_learns_as_a_cpu_does(learn, monkeypatch):
    on_cpu = learn()
    monkeypatch.setattr(devices, "_gpus", 1)
    on_gpu = learn()
    assert on_gpu.encoder.device.type == "cuda"
    np.testing.assert_allclose(on_gpu.losses[:3], on_cpu.losses[:3], rtol=0.05)
    assert np.mean(on_gpu.losses[-10:]) < np.mean(on_gpu.losses[:10])
