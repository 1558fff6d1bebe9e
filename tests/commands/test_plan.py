import json
from pathlib import Path

import pytest

from showtell.commands import plan as planning
from showtell.commands.costs import of_training, together
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
    for number, seconds in enumerate((100.0, 190.0, 210.0, 300.0)):
        record(tmp_path / f"results/paper/{number}", "train", seconds)
    monkeypatch.setattr(planning, "pending", lambda root, scale, study: {"train": 4})
    text = planning.plan(tmp_path, "paper", grid, cores=2)
    assert "About 6 to 7 min on 2 cores" in text  # the middle half: 4 x 190 to 210 s
    assert "Downloads: none." in text


def test_without_a_record_a_training_is_priced_by_its_parts(tmp_path, grid, monkeypatch):
    monkeypatch.setattr(planning, "pending", lambda root, scale, study: {"train": 40})
    text = planning.plan(tmp_path, "paper", grid, cores=1)
    assert "unit costs" in text and "About 0 s" not in text
    # 30 of the 40 trainings draw and label 3 M pictures each: 90 M x 0.9675 TFLOP.
    assert "87.1 EFLOP" in text
    assert "49 to 97 h of one H100" in text
    assert "10.2 GB on the GPU" in text


def test_records_of_another_scale_say_how_far_this_machine_is_from_the_table(
    tmp_path, grid, monkeypatch
):
    monkeypatch.setattr(planning, "pending", lambda root, scale, study: {"train": 1})
    job = next(job for job in planning._trainings(grid) if not job["goals"])
    expected = of_training(job).core_s
    record(tmp_path / "results/smoke/a", "train", 3 * expected, job)
    text = planning.plan(tmp_path, "paper", grid, cores=1)
    assert "unit costs, refined by smoke" in text
    costs = together(map(of_training, planning._trainings(grid)))
    low, high = planning._price(tmp_path, "paper", "train", grid)[:2]
    assert low * 40 == pytest.approx(2 * costs.core_s + costs.gpu_low_s)
    assert high * 40 == pytest.approx(4.5 * costs.core_s + costs.gpu_high_s)


def test_a_record_of_another_version_refines_nothing(tmp_path, grid, monkeypatch):
    record(tmp_path / "results/smoke/a", "train", 3.0, {"learner": {"steps": 3000}})
    assert planning._price(tmp_path, "paper", "train", grid).source == "unit costs"


def test_a_training_of_seconds_refines_nothing(tmp_path, grid):
    job = next(job for job in planning._trainings(grid) if not job["goals"])
    short = job | {"learner": job["learner"] | {"steps": 2000}}
    record(tmp_path / "results/smoke/a", "train", 30.0, short)
    assert planning._price(tmp_path, "paper", "train", grid).source == "unit costs"


def test_a_small_network_is_no_price_of_a_large_one(tmp_path):
    record(tmp_path / "results/smoke/a", "train_encoder", 9.0)
    whole = Grid(load(ROOT, "paper"))
    assert planning._price(tmp_path, "paper", "train_encoder", whole).high_s > 3600


def test_videos_of_people_and_networks_that_learn_from_them_take_hours(tmp_path):
    whole = Grid(load(ROOT, "paper"))
    videos, network = (
        planning._price(tmp_path, "paper", rule, whole) for rule in ("read_videos", "train_encoder")
    )
    assert videos.low_s > 3600 and network.high_s > 3600
    small = Grid(load(ROOT, "mini"))
    assert planning._price(tmp_path, "mini", "train_encoder", small).high_s <= 600


def test_downloads_are_named(tmp_path, grid, monkeypatch):
    monkeypatch.setattr(planning, "pending", lambda root, scale, study: {"fetch_encoder": 1})
    text = planning.plan(tmp_path, "paper", grid, cores=1)
    assert "ViT-bigG-14" in text
    assert "s3d" not in text, "of another paper"
    assert "random" not in text, "drawn here"
