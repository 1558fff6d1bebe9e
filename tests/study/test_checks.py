"""Studies that cannot run are refused when they are read: all mistakes in one message."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from showtell.project.errors import UserError
from showtell.study.grid import Cell, Grid
from showtell.study.loading import load
from showtell.study.specifications import Specifications
from showtell.study.yaml_files import merge, read_yaml

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = {"evaluate": {"episodes": 1, "actions": ["deterministic"]}, "seeds": 1}


def experiment(tasks, methods, **more):
    """Changes that add one experiment to RoboCLIP's."""
    entry = {"tasks": tasks, "methods": methods, **PROTOCOL, **more}
    return {"papers": {"roboclip": {"experiments": {"mine": entry}}}}


def method(reward, **more):
    return {"one": {"reward": reward, **more}}


def load_changed(folder, changes, scale="mini"):
    (folder / "workflow").mkdir(exist_ok=True)
    shutil.copytree(ROOT / "workflow/scales", folder / "workflow/scales", dirs_exist_ok=True)
    overlay = folder / "workflow/scales" / f"{scale}.yaml"
    values = read_yaml(overlay)
    values.pop("run", None)
    if scale == "mini":  # the stand-ins of mini were not trained for all experiments
        values["run"] = {"vlm_rm": "all", "roboclip": {"language": {"methods": ["text"]}}}
        for paper, entry in changes.get("papers", {}).items():
            for name in entry["experiments"]:
                values["run"][paper] = values["run"][paper]
                if values["run"][paper] != "all" and name not in values["run"][paper]:
                    values["run"][paper][name] = "all"
    overlay.write_text(yaml.safe_dump(merge(values, changes)))  # a scale may set the same key
    base = merge(read_yaml(ROOT / "params.yaml"), changes)
    (folder / "params.yaml").write_text(yaml.safe_dump(base))
    return load(folder, scale)


DRAWER, CARTPOLE = ["drawer-close"], ["cartpole"]
SENTENCES = {"kind": "alignment", "methods": ["one"], "episodes": 4}
CONTROLS = {
    "kind": "controls", "episodes": 4, "demo": "hand",
    "cloning": {"steps": 9, "batch": 8, "learning_rate": 1e-3},
}  # fmt: skip
LANGUAGE, CLASSIC = (
    "papers.roboclip.experiments.language",
    "papers.vlm_rm.experiments.cartpole",
)

RENDERED = {"kind": "rendered", "encoder": None, "stages": "last", "seed": 0}
DISTANCE = {
    "kind": "distance", "goal": "picture", "distance": "pixels", "baseline": "goal",
    "form": "cumulative", "gamma": 1.0, "divisor": 60, "normalise": "fixed", "threshold": 1.0,
    "threshold_of": "fixed",
    "patience": 3, "stage_offset": 0,
}  # fmt: skip
ROBOCLIP = {"kind": "roboclip", "goal": "text-s3d", "sampling": "evenly", "compare": "product"}
FRAMES = {"kind": "demo_frames", "encoder": "clip-base", "demo": "followed", "number": 1}
FOLLOWED = {
    "kind": "scripted",
    "encoder": "clip-base",
    "count": 1,
    "attempts": 20,
    "frames": "all",
}
TCN = {
    "kind": "tcn", "goal": "frames", "alpha": 0.005, "beta": 0.02, "gamma": 0.2, "first": 0,
    "divisor": 1,
}  # fmt: skip
SUM = {"kind": "sum", "weights": [1, 1]}
HOLD_R = {
    "kind": "hold_r",
    "architecture": {
        "kind": "resnet", "layers": [3, 4, 6, 3], "block": "bottleneck", "width": 64,
        "norm": "batch", "branch_scale": 0,
    },
    "history": 3, "pretrained": "random", "picture": {"width": 64, "height": 64}, "fit": "crop",
    "batch": 8,
}  # fmt: skip


def between(distance, encoder):
    """A study whose method measures a distance of this kind to a rendered goal."""
    return (
        changed("encoders.own-hold-r", HOLD_R)
        | changed("goals.picture", RENDERED | {"encoder": encoder})
        | changed("rewards.near", DISTANCE | {"distance": distance})
        | experiment(["dvd-close-drawer"], method("near", learner="ppo"))
    )


def changed(at, value):
    """Nested changes of the value at a dotted key."""
    *parents, last = at.split(".")
    found = {last: value}
    for key in reversed(parents):
        found = {key: found}
    return found


