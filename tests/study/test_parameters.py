import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from showtell.commands.exports import exports
from showtell.project.errors import UserError
from showtell.study.loading import SCALES, load
from showtell.study.yaml_files import changes, merge

ROOT = Path(__file__).resolve().parents[2]
CARTPOLE = "papers.vlm_rm.experiments.cartpole"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "workflow").mkdir()
    shutil.copytree(ROOT / "workflow/scales", tmp_path / "workflow/scales")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def put(study: Path, path: str, value: object, *, remove: bool = False) -> None:
    values = yaml.safe_load((study / "params.yaml").read_text())
    at = values
    *parents, last = path.split(".")
    for key in parents:
        at = at.setdefault(key, {})
    if remove:
        del at[last]
    else:
        at[last] = value
    (study / "params.yaml").write_text(yaml.safe_dump(values))


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_is_valid(scale):
    assert load(ROOT, scale).papers["vlm_rm"].experiments


def test_an_unknown_scale_names_the_nearest():
    with pytest.raises(UserError, match="'mini'"):
        load(ROOT, "minni")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (
            "tasks.cartpole.world.horizn",
            3,
            ["tasks.cartpole.world.horizn", "unknown key", "'horizon'"],
        ),
        (
            "tasks.cartpole.world.kind",
            "cartpol",
            ["tasks.cartpole.world", "'cartpol'", "'cartpole'"],
        ),
        (
            "tasks.cartpole.camera.native.width",
            "wide",
            ["tasks.cartpole.camera.native.width", "'wide'", "integer"],
        ),
        ("learners.dqn-cartpole.gamma", None, ["learners.dqn-cartpole.gamma", "None", "number"]),
        (f"{CARTPOLE}.tasks", ["cartpol"], [CARTPOLE, "'cartpol'", "did you mean 'cartpole'?"]),
        (
            f"{CARTPOLE}.train.learner",
            "dqn",
            [CARTPOLE, "'dqn' is not defined", "'dqn-cartpole'"],
        ),
        (
            f"{CARTPOLE}.methods.text.sweep",
            {"alfa": [1]},
            ["methods.text.sweep", "no 'alfa'", "'alpha'"],
        ),
        ("rewards.clip-text.goal", "text-klip", ["'text-klip'", "'text-clip'"]),
        (f"{CARTPOLE}.seeds", -1, [f"{CARTPOLE}.seeds", "found -1", "greater than or equal to 0"]),
        (f"{CARTPOLE}.methods.text.label", "α = {alfa}", ["no sweep over 'alfa'"]),
        (f"{CARTPOLE}.methods.zero.label", "ground truth", ["'ground-truth' and 'zero'", "label"]),
        (f"{CARTPOLE}.figures.epic.kind", "epik", ["figures.epic", "'epik'", "'epic'"]),
        (f"{CARTPOLE}.figures.epic.study", "epik", ["figures.epic", "'epik'", "'epic'"]),
        (f"{CARTPOLE}.figures.epic.study", "pole-angle", ["figures.epic", "kind 'landscape'"]),
        (f"{CARTPOLE}.figures.success.study", "epic", ["figures.success.study", "unknown key"]),
        (
            "papers.roboclip.experiments.language.figures.critic.compare",
            ["true-reward", "true-rewards"],
            ["figures.critic", "'true-rewards'", "'true-reward'"],
        ),
        ("goals.text-clip.encoder", "klip", ["goals.text-clip.encoder", "'clip'"]),
    ],
)
def test_a_wrong_value_is_one_sentence_with_the_cure(study, path, value, words):
    put(study, path, value)
    with pytest.raises(UserError) as caught:
        load(study, "paper")
    for word in ["params.yaml", *words]:
        assert word in str(caught.value)


def test_a_missing_value_is_named(study):
    put(study, "learners.dqn-cartpole.gamma", None, remove=True)
    with pytest.raises(UserError, match=r"learners\.dqn-cartpole\.gamma: this key is missing"):
        load(study, "paper")


def test_a_reward_whose_goal_is_a_prompt_needs_prompts(study):
    put(study, "tasks.cartpole.prompts", None)
    with pytest.raises(UserError, match=r"tasks\.cartpole has no prompts"):
        load(study, "paper")


def test_a_key_given_twice_is_refused(study):
    text = (study / "params.yaml").read_text()
    (study / "params.yaml").write_text(text + "\nseed: 1\n")
    with pytest.raises(UserError, match="'seed' is given twice"):
        load(study, "paper")


def test_an_overlay_may_not_invent_keys(study):
    (study / "workflow/scales/smoke.yaml").write_text(
        "tasks: {cartpole: {camera: {native: {widht: 3}}}}\n"
    )
    with pytest.raises(UserError, match="'width'"):
        load(study, "smoke")


def test_generated_files_equal_their_source():
    for path, text in exports(ROOT).items():
        assert path.read_text() == text, f"{path.name} is out of date: run `make export`"


trees = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(trees)
def test_merging_a_value_over_itself_changes_nothing(value):
    assert merge(value, value) == value
    assert changes(value, value) == []


@given(
    st.dictionaries(st.sampled_from("abc"), trees), st.dictionaries(st.sampled_from("abc"), trees)
)
def test_an_overlay_wins_leaf_by_leaf(base, over):
    assert changes(merge(base, over), over) == []
