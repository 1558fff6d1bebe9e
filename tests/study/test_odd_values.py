"""Values that no study can mean are refused with the key that has them, at every scale."""

import shutil
from pathlib import Path

import pytest
import yaml

from showtell.project.errors import UserError
from showtell.study.loading import load
from showtell.study.yaml_files import read_yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """The parameters with a scale that each test changes; `load` reads nothing else."""
    root = tmp_path_factory.mktemp("root")
    for name in ("params.yaml", "workflow/scales"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "params.yaml", root)
    shutil.copytree(ROOT / "workflow/scales", root / "workflow/scales")
    return root


def refusal(root: Path, key: str, value: object) -> str:
    """What `load` says of the smoke scale with one value changed."""
    path = root / "workflow/scales/smoke.yaml"
    overlay = yaml.safe_load((ROOT / "workflow/scales/smoke.yaml").read_text())
    at = overlay
    *parents, last = key.split(":")
    for parent in parents:
        at = at.setdefault(parent, {})
    at[last] = value
    path.write_text(yaml.safe_dump(overlay))
    with pytest.raises(UserError) as refused:
        load(root, "smoke")
    return str(refused.value)


TASK = "tasks:cartpole:"
EXPERIMENT = "papers:vlm_rm:experiments:cartpole:"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("learners:dqn-cartpole:learning_rate", float("inf")),
        ("learners:dqn-cartpole:learning_rate", float("nan")),
        ("learners:dqn-cartpole:steps", float("-inf")),
        ("learners:dqn-cartpole:steps", 10**10),
        ("tasks:drawer-close:world:horizon", True),
        ("learners:dqn-cartpole:steps", "1000"),
        ("seed", True),
        (TASK + "camera:native", {"width": 10**6, "height": 64}),
        (TASK + "camera:native", {"width": float("inf"), "height": 64}),
        (EXPERIMENT + "seeds", True),
    ],
)
def test_a_value_that_is_no_such_number_is_refused_by_its_key(root, key, value):
    said = refusal(root, key, value)
    assert key.replace(":", ".") in said
    assert "found" in said


@pytest.mark.parametrize(
    ("study_name", "experiment"),
    [("models", "one"), ("..", "one"), ("a b", "one"), ("mine", "a/b"), ("mine", "a..b"),
     ("mine", "../up"), ("mine", "report"), ("mine", "x" * 200)],
)  # fmt: skip
def test_a_study_of_ones_own_has_names_that_can_be_folders(root, tmp_path, study_name, experiment):
    experiments = yaml.safe_load((ROOT / "params.yaml").read_text())["papers"]["vlm_rm"]
    entry = experiments["experiments"]["cartpole"]
    own = {"name": study_name, "experiments": {experiment: entry}}
    study = tmp_path / "mine.yaml"
    study.write_text(yaml.safe_dump(own))
    shutil.copy(ROOT / "workflow/scales/smoke.yaml", root / "workflow/scales/smoke.yaml")
    with pytest.raises(UserError, match="papers") as refused:
        load(root, "smoke", study)
    assert (study_name if experiment == "one" else experiment) in str(refused.value)


@pytest.mark.parametrize("value", ["0.5/1", "..", "a b", "", "x" * 200])
def test_a_swept_value_that_cannot_be_in_a_path_is_refused(root, value):
    method = {"reward": "zero", "sweep": {"kind": [value]}}
    said = refusal(root, EXPERIMENT + "methods:odd", method)
    assert "methods.odd.sweep" in said


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "[" * 2000,
        "a: &a {b: 1}\n" * 2,
        "a: 2001-99-99",
        "? [1, 2]\n: 3",
        "a: " + "9" * 5000,
        "\n".join(["a0: &a0 [1,1,1,1,1,1,1,1,1]"]
                  + [f"a{n}: &a{n} [" + ",".join([f"*a{n-1}"] * 9) + "]" for n in range(1, 9)]),
        "a: !!python/object/apply:os.system [ls]",
        "a: \x00",
    ],
    ids=["loop", "deep", "twice", "date", "list-as-key", "digits", "bomb", "tag", "nul"],
)  # fmt: skip
def test_hostile_yaml_is_a_sentence(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"mine\.yaml"):
        read_yaml(path)
