import json
from pathlib import Path

import pytest

from showtell.commands import plan as planning
from showtell.study.grid import Grid
from showtell.study.loading import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def grid() -> Grid:
    """Of CartPole alone, whose trainings have 3 million steps."""
    parameters = load(ROOT, "paper")
    paper = parameters.papers["vlm_rm"]
    alone = paper.model_copy(update={"experiments": {"cartpole": paper.experiments["cartpole"]}})
    return Grid(parameters.model_copy(update={"papers": {"vlm_rm": alone}}))


def record(folder: Path, rule: str, seconds: float, job: dict | None = None) -> None:
    folder.mkdir(parents=True)
    line = {"rule_name": rule, "s": seconds}
    if job is not None:
        line["params"] = {"job": json.dumps(job)}
    (folder / f"{rule}.benchmark.jsonl").write_text(json.dumps(line) + "\n")


def test_records_of_this_scale_are_the_price(tmp_path, grid, monkeypatch):
    record(tmp_path / "results/paper/a", "train", 100.0)
    record(tmp_path / "results/paper/b", "train", 300.0)
    monkeypatch.setattr(planning, "pending", lambda root, scale, study: {"train": 4})
    text = planning.plan(tmp_path, "paper", grid, cores=2)
    assert "About 7 min on 2 cores" in text  # 4 x 200 s on two cores
    assert "Downloads: none." in text


def test_a_training_is_priced_by_steps_from_another_scale(tmp_path, grid, monkeypatch):
    record(tmp_path / "results/smoke/a", "train", 3.0, {"learner": {"steps": 3000}})
    monkeypatch.setattr(planning, "pending", lambda root, scale, study: {"train": 1})
    text = planning.plan(tmp_path, "paper", grid, cores=1)
    assert "50 min" in text  # 3 M steps at 1 ms
    assert "smoke, by steps" in text


def test_what_has_no_price_is_said(tmp_path, grid, monkeypatch):
    monkeypatch.setattr(planning, "pending", lambda root, scale, study: {"fetch_encoder": 1})
    text = planning.plan(tmp_path, "paper", grid, cores=1)
    assert "Without a price: fetch_encoder" in text
    assert "ViT-bigG-14" in text
