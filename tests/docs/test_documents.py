"""What the documents promise is true of the code."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from showtell.project.errors import UserError
from showtell.rendering.scene import View
from showtell.report.markdown import filled, outside
from showtell.rewards.reward import Episodes
from showtell.study.grid import Grid
from showtell.study.loading import load
from showtell.study.specifications import Specifications

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], key=lambda path: path.name)


def test_the_reward_in_adding_a_reward_works(tmp_path, monkeypatch):
    text = (ROOT / "docs/adding-a-reward.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)[1]
    (tmp_path / "bright_middle.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    import bright_middle

    settings_class, name = bright_middle.PARTS["bright_middle"]
    assert [settings_class.model_validate(one).kind for one in bright_middle.EXAMPLES]
    settings = settings_class(kind="bright_middle", stride=4)
    reward = getattr(bright_middle, name)(settings, view=View(30, 20))
    steps = reward.reads.steps(10)
    frames = np.zeros((2, len(steps), 20, 30, 3), np.uint8)
    frames[1, ..., 10:20, :] = 255
    score = reward.score(
        Episodes(
            observations=np.zeros((2, 10, 4), np.float32),
            actions=np.zeros((2, 10), np.int64),
            true_rewards=np.zeros((2, 10), np.float32),
            successes=np.zeros((2, 10), np.bool_),
            frames=frames,
        )
    )
    assert score.shape == (2, 10)
    assert score.dtype == np.float32
    assert (score[0] == 0).all()
    assert (score[1] == 1).all()


STUDIES = re.findall(
    r"```yaml\n(.*?)```", (ROOT / "docs/own-study.md").read_text(), flags=re.DOTALL
)


@pytest.mark.parametrize("scale", ["mini", "paper"])
@pytest.mark.parametrize("text", STUDIES, ids=lambda text: text.splitlines()[0])
def test_the_studies_in_own_study_load_as_they_stand(text, scale, tmp_path):
    (tmp_path / "study.yaml").write_text(text)
    grid = Grid(load(ROOT, scale, tmp_path / "study.yaml"))
    ((paper, name, _),) = grid.experiments()
    assert paper == yaml.safe_load(text)["name"]
    assert all(Specifications(grid).training(cell, "train") for cell in grid.cells(paper, name))


def test_the_task_in_adding_a_task_loads_as_it_stands(tmp_path):
    text = re.search(r"```yaml\n(.*?)```", (ROOT / "docs/adding-a-task.md").read_text(), re.DOTALL)[
        1
    ]
    methods = {"zero": {"reward": "zero"}, "text": {"reward": "roboclip-text"}}
    experiment = {
        "tasks": list(yaml.safe_load(text)["tasks"]),
        "methods": methods,
        "seeds": 1,
        "evaluate": {"episodes": 1, "actions": ["deterministic"]},
    }
    study = yaml.safe_load(text) | {"name": "mine", "experiments": {"one": experiment}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    assert Grid(load(ROOT, "paper", tmp_path / "study.yaml")).cells("mine", "one")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_named_in_documents_exist(document):
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)", document.read_text()):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_help_names_every_verb():
    done = subprocess.run(
        [sys.executable, "-m", "showtell", "--help"], text=True, capture_output=True, check=True
    )
    for verb in ("train", "evaluate", "doctor", "plan", "pull", "share", "report"):
        assert re.search(rf"^ +{verb} ", done.stdout, flags=re.MULTILINE), verb


def test_a_job_that_is_not_json_is_one_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "showtell", "train", "--job", "{"],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("showtell: --job is not JSON")
    assert "Traceback" not in done.stderr


def test_every_number_of_the_results_comes_from_a_committed_table():
    """Tables are written by `make export`, which a test compares; sentences have no results."""
    sentences = outside((ROOT / "docs/results.md").read_text())
    assert re.findall(r"\d+(?:\.\d+)? ?%|\[\d+, \d+\]|0\.\d\d|\d+ points", sentences) == []


def test_a_table_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(UserError, match="expected RUN PAPER EXPERIMENT KIND"):
        filled("<!-- table: mini vlm_rm cartpole sucess -->\n<!-- /table -->", tmp_path)


def test_a_table_of_agreement_shows_what_any_run_decides(tmp_path):
    rows = [
        "results/mini/tables,results/mini-seed1,p,e,first,reproduced,inconclusive,decisive in one",
        "results/mini/tables,results/mini-seed1,p,e,second,inconclusive,waiting,open",
        "results/mini/tables,/else/where,p,e,first,reproduced,,only in a",
    ]
    (tmp_path / "mini/tables").mkdir(parents=True)
    head = "a,b,paper,experiment,claim,in_a,in_b,agreement"
    (tmp_path / "mini/tables/agreement.csv").write_text("\n".join([head, *rows]) + "\n")
    block = "<!-- table: mini agreement agreement.csv -->\n<!-- /table -->"
    lines = filled(block, tmp_path).splitlines()[1:-1]
    assert lines == [
        "| claim | mini | mini-seed1 | where |",
        "| --- | --- | --- | --- |",
        "| first | reproduced | inconclusive |  |",
    ]