# (what is wrong, changes, words of structure that the message must have)
IMPOSSIBLE = {
    "a reward that follows a demonstration, and a goal that is none": (
        changed("rewards.mine", TCN | {"goal": "video-s3d"}) | experiment(DRAWER, method("mine")),
        ["method one", "(tcn)", "goals.video-s3d", "'demo_frames'"],
    ),
    "a demonstration that no reward follows": (
        changed("demos.followed", FOLLOWED)
        | changed("goals.frames", FRAMES)
        | changed("rewards.mine", DISTANCE | {"goal": "frames", "distance": "l2"})
        | experiment(DRAWER, method("mine")),
        ["method one", "goals.frames", "(distance)", "'tcn'"],
    ),
    "a demonstration of one frame that is followed": (
        changed("demos.followed", FOLLOWED | {"frames": None})
        | changed("goals.frames", FRAMES)
        | changed("rewards.mine", TCN)
        | experiment(DRAWER, method("mine")),
        ["method one", "goals.frames", "keeps one frame", "demos.followed.frames to all"],
    ),
    "a learner of discrete actions on Meta-World": (
        experiment(DRAWER, method("zero", learner="dqn-cartpole")),
        ["mine", "task drawer-close", "method one", "dqn-cartpole", "box", "'ppo"],
    ),
    "a learner of continuous actions on CartPole": (
        experiment(CARTPOLE, method("zero", learner="ppo")),
        ["mine", "task cartpole", "'ppo'", "discrete", "'dqn-cartpole'"],
    ),
    "nobody learns": (
        changed("tasks.mountain-car.learner", None) | experiment(["mountain-car"], method("zero")),
        ["mine", "task mountain-car", "tasks.mountain-car.learner"],
    ),
    "a scripted demo of a world without a script": (
        experiment(CARTPOLE, method("gail")),
        ["mine", "task cartpole", "demos.scripted", "no", "script", "'file'"],
    ),
    "the kitchen's script needs end-effector actions": (
        changed("tasks.kitchen-kettle.world.actions", "joint_velocity")
        | experiment(["kitchen-kettle"], method("gail")),
        ["mine", "task kitchen-kettle", "demos.scripted"],
    ),
    "AIRL without log-probabilities": (
        experiment(CARTPOLE, method("airl")),
        ["method one", "airl", "log-probabilities", "dqn-cartpole"],
    ),
    "an S3D that was never trained on CartPole": (
        experiment(CARTPOLE, method("roboclip-text")),
        ["task cartpole", "encoders.s3d", "metaworld", "training.s3d.dataset"],
    ),
    "a CLIP that was never trained on Meta-World": (
        changed("tasks.drawer-close.prompts.baseline", "a drawer")
        | experiment(DRAWER, method("clip-text")),
        ["task drawer-close", "encoders.clip", "cartpole", "training.clip.dataset"],
    ),
    "alpha without a baseline prompt": (
        changed("rewards.clip-text.alpha", 0.5)
        | changed("tasks.cartpole.prompts", {"goal": "a pole", "baseline": None}),
        ["task cartpole", "baseline", "tasks.cartpole.prompts.baseline", "alpha to 0"],
    ),
    "more demonstrations than the demo has": (
        changed("rewards.gail.demos", 9) | experiment(DRAWER, method("gail")),
        ["9 demonstrations", "demos.scripted has 1", "demos.scripted.count"],
    ),
    "a goal of more demonstrations than the demo has": (
        experiment(DRAWER, method("roboclip-video-of-3")),
        ["3 demonstrations", "demos.scripted has 1"],
    ),
    "fine-tuning with other hidden sizes": (
        changed("learners.ppo-finetune.hidden", [8])
        | experiment(
            DRAWER,
            method("zero"),
            finetune={"more": {"learner": "ppo-finetune", "reward": "true-reward"}},
        ),
        ["finetune.more", "'ppo-finetune'", "(8,)", "(64, 64)", "hidden"],
    ),
    "fine-tuning with another kind of learner": (
        experiment(
            DRAWER,
            method("zero"),
            finetune={"more": {"learner": "dqn-cartpole", "reward": "true-reward"}},
        ),
        ["finetune.more", "dqn-cartpole", "box"],
    ),
    "cloning without a demonstration": (
        experiment(
            DRAWER,
            method("zero"),
            finetune={"more": {"learner": "ppo-one-demo", "reward": "true-reward"}},
        ),
        ["finetune.more", "'ppo-one-demo'", "clones", "true_reward"],
    ),
    "cloning of a policy that observes pictures": (
        experiment(
            ["dvd-close-drawer-ours"],
            method("zero"),
            studies={"c": CONTROLS | {"demo": "scripted-hold"}},
        ),
        ["studies.c", "'sac-hold-ours'", "pictures", "null"],
    ),
    "fine-tuning of a method that does not exist": (
        changed(f"{LANGUAGE}.finetune.true-reward.methods", ["txt"]),
        ["finetune.true-reward", "'txt'", "'text'"],
    ),
    "EPIC on Meta-World": (
        experiment(
            DRAWER,
            method("zero"),
            studies={
                "epic": {"kind": "epic", "methods": ["one"], "states": 9, "against": "criteria"}
            },
        ),
        ["studies.epic", "drawer-close", "EPIC"],
    ),
    "histograms of goal states on Meta-World": (
        experiment(
            DRAWER,
            method("zero"),
            studies={
                "goals": {
                    "kind": "goal_states",
                    "methods": ["one"],
                    "states": 9,
                    "bins": 3,
                    "span": 2,
                }
            },
        ),
        ["studies.goals", "drawer-close", "uniformly"],
    ),
    "a landscape over a misspelt variable": (
        changed(f"{CLASSIC}.studies.pole-angle.variable", "pole_angl"),
        ["studies.pole-angle", "'pole_angl'", "'pole_angle'"],
    ),
    "a landscape of a world whose state cannot be set": (
        experiment(
            DRAWER,
            method("zero"),
            studies={
                "land": {
                    "kind": "landscape",
                    "methods": ["one"],
                    "variable": "x",
                    "low": 0,
                    "high": 1,
                    "points": 3,
                }
            },
        ),
        ["studies.land", "drawer-close", "landscape"],
    ),
    "an alignment study where no script can be played": (
        experiment(CARTPOLE, method("zero"), studies={"fit": SENTENCES | {"goals_of": "own"}}),
        ["studies.fit", "cartpole", "script"],
    ),
    "controls that replay a video without actions": (
        experiment(["button-press"], method("zero"), studies={"control": CONTROLS}),
        ["studies.control", "button-press", "demos.hand", "'scripted'"],
    ),
    "controls of a demo that is not defined": (
        experiment(DRAWER, method("zero"), studies={"control": CONTROLS | {"demo": "scriptd"}}),
        ["studies.control.demo", "'scriptd'", "'scripted'"],
    ),
    "controls with a demo in a world without a script": (
        experiment(CARTPOLE, method("zero"), studies={"control": CONTROLS | {"demo": "scripted"}}),
        ["studies.control", "cartpole", "script"],
    ),
    "an alignment study with the sentence of a task that has none": (
        experiment(
            DRAWER,
            method("roboclip-text"),
            studies={"fit": SENTENCES | {"goals_of": ["coffee-button"]}},
        ),
        ["studies.fit", "coffee-button", "tasks.coffee-button.prompts.goal"],
    ),
    "a study of a method that does not exist": (
        changed(f"{CLASSIC}.studies.epic.methods", ["txet"]),
        ["studies.epic.methods", "'txet'", "'text'"],
    ),
    "a kind of study that does not exist": (
        changed(f"{CLASSIC}.studies.epic.kind", "epik"),
        ["studies.epic", "'epik'", "'epic'"],
    ),
    "a value of a sweep that the reward refuses": (
        changed(f"{CLASSIC}.methods.text.sweep", {"alpha": [2]}),
        ["methods.text.sweep.alpha", "found 2", "less than or equal to 1"],
    ),
    "a sweep over words": (
        changed(f"{CLASSIC}.methods.text.sweep", {"alpha": ["high"]}),
        ["methods.text.sweep.alpha", "'high'", "number"],
    ),
    "the same value twice in a sweep": (
        changed(f"{CLASSIC}.methods.text.sweep", {"alpha": [0, 0]}),
        ["methods.text.sweep.alpha", "different values"],
    ),
    "a sweep over a setting that does not exist": (
        changed(f"{CLASSIC}.methods.text.sweep", {"alfa": [0]}),
        ["methods.text.sweep", "'alfa'", "'alpha'"],
    ),
    "a task without the prompt that a reward needs": (
        changed("tasks.drawer-close.prompts", None) | experiment(DRAWER, method("roboclip-text")),
        ["task drawer-close", "goals.text-s3d", "tasks.drawer-close.prompts.goal"],
    ),
    "a task without the wrong sentence that a control needs": (
        changed("tasks.drawer-close.prompts.wrong", None)
        | experiment(DRAWER, method("roboclip-wrong-text")),
        ["task drawer-close", "goals.text-s3d-wrong", "tasks.drawer-close.prompts.wrong"],
    ),
    "a study with a control whose sentence the task lacks": (
        changed("tasks.drawer-close.prompts.wrong", None)
        | experiment(
            DRAWER,
            method("roboclip-text"),
            studies={
                "fit": SENTENCES | {"goals_of": "own", "controls": {"wrong": "roboclip-wrong-text"}}
            },
        ),
        ["studies.fit.controls.wrong", "tasks.drawer-close.prompts.wrong"],
    ),
    "a control with a reward that does not exist": (
        experiment(
            DRAWER,
            method("roboclip-text"),
            studies={
                "fit": SENTENCES | {"goals_of": "own", "controls": {"wrong": "roboclip-wrng-text"}}
            },
        ),
        ["studies.fit.controls.wrong", "'roboclip-wrng-text'", "'roboclip-wrong-text'"],
    ),
    "a control of the name of a method": (
        experiment(
            DRAWER,
            {"wrong": {"reward": "roboclip-text"}},
            studies={
                "fit": SENTENCES
                | {"methods": ["wrong"], "goals_of": "own"}
                | {"controls": {"wrong": "roboclip-wrong-text"}}
            },
        ),
        ["studies.fit.controls.wrong", "another name"],
    ),
    "a wrong sentence that is the goal": (
        changed("tasks.drawer-close.prompts.wrong", "robot closing green drawer"),
        ["tasks.drawer-close.prompts", "the same sentence"],
    ),
    "a video goal in an encoder of pictures": (
        changed("goals.video-s3d.encoder", "clip-base")
        | experiment(DRAWER, method("roboclip-video")),
        ["method one", "encoders.clip-base", "video"],
    ),
    "a reward of pictures with an encoder of clips": (
        changed("goals.text-clip.encoder", "s3d") | experiment(DRAWER, method("clip-text")),
        ["method one", "encoders.s3d", "image"],
    ),
    "a reward of cosines with vectors of any length": (
        changed("rewards.clip-last-frame.goal", "text-s3d")
        | experiment(DRAWER, method("clip-last-frame")),
        ["method one", "last_frame", "length 1", "encoders.s3d"],
    ),
    "another size than that of the stand-in": (
        experiment(DRAWER, method("roboclip-text", picture={"width": 48, "height": 48})),
        ["method one", "encoders.s3d", "64x64", "48x48"],
    ),
    "a demo without states": (
        changed("demos.hand", {"kind": "drawn_hand", "encoder": "s3d", "count": 1})
        | changed("rewards.gail.demo", "hand")
        | experiment(["button-press"], method("gail")),
        ["task button-press", "demos.hand", "states", "'scripted'"],
    ),
    "a demo that does not show the task": (
        changed("demos.hand", {"kind": "drawn_hand", "encoder": "s3d", "count": 1})
        | experiment(["drawer-close"], method("roboclip-hand")),
        ["task drawer-close", "demos.hand", "does not show"],
    ),
    "a reward that does not exist": (
        experiment(DRAWER, method("roboclip-txt")),
        ["mine.methods.one.reward", "'roboclip-txt'", "'roboclip-text'"],
    ),
    "a goal that does not exist": (
        changed("rewards.clip-text.goal", "text-clipp"),
        ["rewards.clip-text.goal", "'text-clipp'", "'text-clip'"],
    ),
    "an encoder that does not exist": (
        changed("goals.text-clip.encoder", "klip"),
        ["goals.text-clip.encoder", "'klip'", "'clip'"],
    ),
    "a recipe of another kind of network": (
        changed("training.clip-base", {"from": "s3d"}),
        ["training.clip-base", "'s3d'", "'open_clip'"],
    ),
    "a recipe for weights that are fetched": (
        changed("training.clip-base", {"from": "clip"}),
        ["training.clip-base", "openai", "encoders.clip-base.pretrained"],
    ),
    "a rendered goal of a world that cannot draw one": (
        changed("goals.picture", RENDERED)
        | changed("rewards.pixels", DISTANCE)
        | experiment(DRAWER, method("pixels")),
        ["task drawer-close", "goals.picture", "metaworld", "goal of another kind"],
    ),
    "distances of a network without one": (
        between("network", None),
        ["task dvd-close-drawer", "goals.picture.encoder", "'hold-r'"],
    ),
    "distances of a network that gives embeddings": (
        between("network", "clip"),
        ["task dvd-close-drawer", "encoders.clip", "l2 or cosine", "hold-r"],
    ),
    "embeddings of a network that measures distances": (
        between("l2", "own-hold-r"),
        ["task dvd-close-drawer", "encoders.own-hold-r", "distance: network"],
    ),
    "a sum with a term whose prompt the task lacks": (
        changed("rewards.both", SUM | {"terms": [{"kind": "zero"}, ROBOCLIP]})
        | experiment(["coffee-button"], method("both")),
        ["task coffee-button", "goals.text-s3d", "tasks.coffee-button.prompts.goal"],
    ),
    "a dataset of a task that does not exist": (
        changed("training.s3d.dataset.tasks", {"drawer-closed": 3}),
        ["training.s3d.dataset.tasks", "'drawer-closed'", "'drawer-close'"],
    ),
}


