"""What a training costs is the sum of its parts, and each part grows with what makes it dear."""

from pathlib import Path

import pytest

from showtell.commands.costs import of_training, together, unit_costs
from showtell.study.grid import TRAIN, Grid
from showtell.study.loading import load
from showtell.study.registry import parts
from showtell.study.specifications import Specifications

GRID = Grid(load(Path(__file__).resolve().parents[2], "paper"))


def job(paper: str, experiment: str, method: str) -> dict:
    cell = next(cell for cell in GRID.cells(paper, experiment) if cell.method == method)
    return Specifications(GRID).settings_of_training(cell, TRAIN)


def test_three_million_labels_of_bigg_take_an_hour_and_a_half_at_half_of_the_peak():
    cost = of_training(job("vlm_rm", "cartpole", "text-alpha0"))
    assert cost.frames == 3e6
    assert cost.gpu_low_s / 3600 == pytest.approx(1.63, abs=0.01)
    assert cost.gpu_high_s > cost.gpu_low_s


def test_a_reward_without_pictures_draws_nothing_and_needs_no_gpu():
    cost = of_training(job("vlm_rm", "humanoid", "oracle"))
    assert (cost.frames, cost.gpu_flop, cost.gpu_memory) == (0, 0, 0)
    assert 0 < cost.core_s < of_training(job("vlm_rm", "humanoid", "text")).core_s


def test_what_is_read_less_often_costs_less():
    text = job("vlm_rm", "humanoid", "text")
    cost, third = of_training(text), of_training(text | {"reward": text["reward"] | {"stride": 3}})
    assert third.frames == pytest.approx(cost.frames / 3, rel=0.03)
    axis = {"variable": "car_position", "low": -1.2, "high": 0.6, "points": 901}
    car = job("vlm_rm", "mountain-car", "text-alpha0")
    assert of_training(car | {"reward": car["reward"] | {"table": axis}}).frames == 0
    clips = of_training(job("roboclip", "language", "text"))
    assert clips.frames == clips.steps / 128 * 32
    assert of_training(job("roboclip", "ablations", "clip")).frames == clips.steps / 128


def test_a_smaller_network_of_a_kind_needs_no_gpu():
    text = job("roboclip", "language", "text")
    published = text["encoders"]["s3d"]
    small = published | {
        "architecture": published["architecture"] | {"width": 0.25},
        "picture": {"width": 64, "height": 64},
    }
    cost = of_training(text | {"encoders": {"s3d": small}})
    assert cost.gpu_flop == 0 < of_training(text).gpu_flop


def test_several_trainings_add_up_but_for_what_one_holds():
    one = of_training(job("vlm_rm", "humanoid", "text"))
    three = together([one] * 3)
    assert three.gpu_flop == pytest.approx(3 * one.gpu_flop)
    assert (three.memory, three.disk) == (one.memory, one.disk)


def test_every_world_of_the_papers_and_every_network_has_its_unit_costs():
    table = unit_costs()
    assert set(parts("worlds")) <= set(table["step_s"]) and set(parts("worlds")) <= set(
        table["frame_s"]
    )
    assert {e.kind for e in GRID.parameters.encoders.values()} <= set(table["network_flop"])


@pytest.mark.slow  # of open_clip's import
@pytest.mark.parametrize("name", ["ViT-B-32", "RN50-quickgelu", "ViT-bigG-14"])
def test_the_flop_of_the_table_are_those_of_the_network(name):
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from showtell.nets.open_clip_import import library
    from showtell.nets.open_clip_models import build

    library()
    with torch.device("meta"):
        model, picture = build(name).eval(), torch.empty(1, 3, 224, 224)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model.encode_image(picture)
    assert counter.get_total_flops() == pytest.approx(
        unit_costs()["network_flop"]["open_clip"][name], rel=1e-3
    )
    weights = sum(4 * parameter.numel() for parameter in model.parameters())
    assert weights == pytest.approx(unit_costs()["network_bytes"]["open_clip"][name], rel=0.05)
