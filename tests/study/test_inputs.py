"""The files that rules wait for, and targets that no rule makes."""

from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.study.grid import Grid
from showtell.study.inputs import Inputs, job
from showtell.study.loading import load
from showtell.study.targets import Targets, one_of, refuse_unmade

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def inputs():
    return Inputs(Grid(load(ROOT, "smoke")), "smoke")


def test_an_experiment_waits_for_every_phase_of_every_training(inputs):
    curves = inputs.trainings("roboclip", "language", "progress.csv")
    folder = "results/smoke/roboclip/language/drawer-close"
    assert f"{folder}/text/seed0/train/progress.csv" in curves
    assert f"{folder}/text/seed0/true-reward/progress.csv" in curves
    assert len(curves) == len(set(curves)) == len(inputs.runs("roboclip", "language"))
    studies = [f"{folder}/studies/{study}.csv" for study in ("alignment", "agents", "controls")]
    assert inputs.studies("roboclip", "language") == studies


def test_a_study_waits_for_the_demonstrations_that_it_plays(inputs):
    needs = inputs.grid.study_needs("roboclip", "edited", "controls")
    demo = "results/smoke/demos/scripted/drawer-close/demo.npz"
    assert inputs.demonstrations(needs, "drawer-close") == [demo]
    # No reward of this experiment reads them.
    assert demo not in inputs.demos("roboclip", "edited")
    assert job("demonstrate", demo="scripted", task="drawer-close") in inputs.jobs("roboclip")


def test_the_page_waits_for_the_scores_of_networks_and_the_lists_of_their_videos():
    mini = Inputs(Grid(load(ROOT, "mini")), "mini")
    scores = [f"results/mini/models/{name}/metrics.json" for name in ("hold-c", "hold-c-ours")]
    assert mini.networks("hold") == scores
    assert "results/mini/videos/people/shards.json" in mini.videos("hold")
    assert "results/mini/videos/people/counts.csv" in mini.videos("hold")
    assert mini.networks("vlm_rm") == [
        f"results/mini/models/{name}/metrics.json" for name in ("clip", "clip-humanoid")
    ]
    assert mini.videos("vlm_rm") == []
    paper = Inputs(Grid(load(ROOT, "paper")), "paper")
    assert paper.networks("vlm_rm") == []  # its weights are fetched


def test_a_paper_is_its_claims_and_figures(inputs):
    found = inputs.results("vlm_rm")
    assert "results/smoke/vlm_rm/cartpole/compare/claims.json" in found
    assert "results/smoke/vlm_rm/cartpole/figures/epic.svg" in found
    assert not any("critic" in path for path in inputs.results("roboclip"))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("vlm_rn/cartpole/compare/claims.json", ["paper 'vlm_rn'", "'vlm_rm'"]),
        ("vlm_rm/cartpol/compare/claims.json", ["'cartpol'", "'cartpole'"]),
        ("vlm_rm/cartpole/figures/epik.svg", ["figure 'epik'", "'epic'"]),
        ("vlm_rm/cartpole/cartpol/zero/seed0/train/policy.json", ["task 'cartpol'"]),
        ("vlm_rm/cartpole/cartpole/zeros/seed0/train/policy.json", ["method", "'zero'"]),
        ("vlm_rm/cartpole/cartpole/zero/seed9/train/policy.json", ["seed 'seed9'", "seed"]),
        ("vlm_rm/cartpole/cartpole/zero/seed0/pretran/policy.json", ["phase", "'train'"]),
        ("vlm_rm/cartpole/cartpole/studies/epik.csv", ["study 'epik'", "'epic'"]),
        ("report/hould.html", ["paper 'hould'", "'hold'"]),
        ("models/klip/model.json", ["encoder 'klip'", "'clip'"]),
        ("demos/scriptet/drawer-close/demo.npz", ["demo 'scriptet'", "'scripted'"]),
        ("goals/text-klip/cartpole.safetensors", ["goal 'text-klip'", "'text-clip'"]),
    ],
)
def test_a_mistyped_target_names_the_nearest(inputs, target, words):
    with pytest.raises(UserError) as caught:
        Targets(inputs.grid, inputs.replicate).check([f"results/smoke/{target}"])
    assert all(word in str(caught.value) for word in words)


def test_a_target_of_another_scale_says_how_to_ask_for_it(inputs):
    with pytest.raises(UserError, match="scale=mini"):
        Targets(inputs.grid, inputs.replicate).check(
            ["results/mini/vlm_rm/cartpole/compare/claims.json"]
        )


def test_a_target_of_another_root_seed_says_how_to_ask_for_it(inputs):
    with pytest.raises(UserError, match=r"scale=smoke seed=1 .*SCALE=smoke SEED=1"):
        Targets(inputs.grid, inputs.replicate).check(
            ["results/smoke-seed1/vlm_rm/cartpole/compare/claims.json"]
        )


def test_what_is_no_result_is_left_to_snakemake(inputs):
    paths = [path for name, of, _ in inputs.grid.experiments() for path in inputs.studies(name, of)]
    Targets(inputs.grid, inputs.replicate).check(
        [
            "all",
            "vlm_rm",
            "--cores",
            "results/smoke/report.html",
            *paths,
            "results/smoke/report/hold.html",
        ]
    )


def test_a_constraint_matches_its_names_alone():
    import re

    assert re.fullmatch(one_of(["a.b", "c"]), "a.b")
    assert not re.fullmatch(one_of(["a.b", "c"]), "axb")
    assert not re.fullmatch(one_of([]), "")


def test_a_target_that_no_job_makes_is_refused_with_the_nearest_that_one_does():
    known = ["all", "vlm_rm", "results/smoke/report.html", "results/smoke/a/policy.json"]
    for target, near in (
        ("results/smoke/a/polcy.json", "results/smoke/a/policy.json"),
        ("results/smoke/reprt.html", "results/smoke/report.html"),
        ("vlmrm", "vlm_rm"),
        ("nonsense", "make plan"),
    ):
        with pytest.raises(UserError, match=f"{target}: .*{near}"):
            refuse_unmade([target], known)
    refuse_unmade([], known)


def test_a_study_of_agents_waits_for_the_trainings_where_they_are_made():
    desk = Inputs(Grid(load(ROOT, "desk")), "desk")
    named = ("roboclip", "out-of-domain", "button-press", "agents")
    found = desk.agents(*named, "policy.json")
    home = "results/desk/roboclip/{}/button-press/{}/seed{}/train/policy.json"
    assert found[0] == home.format("out-of-domain", "hand", 0)
    assert home.format("language", "zero", 4) in found  # the other experiment's trainings
    played = [(cell.method, cell.seed) for cell in desk.grid.study_agents(*named)]
    assert len(found) == len(played) == 5 * 5
    assert desk.agents("roboclip", "language", "drawer-close", "alignment", "policy.json") == []
