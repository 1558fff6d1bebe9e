"""Where results come from: complete, host-free, and honest about the code."""

import getpass
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import showtell.__main__
from showtell.__main__ import main
from showtell.jobs import figure
from showtell.project.errors import UserError
from showtell.project.files import read_json, sha256, write_text
from showtell.project.git import git_state
from showtell.project.provenance import (
    job_key,
    records,
    refuse_damaged,
    refuse_damaged_below,
    versions,
    write_provenance,
)

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


def test_a_file_that_is_not_what_its_job_wrote_is_refused_by_name(root):
    written()
    refuse_damaged(root, [Path("out.bin"), Path("in.bin"), root / "absent.bin"])
    refuse_damaged_below(root, root)
    Path("in.bin").write_text("of no job")
    refuse_damaged(root, [Path("in.bin")])
    Path("out.bin").write_text("oux")  # one letter, as many bytes
    for path in (Path("out.bin"), root / "out.bin"):
        with pytest.raises(UserError, match=r"out\.bin is damaged.*rm "):
            refuse_damaged(root, [path])
    with pytest.raises(UserError, match=r"out\.bin is damaged"):
        refuse_damaged_below(root, root)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outputs": 3}', "\ufeff", "nul\0"])
def test_a_record_that_cannot_be_read_refuses_nothing(root, text):
    written()
    Path("provenance.json").write_text(text)
    refuse_damaged(root, [Path("out.bin")])


def test_a_study_or_a_goal_has_its_record_under_its_own_name(root):
    written()
    Path("provenance.json").rename("out.provenance.json")
    Path("out.bin").write_text("oux")
    with pytest.raises(UserError, match=r"out\.provenance\.json"):
        refuse_damaged(root, [Path("out.bin")])


@pytest.fixture
def a_job(root, monkeypatch):
    """A job of the command line that does what the test says, with a recorded file to read."""
    written()

    def run(does, *options):
        monkeypatch.setattr(figure, "run", does)
        monkeypatch.setattr(showtell.__main__, "ROOT", root)
        return main(["figure", "--job", "{}", *options, "--out", "csv", "made.csv"])

    return run


def test_a_job_does_not_begin_on_a_damaged_input(a_job, capsys):
    Path("out.bin").write_text("oux")
    assert a_job(lambda *_: pytest.fail("it began"), "--in", "x", "out.bin") == 2
    assert "out.bin is damaged" in capsys.readouterr().err


def test_a_job_that_fails_on_a_damaged_table_names_the_table(a_job, capsys, root):
    def fails(*_):
        raise UnicodeDecodeError("utf-8", b"", 0, 1, "no text")

    with pytest.raises(UnicodeDecodeError):  # nothing is damaged: it is the code's own mistake
        a_job(fails, "--results", str(root))
    Path("out.bin").write_text("oux")
    assert a_job(fails, "--results", str(root)) == 2
    assert "out.bin is damaged" in capsys.readouterr().err


def test_what_was_made_of_a_damaged_table_is_not_kept(a_job, capsys, root):
    def reads(job, inputs, outputs):
        outputs["csv"].write_text("made")
        return {"read": [Path("out.bin")]}

    assert a_job(reads, "--results", str(root)) == 0
    assert Path("made.csv").exists()
    Path("out.bin").write_text("oux")
    assert a_job(reads, "--results", str(root)) == 2
    assert not Path("made.csv").exists()


def test_a_job_without_memory_says_so(a_job, capsys):
    def fails(*_):
        raise MemoryError("8 TB")

    assert a_job(fails, "--in", "x", "in.bin") == 2
    assert "in.bin" in (said := capsys.readouterr().err)
    assert "memory" in said


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


def test_a_result_of_a_cluster_names_its_job(root, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    assert written()["batch_job"] == "4711"
    monkeypatch.delenv("SLURM_JOB_ID")
    assert written()["batch_job"] is None
