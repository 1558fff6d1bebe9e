"""Where results come from: complete, host-free, and honest about the code."""

import getpass
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from showtell.project.errors import UserError
from showtell.project.files import read_json, sha256, write_text
from showtell.project.git import git_state
from showtell.project.provenance import job_key, records, versions, write_provenance

JOB = {"fingerprint": "f00d", "root": 3, "address": ["vlm_rm", "cartpole"], "alpha": 0.5}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git_state.cache_clear()
    yield tmp_path
    git_state.cache_clear()


def written(**changes):
    write_text(Path("in.bin"), "in")
    write_text(Path("out.bin"), "out")
    arguments = {
        "job_name": "train", "job": JOB, "inputs": [Path("in.bin")],
        "outputs": [Path.cwd() / "out.bin"], "started": 0.25, "wall_time_s": 1.23456, "extra": {},
    }  # fmt: skip
    write_provenance(Path("provenance.json"), **(arguments | changes))
    return read_json(Path("provenance.json"))


def git(*arguments):
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *identity, *arguments], check=True)


def test_a_job_is_told_by_its_settings_in_any_order(root):
    record = written()
    assert record["job_key"] == job_key(dict(reversed(JOB.items())))
    assert record["job_key"] != job_key(JOB | {"alpha": 0.25})
    assert record["job"] == JOB
    assert record["fingerprint"] == "f00d"
    assert record["seeds"] == {"root": 3, "address": ["vlm_rm", "cartpole"]}


def test_files_are_hashed_under_paths_from_the_root(root):
    record = written()
    assert record["inputs"] == {"in.bin": sha256(Path("in.bin"))}
    assert record["outputs"] == {"out.bin": sha256(Path("out.bin"))}
    assert (record["started"], record["wall_time_s"]) == ("1970-01-01T00:00:00.250+00:00", 1.235)


def test_what_the_job_says_of_itself_wins(root):
    assert written()["resumed"] == 0
    assert written(extra={"resumed": 2, "note": "x"})["resumed"] == 2


def test_nothing_says_whose_machine_it_was(root):
    said = list(leaves(written()))
    assert not {platform.node(), getpass.getuser()} & set(said)
    assert not [text for text in said if f"{Path.home()}/" in text or str(root) in text]


def leaves(value):
    """Every string value in nested JSON, and the file names that are keys."""
    if isinstance(value, dict):
        yield from (text for part in value.values() for text in leaves(part))
        yield from (key for key in value if "/" in key)
    elif isinstance(value, list):
        yield from (text for part in value for text in leaves(part))
    elif isinstance(value, str):
        yield value


def test_versions_come_without_importing_anything(root):
    code = (
        "import sys; from showtell.project.provenance import versions; found = versions();"
        "assert 'torch' in found and 'torch' not in sys.modules, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert versions()["python"] == platform.python_version()


def test_outside_git_the_commit_is_unknown(root):
    record = written()
    assert record["git_commit"] is None
    assert record["git_dirty"] is None


def test_edited_code_is_dirty_and_new_results_are_not(root):
    git("init", "-q")
    write_text(root / "src/code.py", "a = 1\n")
    write_text(root / "results/mini/tables/vlm_rm.json", "{}\n")
    git("add", "-A")
    git("commit", "-q", "-m", "Begin")
    write_text(root / "results/mini/tables/vlm_rm.json", "[]\n")
    assert written()["git_dirty"] is False
    assert len(written()["git_commit"]) == 40
    git_state.cache_clear()
    write_text(root / "src/code.py", "a = 2\n")
    assert written()["git_dirty"] is True


def test_records_are_found_under_both_names_and_a_torn_one_is_named(root):
    write_text(root / "a/provenance.json", "{}")
    write_text(root / "a/figure.provenance.json", "{}")
    names = [path.name for path, _ in records(root / "a")]
    assert names == ["figure.provenance.json", "provenance.json"]
    write_text(root / "a/provenance.json", "{")
    with pytest.raises(UserError, match=r"a/provenance\.json is not JSON"):
        list(records(root / "a"))
