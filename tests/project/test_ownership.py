"""A killed workflow is carried on by the next one; a living one is never overruled."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from showtell.project import ownership, processes
from showtell.project.foreign import snakemake
from showtell.project.processes import Process
from tests.workflow.workspace import kill_group

SNAKEFILE = f"""
import sys
from pathlib import Path
from showtell.project import invocation
invocation.own(Path(workflow.basedir), "mini", sys.argv[1:])
rule all:
    default_target: True
    output: "results/mini/out"
    shell: "true;  {sys.executable} job.py {{output}}"
"""
JOB = """
import os, sys, time
from pathlib import Path
from showtell.project.processes import end_with_workflow
end_with_workflow(os.environ)
Path("pid").write_text(str(os.getpid()))
while Path("slow").exists():
    time.sleep(0.05)
Path(sys.argv[1]).touch()
"""
OUTPUT = Path("results/mini/out")


@pytest.fixture
def root(tmp_path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "job.py").write_text(JOB)
    return tmp_path


def command(*before: str) -> list[str]:
    return [*before, sys.executable, "-m", "snakemake", "--cores", "1", "--logger", "showtell"]


def run(root: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(), cwd=root, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def under_way(root):
    """A workflow in the middle of its job."""
    (root / "slow").touch()
    started = []

    def start(*before: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command(*before),
            cwd=root,
            start_new_session=True,
            preexec_fn=as_in_a_terminal,  # no threads here
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        wait_for((root / "pid").exists)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            kill_group(process)


def as_in_a_terminal() -> None:
    """Signals as a shell gives them to a command, however these tests were started."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def wait_for(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def job_of(root: Path) -> psutil.Process:
    return psutil.Process(int((root / "pid").read_text()))


def test_a_living_run_is_named_and_a_killed_one_carried_on(root, under_way):
    process = under_way()
    done = run(root)
    assert done.returncode != 0
    assert f"process {process.pid}" in done.stderr
    assert process.poll() is None
    assert snakemake.in_progress(root) == [str(OUTPUT)]

    job = job_of(root)
    process.kill()  # Snakemake alone, by `kill -9`
    process.wait()
    job.wait(timeout=15)
    assert snakemake.in_progress(root) == [str(OUTPUT)]
    (root / "slow").unlink()
    done = run(root)
    assert done.returncode == 0, done.stderr
    assert (root / OUTPUT).exists()
    assert snakemake.in_progress(root) == []


def test_the_lock_of_another_folder_of_results_stays(root):
    folder = snakemake.lock_folder(root)
    folder.mkdir(parents=True)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for number, replicate, pid in ((0, "mini", dead.pid), (1, "desk", os.getppid())):
        (folder / f"{number}.output.lock").write_text(f"results/{replicate}/out\n")
        (folder / f"{number}.input.lock").write_text("params.yaml\n")
        record = {"process": str(Process.of(pid)), "replicate": replicate}
        (folder / f"owner-here-{pid}.json").write_text(json.dumps(record))
    ownership.free(root)
    assert snakemake.in_progress(root) == ["results/desk/out"]
    assert f"process {os.getppid()}" in ownership.sentence(root)


@pytest.mark.parametrize("host", ["node7", None])
def test_a_lock_of_another_machine_or_without_a_record_is_left_alone(tmp_path, host):
    folder = snakemake.lock_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / "0.output.lock").write_text(f"{OUTPUT}\n")
    if host is not None:
        record = {"process": f"{host} 12 0.0", "replicate": "mini"}
        (folder / "owner-node7-12.json").write_text(json.dumps(record))
    ownership.claim(tmp_path, "mini", ["--dry-run"])
    assert snakemake.in_progress(tmp_path) == [str(OUTPUT)]
    assert (host or "no record") in ownership.sentence(tmp_path)
    assert "--unlock" in ownership.sentence(tmp_path)


def test_a_number_that_another_process_has_now_is_a_dead_process():
    here = Process.of(os.getpid())
    assert here.lives()
    assert Process.parse(str(here)) == here._replace(started=round(here.started, 2))
    assert not here._replace(started=here.started - 60).lives()


def test_a_run_ends_soon_after_its_make(root, under_way):
    make = under_way("sh", "-c", 'SHOWTELL_MAKE=$$ "$@"; exit $?', "make")
    (snake,) = psutil.Process(make.pid).children()
    job = job_of(root)
    make.kill()
    make.wait()
    snake.wait(timeout=30)
    job.wait(timeout=15)
    assert snakemake.in_progress(root) == []  # it ended as by Ctrl-C


def test_a_closed_terminal_leaves_nobody_and_the_next_run_goes_on(root, under_way):
    process = under_way()
    job = job_of(root)
    os.killpg(process.pid, signal.SIGHUP)
    process.wait(timeout=30)
    job.wait(timeout=15)
    (root / "slow").unlink()
    assert run(root).returncode == 0


def test_a_job_started_by_hand_has_no_workflow_to_end_with(monkeypatch):
    monkeypatch.setattr(processes, "end_after", lambda *a, **k: pytest.fail("it has none"))
    processes.end_with_workflow({})
    processes.end_with_workflow({processes.VARIABLE: "elsewhere 1 0.0"})
