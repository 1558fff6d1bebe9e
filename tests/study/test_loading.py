"""params.yaml, a scale and a study of one's own become one set of parameters."""

import re
from pathlib import Path

import pytest
import yaml

from showtell.project.errors import UserError
from showtell.project.replicate import Replicate
from showtell.study import loading
from showtell.study.grid import Grid
from showtell.study.loading import load, replicate, resolved
from showtell.study.selection import select
from showtell.study.yaml_files import read_yaml

ROOT = Path(__file__).resolve().parents[2]
PAPERS = {
    "p": {
        "title": "P",
        "experiments": {
            "one": {
                "tasks": ["a", "b"],
                "methods": {"x": {}, "y": {}, "z": {}},
                "finetune": {
                    "more": {"methods": ["x", "z"]},
                    "rest": {"methods": ["z"]},
                    "all": {},
                },
                "studies": {"fit": {"methods": ["x", "z"]}, "other": {"methods": ["z"]}},
                "figures": {
                    "f": {"kind": "k", "study": "other"},
                    "g": {"kind": "k", "phases": ["more"]},
                },
            },
            "two": {"tasks": ["a"]},
        },
    }
}


def test_an_entry_takes_over_what_it_does_not_say():
    values = {"rewards": {"a": {"kind": "k", "x": 1, "y": 2}, "b": {"from": "a", "y": 3}}}
    assert resolved(values, "s")["rewards"]["b"] == {"kind": "k", "x": 1, "y": 3}


def test_a_scale_changes_an_entry_and_all_that_come_from_it():
    mini = load(ROOT, "mini")
    assert mini.encoders["s3d-random"].frames == mini.encoders["s3d"].frames == 16
    assert mini.learners["ppo"].steps == mini.learners["ppo-published"].steps == 49_152
    assert mini.tasks["door-open"].camera.quality == "fast"


def test_an_entry_cannot_come_from_itself():
    values = {"rewards": {"a": {"from": "b"}, "b": {"from": "a"}}}
    with pytest.raises(UserError, match=r"rewards\.[ab]\.from: .*cannot come from itself"):
        resolved(values, "s")


def test_an_entry_cannot_come_from_nothing():
    with pytest.raises(UserError, match="'bb' is not defined; did you mean 'b'"):
        resolved({"rewards": {"a": {"from": "bb"}, "b": {}}}, "s")


def test_a_scale_runs_what_it_names():
    (one,) = select(PAPERS, {"p": {"one": "all"}}, "s")["p"]["experiments"].values()
    assert one == PAPERS["p"]["experiments"]["one"]


def test_a_selection_of_methods_thins_phases_and_studies():
    run = {"p": {"one": {"methods": ["x"], "tasks": ["a"], "figures": ["g"]}}}
    one = select(PAPERS, run, "s")["p"]["experiments"]["one"]
    assert list(one["methods"]) == ["x"]
    assert one["tasks"] == ["a"]
    assert one["left_out"] == ["b"]
    assert one["finetune"] == {"more": {"methods": ["x"]}, "all": {}}
    assert one["studies"] == {"fit": {"methods": ["x"]}}
    assert list(one["figures"]) == ["g"]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"q": "all"}, ["run: 'q'", "choices: p"]),
        ({"p": {"thre": "all"}}, ["run.p: 'thre'"]),
        ({"p": {"one": {"methods": ["xx"]}}}, ["run.p.one.methods: 'xx'", "'x'"]),
        ({"p": {"one": {"method": ["x"]}}}, ["run.p.one", "method"]),
        ({"p": {"one": "some"}}, ["run.p.one", "all"]),
        ({"p": ["ones"]}, ["run.p: 'ones'", "'one'"]),
    ],
)
def test_a_selection_of_what_does_not_exist_is_refused(run, words):
    with pytest.raises(UserError) as caught:
        select(PAPERS, run, "scale.yaml")
    for word in ["scale.yaml", *words]:
        assert word in str(caught.value)