def test_a_demonstration_is_followed_with_all_its_frames(tmp_path):
    changes = (
        changed("demos.followed", FOLLOWED)
        | changed("goals.frames", FRAMES)
        | changed("rewards.mine", TCN)
        | experiment(DRAWER, method("mine"))
    )
    grid = Grid(load_changed(tmp_path, changes, "paper"))
    demo = json.loads(Specifications(grid).demo("followed", "drawer-close"))
    assert demo["frames"] is None
    assert json.loads(Specifications(grid).demo("scripted", "drawer-close"))["frames"] == 32


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_study_is_refused_with_place_and_cure(name, tmp_path):
    changes, words = IMPOSSIBLE[name]
    with pytest.raises(UserError) as caught:
        load_changed(tmp_path, changes)
    message = str(caught.value)
    assert message.startswith("params.yaml + ")
    for word in words:
        assert word in message


def test_there_are_thirty_of_them():
    assert len(IMPOSSIBLE) >= 30


def test_all_mistakes_are_in_one_message(tmp_path):
    methods = {
        "a": {"reward": "zero", "learner": "dqn-cartpole"},
        "b": {"reward": "roboclip-video-of-3"},
        "c": {"reward": "clip-text"},
    }
    with pytest.raises(UserError) as caught:
        load_changed(tmp_path, experiment(DRAWER, methods))
    lines = str(caught.value).splitlines()
    for name in methods:
        assert any(f"method {name}:" in line for line in lines)


