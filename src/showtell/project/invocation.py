"""One invocation of the workflow: its run in MLflow, its growing report, and what an error leaves.

Snakemake calls these from its handlers; nothing here decides what a job computes.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from showtell.project import ownership, processes

_GRACE_S = 20.0  # for Snakemake to end its jobs and show what they left


def gpus() -> int:
    """How many NVIDIA devices this machine has, without asking a driver."""
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


def use_this_python() -> None:
    """Let jobs find the Python that runs the workflow, also where no environment is activated."""
    here = str(Path(sys.executable).parent)
    if os.environ.get("PATH", "").split(os.pathsep)[0] != here:
        os.environ["PATH"] = here + os.pathsep + os.environ.get("PATH", "")


def own(root: Path, replicate: str, options: Sequence[str]) -> None:
    """Take this run's files from runs that were killed; let its jobs, and it, end with a parent.

    `make` names itself: a terminal that started Snakemake may be closed, as with nohup.
    """
    os.environ[processes.VARIABLE] = str(processes.Process.of(os.getpid()))
    if make := os.environ.pop("SHOWTELL_MAKE", ""):
        processes.end_after(processes.Process.of(int(make)), _GRACE_S, interrupt=True)
    ownership.claim(root, replicate, options)


def begin(root: Path, replicate: str, study: Path | None = None) -> None:
    """Name the invocation for its jobs; keep the report and MLflow up to date while it lasts."""
    named = _showtell(root, "track", "--begin", "--scale", replicate, stdout=subprocess.PIPE)
    # Jobs are children of this process: the name reaches them as every environment variable does.
    os.environ["SHOWTELL_PARENT_RUN"] = named.stdout.strip()
    with (root / ".snakemake" / "watch.log").open("w") as log:
        subprocess.Popen(
            [*_COMMAND, "watch", *_of(replicate, study), "--pid", str(os.getpid())],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # an interrupted workflow's runs are still shown as killed
        )


def end(root: Path, replicate: str, study: Path | None = None, *, failed: bool) -> None:
    """Bring the store up to date; after a failure, the report too: it names what is missing."""
    _showtell(root, "track", "--scale", replicate)
    if failed:
        _showtell(root, "refresh", *_of(replicate, study))


def _of(replicate: str, study: Path | None) -> list[str]:
    return ["--scale", replicate, *(["--study", str(study)] if study else [])]


_COMMAND = [sys.executable, "-m", "showtell"]


def _showtell(
    root: Path, *arguments: str, stdout: int | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_COMMAND, *arguments], cwd=root, text=True, check=False, stdout=stdout)