OWN = {
    "name": "mine",
    "title": "My drawer",
    "tasks": {
        "my-drawer": {"from": "drawer-close", "prompts": {"goal": "robot closing green drawer"}}
    },
    "rewards": {"my-cosine": {"from": "roboclip-text", "compare": "cosine"}},
    "learners": {
        "quick": {"from": "ppo", "steps": 2048, "log_every": 1024, "checkpoint_every": 1024}
    },
    "experiments": {
        "first": {
            "tasks": ["my-drawer"],
            "methods": {
                "cosine": {"reward": "my-cosine", "learner": "quick"},
                "zero": {"reward": "zero"},
            },
            "seeds": 1,
            "evaluate": {"episodes": 2, "actions": ["deterministic"]},
        }
    },
}


@pytest.fixture
def own(tmp_path):
    def write(**changes):
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(OWN | changes))
        return path

    return write


def test_a_study_of_ones_own_is_one_file(own):
    parameters = load(ROOT, "mini", own())
    assert list(parameters.papers) == ["mine"]
    cells = Grid(parameters).cells("mine", "first")
    assert {(cell.task, cell.method) for cell in cells} == {
        ("my-drawer", "cosine"),
        ("my-drawer", "zero"),
    }
    assert parameters.rewards["my-cosine"].compare == "cosine"
    assert parameters.learners["quick"].steps == 2048
    assert parameters.tasks["my-drawer"].camera.quality == "fast"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "roboclip"}, ["name", "'roboclip'", "another name"]),
        ({"rewards": {"gail": {"kind": "zero"}}}, ["rewards.gail", "from: gail"]),
        ({"experiment": {}}, ["'experiments'"]),
        ({"experiments": {}}, ["experiments"]),
        ({"name": "my study"}, ["my study"]),
    ],
)
def test_a_study_that_would_change_a_papers_is_refused(own, changes, words):
    with pytest.raises(UserError) as caught:
        load(ROOT, "mini", own(**changes))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("study", sorted((ROOT / "workflow/studies").glob("*.yaml")))
@pytest.mark.parametrize("scale", ["desk", "paper"])
def test_the_studies_that_are_part_of_this_project_can_be_run(study, scale):
    parameters = load(ROOT, scale, study)
    (experiment,) = parameters.papers[study.stem].experiments.values()
    assert experiment.seeds


def test_an_own_study_does_not_change_the_jobs_of_the_papers(own):
    before = load(ROOT, "mini")
    load(ROOT, "mini", own())
    assert load(ROOT, "mini") == before


def test_the_root_seed_of_the_parameters_makes_no_replicate_of_its_own():
    usual = load(ROOT, "mini").seed
    assert replicate(ROOT, "mini") == replicate(ROOT, "mini", usual) == Replicate("mini")
    assert replicate(ROOT, f"mini-seed{usual}") == Replicate("mini")
    assert replicate(ROOT, "mini", "7") == replicate(ROOT, "mini-seed7") == Replicate("mini", 7)


@pytest.mark.parametrize(
    ("scale", "seed", "words"),
    [
        ("mini", "-1", "SEED=-1"),
        ("mini", "one", "SEED=one"),
        ("mini", True, "SEED=True"),
        ("mini-seed1", 2, "two root seeds"),
        ("minni-seed1", None, "'mini'"),
    ],
)
def test_what_names_no_replicate_is_refused(scale, seed, words):
    with pytest.raises(UserError, match=words):
        replicate(ROOT, scale, seed)


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 50_000 + "x", "? " * 50_000 + "x"])
def test_endless_levels_are_an_error_and_not_the_end_of_the_process(tmp_path, text):
    (tmp_path / "deep.yaml").write_text(text)
    with pytest.raises(UserError, match=r"deep\.yaml is not valid YAML"):
        read_yaml(tmp_path / "deep.yaml")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("goals", "text-humanoid", "from"), ["x"]),
        (("papers", "vlm_rm", "experiments", "cartpole", "figures"), 0.5),
        (("papers", "vlm_rm", "experiments", "cartpole", "figures", "learning"), 0),
        (("papers", "vlm_rm", "experiments", "cartpole", "studies", "epic", "methods"), [{"x": 1}]),
        (("papers", "vlm_rm", "experiments", "cartpole", "tasks"), [["x"]]),
    ],
)
def test_a_value_of_another_type_is_a_sentence_before_a_scale_picks_parts(
    monkeypatch, place, value
):
    values = at = loading.base(ROOT)
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    monkeypatch.setattr(loading, "base", lambda root: values)
    with pytest.raises(UserError, match=re.escape(".".join(place[1:]))):
        load(ROOT, "smoke")