def test_incompatible_pairs_may_be_left_out(tmp_path):
    changes = experiment(
        ["drawer-close", "cartpole"],
        {"gail": {"reward": "gail"}, "zero": {"reward": "zero"}},
        incompatible="skip",
    )
    grid = Grid(load_changed(tmp_path, changes))
    cells = {(cell.task, cell.method) for cell in grid.cells("roboclip", "mine")}
    assert cells == {("drawer-close", "gail"), ("drawer-close", "zero"), ("cartpole", "zero")}
    (misfit, *_) = grid.misfits["roboclip", "mine"]
    assert (misfit.task, misfit.method) == ("cartpole", "gail")
    assert "script" in misfit.why


def test_skipping_pairs_does_not_excuse_a_name_that_is_not_defined(tmp_path):
    changes = experiment(DRAWER, method("gale"), incompatible="skip")
    with pytest.raises(UserError, match="'gale' is not defined"):
        load_changed(tmp_path, changes)


@pytest.mark.parametrize("distance", ["network", "pixels"])
def test_a_network_of_distances_may_have_the_goal_of_a_reward(distance, tmp_path):
    grid = Grid(load_changed(tmp_path, between(distance, "own-hold-r")))
    cell = Cell("roboclip", "mine", "dvd-close-drawer", "one", 0)
    job = json.loads(Specifications(grid).training(cell, "train"))
    assert job["goals"]["picture"]["encoder"] == "own-hold-r"
    assert job["encoders"]["own-hold-r"]["history"] == 3


