"""Jobs run in forked children, which have imported everything already: a point costs no start."""

import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tests.faults.boundaries import Boundaries, Point

_LONGEST_S = 300.0
_NOT_COMPARED = (".log", ".jsonl", ".lock")  # they hold times


@dataclass(frozen=True)
class Job:
    """One job as the command line runs it, from the root of a project."""

    name: str
    verb: str
    specification: dict[str, Any]
    folder: str  # of its outputs
    outputs: dict[str, str]
    inputs: dict[str, list[str]] = field(default_factory=dict)
    results: str | None = None

    @property
    def arguments(self) -> list[str]:
        """What stands behind `showtell`."""
        found = [self.verb, "--job", json.dumps(self.specification)]
        for name, paths in self.inputs.items():
            found += ["--in", name, *paths]
        if self.results is not None:
            found += ["--results", self.results]
        for name, file in {**self.outputs, "provenance": "provenance.json"}.items():
            found += ["--out", name, f"{self.folder}/{file}"]
        return found

    def clear(self, root: Path) -> None:
        """As before its first run."""
        shutil.rmtree(root / self.folder, ignore_errors=True)

    def made(self, root: Path) -> dict[str, bytes]:
        """Every file of its folder, half-written ones too, less what holds times."""
        folder = root / self.folder
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            and path.suffix not in _NOT_COMPARED
            and not path.name.endswith("provenance.json")
        }


class Ended(NamedTuple):
    """How a job ended, what it said, and the boundaries that it met."""

    code: int  # negative: the signal
    said: str
    kinds: list[str]

    @property
    def killed(self) -> bool:
        """Whether it was killed, as by kill -9."""
        return self.code == -signal.SIGKILL

    @property
    def sentence(self) -> bool:
        """Whether it refused in a sentence."""
        return self.code == 2 and "showtell: " in self.said and "Traceback" not in self.said


def run(
    root: Path, job: Job, point: Point | None = None, before: Callable[[], Any] = lambda: None
) -> Ended:
    """Run a job in a child, which something may befall; `before` is called in the child."""
    met = root / "met"
    met.unlink(missing_ok=True)
    code, said, _, _ = apart(root, lambda: _here(root, job, point, met, before))
    kinds = json.loads(met.read_text()) if met.exists() else []
    return Ended(code, said, kinds)


def apart(root: Path, body: Callable[[], int]) -> tuple[int, str, float, int]:
    """Exit code, words, CPU seconds and memory, beside what is here, of a child that does this."""
    said, has = root / "said", psutil.Process().memory_info().rss
    sys.stdout.flush()
    sys.stderr.flush()
    kept = sys.stdout, sys.stderr  # whose ends would close the files that the child has then
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.chdir(root)
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            code = body()
        except BaseException:
            traceback.print_exc()
        finally:
            for stream in (sys.stdout, sys.stderr, *kept):
                stream.flush()
            os._exit(code)
    code, used = _wait(child)
    spent, more = used.ru_utime + used.ru_stime, (used.ru_maxrss << 10) - has
    return code, said.read_text(errors="replace"), spent, more


def _here(root: Path, job: Job, point: Point | None, met: Path, before: Callable[[], Any]) -> int:
    import showtell.__main__ as command

    os.environ.setdefault("MLFLOW_TRACKING_URI", "off")
    command.ROOT = root
    boundaries = Boundaries(root / job.folder, point)
    before()
    boundaries.arm()
    try:
        return command.main(job.arguments)
    finally:
        met.write_text(json.dumps(boundaries.kinds))


def _wait(child: int) -> tuple[int, resource.struct_rusage]:
    deadline = time.monotonic() + _LONGEST_S
    while True:
        pid, status, used = os.wait4(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status), used
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            return -signal.SIGALRM, os.wait4(child, 0)[2]
        time.sleep(0.005)
