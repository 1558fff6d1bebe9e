"""What `showtell why` says about a workflow of one job, run by the real Snakemake."""

import json
import shutil
import subprocess
import sys

import pytest

from showtell.commands.why import why
from showtell.project.errors import UserError
from showtell.project.files import write_json
from showtell.project.fingerprint import contents

TARGET, PROVENANCE = "results/smoke/tiny/policy", "results/smoke/tiny/provenance.json"
MODULES = ["showtell.project.errors"]
JOB = {"fingerprint": "before", "modules": MODULES, "learner": {"gamma": 0.99, "steps": 10}}
SNAKEFILE = f"""
rule train:
    input: "clip"
    output: policy="{TARGET}", provenance="{PROVENANCE}"
    params: job=open("job.json").read()
    shell:
        "cp clip {{output.policy}}; touch {{output.provenance}};"
        " : --job {{params.job:q}} --out provenance {{output.provenance:q}}"
"""


def specify(root, **changes):
    (root / "job.json").write_text(json.dumps(JOB | changes))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("finished") / "root"
    root.mkdir()
    (root / "Snakefile").write_text(SNAKEFILE)
    (root / "clip").write_text("red")
    specify(root)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", TARGET]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    code = contents(tuple(MODULES), JOB) | {"showtell.project.errors": "another"}
    write_json(root / PROVENANCE, {"fingerprint": "before", "code": code})
    return root


@pytest.fixture
def root(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "root")


def test_a_target_that_is_up_to_date_needs_no_reason(finished):
    assert "up to date" in why(finished, "smoke", TARGET)


def test_a_changed_value_is_named_with_what_it_was(root):
    specify(root, learner={"gamma": 0.98, "steps": 10})
    text = why(root, "smoke", TARGET)
    assert "learner.gamma is 0.98 (was 0.99)" in text
    assert "1 train" in text
    assert "steps" not in text
    assert "code" not in text


def test_a_changed_module_is_named(root):
    specify(root, fingerprint="after")
    assert "showtell.project.errors [train]" in why(root, "smoke", TARGET)


def test_a_changed_input_and_a_deleted_output_are_named(root):
    (root / "clip").write_text("blue")
    text = why(root, "smoke", TARGET)
    assert "clip has another content" in text
    assert "gamma" not in text
    (root / PROVENANCE).unlink()
    assert f"{PROVENANCE} was deleted" in why(root, "smoke", PROVENANCE)


def test_what_was_never_made_is_said(root):
    shutil.rmtree(root / "results")
    shutil.rmtree(root / ".snakemake")
    assert f"{TARGET} was never made" in why(root, "smoke", TARGET)


def test_a_mistyped_target_has_a_nearest_name(root):
    with pytest.raises(UserError, match=f"did you mean '{TARGET}'"):
        why(root, "smoke", TARGET + "s")