def test_a_sum_of_a_distance_to_a_rendered_picture_and_sparse_is_specified(tmp_path):
    terms = [DISTANCE, {"kind": "sparse", "rule": "any"}]
    changes = (
        changed("goals.picture", RENDERED)
        | changed("rewards.both", SUM | {"terms": terms})
        | experiment(["dvd-close-drawer"], method("both", learner="ppo"))
    )
    grid = Grid(load_changed(tmp_path, changes))
    cell = Cell("roboclip", "mine", "dvd-close-drawer", "one", 0)
    job = json.loads(Specifications(grid).training(cell, "train"))
    native = {"width": 96, "height": 64}
    assert job["targets"] == [{"goal": "picture", "task": "dvd-close-drawer"}]
    assert job["goals"] == {"picture": {"encoder": None, "picture": native}}
    assert [term["kind"] for term in job["reward"]["terms"]] == ["distance", "sparse"]
    modules = {f"showtell.rewards.{name}" for name in ("sum", "distance", "sparse")}
    assert modules | {"showtell.goals.rendered"} <= set(job["modules"])
    goal = json.loads(Specifications(grid).goal("picture", "dvd-close-drawer"))
    assert goal["picture"] == native
    assert goal["task"]["world"]["kind"] == "dvd_close_drawer"
