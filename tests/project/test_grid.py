import json
from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.project.grid import Cell, Grid, methods, variants
from showtell.project.parameters import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def grid() -> Grid:
    return Grid(load(ROOT, "paper"))


def test_a_sweep_makes_one_method_of_each_value(grid):
    experiment = grid.experiment("vlm_rm", "cartpole")
    names = list(methods(experiment))
    assert "text-alpha0.5" in names
    assert "text" not in names
    assert {"ground-truth", "zero"} <= set(names)
    assert methods(experiment)["text-alpha0.25"].alpha == 0.25
    assert len(variants(experiment, ["text"])) == 5


def test_cells_are_the_product(grid):
    cells = grid.cells("vlm_rm", "cartpole")
    experiment = grid.experiment("vlm_rm", "cartpole")
    assert len(cells) == len(set(cells)) == len(methods(experiment)) * experiment.seeds


def test_a_specification_is_canonical_and_has_no_place_or_scale(grid):
    cell = grid.cells("vlm_rm", "cartpole")[0]
    text = grid.train_job(cell, "pretrain")
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert "results" not in text
    assert grid.train_job(cell, "pretrain") == text


def test_what_a_method_does_not_read_is_not_in_its_specification(grid):
    text = Cell("vlm_rm", "cartpole", "cartpole", "text-alpha0.5", 0)
    zero = Cell("vlm_rm", "cartpole", "cartpole", "zero", 0)
    changed = load(ROOT, "paper").model_copy(
        update={"goals": {"sentence": grid.parameters.goals["sentence"].model_copy()}}
    )
    encoder = changed.encoders["clip"].model_copy(update={"batch": 7})
    changed = Grid(changed.model_copy(update={"encoders": {"clip": encoder}}))
    assert changed.train_job(text, "pretrain") != grid.train_job(text, "pretrain")
    assert changed.train_job(zero, "pretrain") == grid.train_job(zero, "pretrain")


def test_every_cell_has_its_own_address(grid):
    addresses = [tuple(cell.address) for cell in grid.cells("vlm_rm", "cartpole")]
    assert len(addresses) == len(set(addresses))


def test_unknown_names_are_answered_with_the_nearest(grid):
    with pytest.raises(UserError, match="did you mean 'cartpole'"):
        grid.experiment("vlm_rm", "cartpol")
    with pytest.raises(UserError, match="did you mean 'vlm_rm'"):
        grid.cells("vlmrm", "cartpole")
