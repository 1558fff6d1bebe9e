"""`showtell new` writes files that work as they stand, in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from showtell.commands import new
from showtell.project.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """What the commands and the written tests read."""
    root = tmp_path_factory.mktemp("copy")
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("src/showtell", "workflow/scales"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignore)
    shutil.copy(ROOT / "params.yaml", root)
    for folder in ("tests", "tests/rewards", "tests/worlds"):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "__init__.py").write_text("")
    return root


# In one process: each takes a second to start. A reward is found by the next process alone.
WRITE = """
from showtell.__main__ import main
assert not main(["new", "reward", "middle_of_the_pictures"])
assert not main(["new", "task", "little_table_with_ring"])
assert not main(["new", "study", "mine", "--text", "robot closing the drawer"])
assert not main(["new", "study", "balance", "--task", "cartpole"])
"""
SCHEMA = """
import json
from showtell.commands.schema import schema, undescribed
print(undescribed(json.loads(schema())))
"""


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture(scope="module")
def written(copy) -> Path:
    """The copy, with one of each kind in it."""
    done = run(copy, "-c", WRITE)
    assert done.returncode == 0, done.stderr
    more = run(
        copy, "-m", "showtell", "new", "study", "bright", "--reward", "middle_of_the_pictures"
    )
    assert more.returncode == 0, more.stderr
    for said in (done.stdout + more.stdout).split("next:")[:-1]:
        files = re.findall(r"^wrote (\S+)$", said, flags=re.MULTILINE)
        assert all((copy / path).is_file() for path in files)
        assert any(path.startswith("tests/") for path in files)
    return copy


def test_the_written_tests_pass_in_the_copy(written):
    done = run(written, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout[-3000:]
    count = re.search(r"(\d+) passed", done.stdout)
    assert count is not None
    assert int(count[1]) >= 20


def test_the_written_code_keeps_the_house_rules(written):
    (written / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    files = [
        f"src/showtell/{path}"
        for path in ("rewards/middle_of_the_pictures.py", "worlds/little_table_with_ring")
    ]
    checked = run(written, "-m", "ruff", "check", *files, "tests")
    assert checked.returncode == 0, checked.stdout
    assert run(written, "-m", "ruff", "format", "--check", *files, "tests").returncode == 0


def test_the_schema_describes_the_written_parts(written):
    assert run(written, "-c", SCHEMA).stdout.strip() == "[]"


def test_nothing_is_written_over(written):
    file = written / "src/showtell/rewards/middle_of_the_pictures.py"
    before = file.read_bytes()
    with pytest.raises(UserError, match="exists already"):
        new.new_reward(written, "middle_of_the_pictures")
    with pytest.raises(UserError, match="exists already"):
        new.new_task(written, "little_table_with_ring")
    with pytest.raises(UserError, match="exists already"):
        new.new_study(written, "mine", "drawer-close", None, None)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("my-reward", "my_reward"),
        ("Grün", "grun"),
        ("../up", "up"),
        ("class", "my_reward"),
        ("a" * 99, "a" * 22),
        ("", "my_reward"),
        ("9lives", "my_reward"),
        ("zero", "already"),
        ("building", "exists"),
    ],
)
def test_a_name_that_no_file_can_bear_is_refused_with_one_that_can(name, word):
    with pytest.raises(UserError, match=word):
        new.new_reward(ROOT, name)


@pytest.mark.parametrize("name", ["vlm_rm", "hold", "My Study", "mine-", "models"])
def test_a_study_is_not_called_like_a_paper_or_a_folder(copy, name):
    with pytest.raises(UserError):
        new.new_study(copy, name, "drawer-close", None, None)
    assert not (copy / f"studies/{name}.yaml").exists()


@pytest.mark.parametrize("task", ["kitchen-hinge", "rlv-drawer", "coffee-button"])
def test_a_study_is_kept_only_if_it_can_run(copy, task):
    """Of any task: it can run, or a sentence says why not and nothing is left behind."""
    try:
        new.new_study(copy, "other", task, "robot opening drawer", None)
    except UserError as error:
        assert task in str(error) or "other" in str(error)
        assert not (copy / "studies/other.yaml").exists()
    (copy / "studies/other.yaml").unlink(missing_ok=True)
    (copy / "tests/own/test_other.py").unlink(missing_ok=True)


def test_the_guide_shows_the_reward_that_is_written(tmp_path):
    guide = (ROOT / "docs/adding-a-reward.md").read_text()
    values = {"name": "bright_middle", "Class": "BrightMiddle"}
    assert re.search(r"```python\n(.*?)```", guide, flags=re.DOTALL)[1] == new._filled(
        "reward.py", values
    )


@pytest.mark.parametrize("what", ["reward", "task", "study"])
def test_the_guides_name_the_command(what):
    guide = {"reward": "adding-a-reward", "task": "adding-a-task", "study": "own-study"}[what]
    assert f"showtell new {what} " in (ROOT / f"docs/{guide}.md").read_text()
