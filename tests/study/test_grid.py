from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.study.grid import Cell, Grid
from showtell.study.loading import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def grid() -> Grid:
    return Grid(load(ROOT, "paper"))


def test_a_sweep_makes_one_method_of_each_value(grid):
    experiment = grid.experiment("vlm_rm", "cartpole")
    variants = grid.variants(experiment)
    names = list(variants)
    assert "text-alpha0.5" in names
    assert "text" not in names
    assert {"ground-truth", "zero"} <= set(names)
    assert variants["text-alpha0.25"].reward.alpha == 0.25
    assert len(grid.variants(experiment, ["text"])) == 5


def test_a_method_does_not_stand_for_another_whose_name_begins_as_its_own(grid):
    experiment = grid.experiment("roboclip", "language")
    assert "text-published-ppo" in grid.variants(experiment)
    assert list(grid.variants(experiment, ["text"])) == ["text"]


@pytest.mark.parametrize(("paper", "name"), [("vlm_rm", "cartpole"), ("roboclip", "language")])
def test_cells_are_the_product(grid, paper, name):
    cells = grid.cells(paper, name)
    experiment = grid.experiment(paper, name)
    count = len(experiment.tasks) * len(grid.variants(experiment)) * experiment.seeds
    assert len(cells) == len(set(cells)) == count


def test_a_scale_may_leave_out_experiments_methods_and_phases():
    smoke = Grid(load(ROOT, "smoke"))
    assert ("roboclip", "kitchen") not in {(paper, name) for paper, name, _ in smoke.experiments()}
    language = smoke.experiment("roboclip", "language")
    assert "airl" not in smoke.variants(language)
    assert smoke.phases(language) == ["train", "true-reward"]


def test_a_phase_is_for_the_methods_that_it_names(grid):
    language = grid.experiment("roboclip", "language")
    assert grid.phases(language) == [
        "train", "true-reward", "true-reward-abrupt", "true-reward-unscaled",
    ]  # fmt: skip
    assert grid.phases(language, "gail") == ["train", "true-reward"]
    assert grid.phases(language, "dense") == ["train"]


def test_a_method_may_have_its_own_learner_in_pretraining(grid):
    published, text = (
        Cell("roboclip", "language", "drawer-close", method, 0)
        for method in ("text-published-ppo", "text")
    )
    learners = grid.parameters.learners
    assert grid.learner(published, "train") is learners["ppo-published"]
    assert grid.learner(text, "train") is learners["ppo"]
    assert grid.learner(text, "true-reward") is learners["ppo-finetune"]


def test_each_phase_has_its_own_reward(grid):
    text = Cell("roboclip", "language", "drawer-close", "text", 0)
    assert grid.reward(text, "train").kind == "roboclip"
    assert grid.reward(text, "true-reward").kind == "true_reward"


def test_a_goal_is_demonstrated_on_its_own_task_or_the_one_it_names(grid):
    assert grid.demo_of_goal("text-s3d", "drawer-close") is None
    assert grid.demo_of_goal("video-s3d", "drawer-close") == ("scripted", "drawer-close")
    assert grid.demo_of_goal("edited-s3d", "drawer-close") == ("scripted", "button-press")


def test_every_cell_has_its_own_address(grid):
    addresses = [
        tuple(cell.address("train"))
        for paper, name, _ in grid.experiments()
        for cell in grid.cells(paper, name)
    ]
    assert len(addresses) == len(set(addresses))


def test_unknown_names_are_answered_with_the_nearest(grid):
    with pytest.raises(UserError, match="did you mean 'cartpole'"):
        grid.experiment("vlm_rm", "cartpol")
    with pytest.raises(UserError, match="did you mean 'vlm_rm'"):
        grid.cells("vlmrm", "cartpole")


def test_an_experiment_knows_the_demos_of_all_its_methods(grid):
    watched = grid.demos_of("roboclip", "out-of-domain")
    assert ("hand", "door-open") in watched
    assert ("scripted", "door-open") in watched  # GAIL's
    assert grid.demos_of("roboclip", "edited") == [("scripted", "button-press")]
    assert grid.demos_of("vlm_rm", "cartpole") == []
