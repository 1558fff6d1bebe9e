"""The formats of Snakemake that this project relies upon, as the real Snakemake writes them."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from showtell.project.foreign import snakemake

LONG = "long/" + "/".join("x" * 60 for _ in range(5)) + "/out"  # its record's name is split
SNAKEFILE = f"""
rule all:
    default_target: True
    input: "short", "{LONG}"
rule short:
    output: "short"
    params: job="a value"
    shell: "{sys.executable} look.py; touch {{output}}"
rule long:
    output: "{LONG}"
    shell: "touch {{output}}"
"""
LOOK = """
import json
from pathlib import Path
from showtell.project.foreign import snakemake
seen = {"locked": snakemake.in_progress(Path()), "incomplete": snakemake.incomplete(Path())}
Path("seen.json").write_text(json.dumps(seen))
"""


def run(root, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--nocolor", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("finished")
    (root / "Snakefile").write_text(SNAKEFILE)
    (root / "look.py").write_text(LOOK)
    run(root)
    return root


def test_the_release_is_the_one_that_these_tests_have_met():
    assert version("snakemake").startswith(f"{snakemake.VERSION}.")


def test_every_output_has_its_record(finished):
    records = dict(snakemake.records(finished))
    assert records.keys() == {"short", LONG}
    assert records["short"].keys() >= {"rule", "params", "input", "log", "endtime"}
    assert records["short"]["rule"] == "short"
    ended = (finished / "short").stat().st_mtime
    assert records["short"]["endtime"] == pytest.approx(ended, abs=0.01)


def test_outputs_under_way_are_locked_and_marked(finished):
    seen = snakemake.read_json(finished / "seen.json")
    assert set(seen["locked"]) == {"short", LONG}
    assert seen["incomplete"] == ["short"]
    assert snakemake.in_progress(finished) == []
    assert snakemake.incomplete(finished) == []


def test_a_written_record_is_taken_for_snakemakes_own(finished, tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    for path, data in snakemake.records(finished):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
        snakemake.write_record(tmp_path, path, data)
    assert "Nothing to be done" in run(tmp_path, "--dry-run")
    changed = SNAKEFILE.replace("a value", "another value")
    (tmp_path / "Snakefile").write_text(changed)
    said = run(tmp_path, "--dry-run", "--rerun-triggers", "params")
    assert snakemake.job_counts(said) == {"short": 1}


def test_a_dry_run_counts_the_jobs_of_each_rule(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    assert snakemake.job_counts(run(tmp_path, "--dry-run")) == {"short": 1, "long": 1}
    assert snakemake.job_counts("Nothing to be done") == {}


def test_a_limiter_of_another_release_is_left_alone(monkeypatch):
    class Scheduler:
        job_rate_limiter = "a limiter"

    class Workflow:
        local_exec = True
        scheduler = Scheduler()

    monkeypatch.setattr(snakemake, "version", lambda name: "10.0.0")
    snakemake.schedule_when_jobs_end(Workflow)
    assert Workflow.scheduler.job_rate_limiter == "a limiter"


def test_targets_that_no_rule_makes_are_found(tmp_path):
    check = "import sys; from showtell.project.foreign.snakemake import unmade\n"
    check += "Path('found').write_text(' '.join(unmade(workflow, sys.argv[1:])))\n"
    text = "from pathlib import Path\n" + SNAKEFILE.replace('output: "short"', 'output: "{any}.s"')
    (tmp_path / "Snakefile").write_text(text.replace('"short",', '"a.s",') + check)
    run(tmp_path, "--dry-run", "--", "all", "b.s", LONG)
    assert (tmp_path / "found").read_text() == ""
    with pytest.raises(AssertionError):
        run(tmp_path, "--dry-run", "--", "all", "b.t", "nothing", LONG)
    assert (tmp_path / "found").read_text() == "b.t nothing"


def test_a_refusal_of_the_snakefile_is_its_own_sentence():
    printed = (
        "Using workflow specific profile profiles/default for setting default command line "
        'arguments.\nWorkflowError in file "/x/common.smk", line 58:\npapers.a: b evaluates 20.\n'
        'papers.c: d.\n  File "/x/common.smk", line 58, in <module>\n'
    )
    assert snakemake.refusal(printed) == "papers.a: b evaluates 20.\npapers.c: d."
    assert "OSError" in snakemake.refusal("OSError: disk")
