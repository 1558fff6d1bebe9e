import json
from pathlib import Path

import pytest

from showtell.study.checks import misfits_of
from showtell.study.grid import Cell, Grid
from showtell.study.loading import load
from showtell.study.parameters import Parameters
from showtell.study.specifications import Specifications

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load(ROOT, "paper")


def specify(parameters):
    return Specifications(Grid(parameters))


def changed(parameters, **paths):
    """The parameters with some values, named by their path with `__`, replaced."""
    values = parameters.model_dump(mode="json")
    for path, value in paths.items():
        *parents, last = path.split("__")
        at = values
        for key in parents:
            at = at[key]
        assert last in at, path
        at[last] = value
    return Parameters.model_validate(values)


def cell(method, experiment="language", task="drawer-close", paper="roboclip"):
    return Cell(paper, experiment, task, method, 0)


TEXT, ZERO, GAIL = cell("text"), cell("zero"), cell("gail")
ALPHA = cell("text-alpha0.5", "cartpole", "cartpole", "vlm_rm")


def test_a_specification_is_canonical_and_has_no_place_or_scale(parameters):
    text = specify(parameters).training(ALPHA, "train")
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert "results" not in text
    assert specify(parameters).training(ALPHA, "train") == text


@pytest.mark.parametrize(
    ("path", "value", "touched"),
    [
        ("encoders__clip__batch", 7, {"alpha"}),
        ("encoders__s3d__batch", 7, {"text"}),
        ("learners__ppo__epochs", 3, {"text", "zero", "gail"}),
        ("tasks__drawer-close__world__horizon", 64, {"text", "zero", "gail"}),
        # What is told is in the target, an input file of the training; so is what is shown.
        ("tasks__drawer-close__prompts__goal", "robot closing drawer", set()),
        ("demos__scripted__count", 9, set()),
        ("papers__roboclip__experiments__language__evaluate__episodes", 9, set()),
    ],
)
def test_a_value_is_in_the_trainings_that_read_it_and_in_no_other(parameters, path, value, touched):
    before, after = specify(parameters), specify(changed(parameters, **{path: value}))
    cells = {"alpha": ALPHA, "text": TEXT, "zero": ZERO, "gail": GAIL}
    assert touched == {
        name
        for name, one in cells.items()
        if before.training(one, "train") != after.training(one, "train")
    }


def test_a_goal_depends_on_the_prompt_only_where_it_is_the_prompt(parameters):
    after = changed(parameters, **{"tasks__drawer-close__prompts__goal": "robot closing drawer"})
    changes = {
        goal
        for goal in ("text-s3d", "video-s3d", "edited-s3d")
        if specify(parameters).goal(goal, "drawer-close")
        != specify(after).goal(goal, "drawer-close")
    }
    assert changes == {"text-s3d"}


def test_the_wrong_sentence_is_read_by_its_own_goal_alone(parameters):
    after = changed(parameters, **{"tasks__drawer-close__prompts__wrong": "robot lifting a cup"})
    changes = {
        goal
        for goal in ("text-s3d", "text-s3d-wrong", "text-s3d-shuffled")
        if specify(parameters).goal(goal, "drawer-close")
        != specify(after).goal(goal, "drawer-close")
    }
    assert changes == {"text-s3d-wrong"}


def test_a_dataset_brings_the_worlds_of_its_tasks(parameters):
    recipe = {
        "kind": "s3d",
        "dataset": {
            "kind": "world_clips", "tasks": {"drawer-close": 4}, "other_views": 0.0, "hands": 0,
            "held_out": 0.5, "nouns": False,
        },
        "steps": 1, "batch": 2, "learning_rate": 1e-3, "warmup": 0, "weight_decay": 0,
        "tasks_a_batch": 1, "other_captions": 0.0, "calibrated_on": 0,
    }  # fmt: skip
    trained = {"training": {"s3d": recipe}, "encoders__s3d__pretrained": None}
    before = changed(parameters, **trained)
    longer = changed(before, **{"tasks__drawer-close__world__horizon": 64})
    other = changed(before, **{"tasks__door-close__world__horizon": 64})
    assert specify(longer).encoder("s3d") != specify(before).encoder("s3d")
    assert specify(other).encoder("s3d") == specify(before).encoder("s3d")


def test_fine_tuning_depends_on_the_checkpoint_it_starts_from(parameters):
    path = "papers__roboclip__experiments__language__finetune__true-reward__checkpoint"
    after = changed(parameters, **{path: "best-true"})
    one, other = specify(parameters), specify(after)
    assert one.training(TEXT, "true-reward") != other.training(TEXT, "true-reward")
    assert one.training(TEXT, "train") == other.training(TEXT, "train")
    abrupt = "true-reward-abrupt"
    assert one.training(TEXT, abrupt) == other.training(TEXT, abrupt)


def test_a_study_of_several_sentences_names_their_targets_in_the_order_of_its_inputs(parameters):
    spec = json.loads(specify(parameters).study("roboclip", "language", "door-close", "alignment"))
    named = [(entry["goal"], entry["task"]) for entry in spec["targets"]]
    grid = Grid(parameters)
    assert named == grid.study_targets("roboclip", "language", "door-close", "alignment")
    # Three sentences, as two networks read them, and two controls of the task itself.
    assert len(named) == 6 + 2
    assert ("text-s3d-wrong", "door-close") in named
    assert ("text-s3d-wrong", "drawer-close") not in named
    needs = grid.study_needs("roboclip", "language", "alignment")
    assert list(spec["encoders"]) == grid.encoders(needs)


def test_the_pixel_values_of_a_task_reach_its_own_jobs_alone(parameters):
    precise = {f"encoders__{name}__precision": "float32" for name in ("s3d", "s3d-random")}
    published = changed(parameters, **precise, **{"tasks__drawer-close__pixel_values": "0-255"})
    text = json.loads(specify(published).training(TEXT, "train"))
    other = json.loads(specify(published).training(cell("text", task="door-close"), "train"))
    assert text["encoders"]["s3d"]["values"] == "0-255"
    assert other["encoders"]["s3d"]["values"] == "0-1"
    goal = json.loads(specify(published).goal(text["reward"]["goal"], "drawer-close"))
    assert goal["encoder"]["values"] == "0-255"


def test_pixel_values_that_an_encoder_cannot_read_are_refused_at_load(parameters):
    published = changed(parameters, **{"tasks__drawer-close__pixel_values": "0-255"})
    reasons = [misfit.why for found in misfits_of(published).values() for misfit in found]
    assert any("pixel_values are 0-255" in why and "float32" in why for why in reasons)
