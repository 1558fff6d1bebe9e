"""Experiments that take trainings from one another."""

import json
from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.study import shared_trainings
from showtell.study.grid import Cell, Grid
from showtell.study.loading import SCALES, load
from showtell.study.parameters import Parameters
from showtell.study.specifications import Specifications

ROOT = Path(__file__).resolve().parents[2]
HERE, THERE = "out-of-domain", "roboclip/language"


@pytest.fixture(scope="module")
def values():
    """The study at the papers' values; out-of-domain takes GAIL's trainings alone from language."""
    values = load(ROOT, "paper").model_dump(mode="json")
    for experiment in experiments(values).values():
        for method in experiment["methods"].values():
            method["trainings_of"] = None
    values["rewards"]["gail-of-7-updates"] = values["rewards"]["gail"] | {"updates": 7}
    experiments(values)[HERE]["methods"]["gail"]["trainings_of"] = THERE
    return values


def experiments(values):
    return values["papers"]["roboclip"]["experiments"]


def grid_of(values, **changes):
    """A grid in which one value of out-of-domain is another."""
    changed = json.loads(json.dumps(values))
    for path, value in changes.items():
        *parents, last = path.split("__")
        at = experiments(changed)[HERE]
        for key in parents:
            at = at[key]
        at[last] = value
    return Grid(Parameters.model_validate(changed))


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_of_the_repository_shares_only_trainings_that_are_alike(scale):
    shared_trainings.check(Grid(load(ROOT, scale)))


def cell(task, method="gail", experiment=HERE):
    return Cell("roboclip", experiment, task, method, 2)


def test_a_training_is_at_home_where_both_have_the_task(values):
    grid = grid_of(values)
    shared_trainings.check(grid)
    assert grid.home(cell("button-press")) == cell("button-press", experiment="language")
    assert grid.home(cell("door-open")) == cell("door-open")
    assert grid.home(cell("button-press", "zero")) == cell("button-press", "zero")


def test_the_comparison_says_where_the_trainings_are_read(values):
    read = json.loads(Specifications(grid_of(values)).comparison("roboclip", HERE))
    assert read["trained_elsewhere"] == {
        "gail": {"paper": "roboclip", "experiment": "language", "tasks": ["button-press"]}
    }
    own = json.loads(Specifications(grid_of(values)).comparison("roboclip", "language"))
    assert "trained_elsewhere" not in own


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("methods__gail__trainings_of", "roboclip/langage", "roboclip/language"),
        ("methods__hand__trainings_of", THERE, "hand"),
        ("tasks", ["door-open"], "tasks"),
        ("seeds", 9, "seeds"),
        ("evaluate__episodes", 7, "episodes"),
        ("methods__gail__reward", "gail-of-7-updates", "reward"),
        ("methods__gail__learner", "ppo-published", "ppo-published"),
    ],
)
def test_what_the_other_experiment_does_not_train_alike_is_refused(values, path, value, named):
    with pytest.raises(UserError, match="trainings_of") as refused:
        shared_trainings.check(grid_of(values, **{path: value}))
    assert named in str(refused.value)


def test_nothing_is_taken_from_an_experiment_that_takes_it_from_elsewhere(values):
    changed = json.loads(json.dumps(values))
    experiments(changed)["kitchen"]["methods"]["gail"]["trainings_of"] = f"roboclip/{HERE}"
    experiments(changed)["kitchen"]["tasks"] = ["button-press"]
    with pytest.raises(UserError, match="elsewhere"):
        shared_trainings.check(Grid(Parameters.model_validate(changed)))
