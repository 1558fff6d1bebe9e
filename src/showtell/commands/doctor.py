"""Is this machine ready? One line a check: ok, or what is wrong and the command that mends it."""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from showtell.project.addresses import masked
from showtell.project.errors import UserError
from showtell.project.files import sha256
from showtell.project.git import git_state
from showtell.project.machine import gpus
from showtell.project.provenance import records
from showtell.project.replicate import Replicate
from showtell.project.sharing.dvc import remote
from showtell.project.tracking import OFF, Tracking
from showtell.project.tracking.store import SQLITE

_PYTHONS = ((3, 11), (3, 14))  # from, up to but without
_DISK_GIB = {"smoke": 1, "mini": 2, "desk": 10, "paper": 200}
_WAIT_S = 6.0  # for whatever may hang: a driver, a server, a network drive
_LATE = f"nothing drawn in {_WAIT_S:.0f} s"
_HASHING_S = 5.0  # larger weights than fit into that are left to `make pull` and `make share`


class Finding(NamedTuple):
    """What a check found, and the cure if it is not well."""

    found: str
    cure: str | None = None


Check = Callable[[Path, str], Finding]


def doctor(root: Path, replicate: str) -> int:
    """Run all checks side by side and print a line for each; 0 if all are ok."""
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        running = {
            name: pool.submit(_guarded, check, root, replicate) for name, check in CHECKS.items()
        }
        findings = {name: future.result() for name, future in running.items()}
    for name, finding in findings.items():
        sys.stdout.write(masked(line(name, finding)) + "\n")
    return 0 if all(finding.cure is None for finding in findings.values()) else 1


def line(name: str, finding: Finding) -> str:
    """One finding as it is printed."""
    if finding.cure is None:
        return f"ok   {name}: {finding.found}"
    return f"fix  {name}: {finding.found}: {finding.cure}"


def _guarded(check: Check, root: Path, replicate: str) -> Finding:
    try:
        return check(root, replicate)
    except UserError as error:
        return Finding(str(error), "see the sentence")


def python(root: Path, replicate: str) -> Finding:
    """A supported Python."""
    found = ".".join(map(str, sys.version_info[:3]))
    if _PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1]:
        return Finding(found)
    return Finding(f"{found}, not 3.11 to 3.13", "rm -rf .venv && make reproduce PYTHON=python3.12")


def packages(root: Path, replicate: str) -> Finding:
    """Installed versions against the lock."""
    lock = root / "requirements.lock"
    if not lock.exists():
        return Finding("requirements.lock is missing", "git checkout requirements.lock")
    installed = {canonicalize_name(d.metadata["Name"]): d.version for d in distributions()}
    wrong = []
    locked = [
        Requirement(text) for text in re.findall(r"^\w[^\\\n]*==[^\\\n]*", lock.read_text(), re.M)
    ]
    for requirement in locked:
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        version = installed.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement} (installed: {version or 'no'})")
    if not wrong:
        return Finding(f"{len(locked)} as locked")
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Finding(", ".join(wrong[:3]) + more, "rm -f .venv/.ready && make doctor")


def opengl(root: Path, replicate: str) -> Finding:
    """A real picture by EGL, else by OSMesa, against the golden one."""
    complaints = []
    for backend in ("egl", "osmesa"):
        answer = _probe(root, backend)
        if answer == _LATE and (busy := _busy()):
            return Finding(f"{_LATE}; {busy}", "make doctor, when less runs on this machine")
        if isinstance(answer, str):
            complaints.append(f"{backend}: {answer}")
            continue
        drawn = f"{backend}, {answer['renderer']}, mean difference {answer['mean_difference']}/255"
        if answer["same"]:
            return Finding(drawn)
        complaints.append(f"{drawn} in {answer['far_share']:.1%} of the pixels: another picture")
    return Finding(
        "no right picture (" + "; ".join(complaints) + ")",
        "make gl, or sudo apt-get install libegl1 libgl1-mesa-dri",
    )


def _busy() -> str | None:
    """More processes than cores want to run: a driver that is slow then need not be broken."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    return f"{load:.1f} processes want to run on {cores} cores" if load > cores else None


def _probe(root: Path, backend: str) -> dict[str, Any] | str:
    """In a process of its own: a broken driver can end it."""
    command = [sys.executable, "-m", "showtell.rendering.probe", backend]
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=_WAIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return _LATE
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def gpu(root: Path, replicate: str) -> Finding:
    """NVIDIA GPUs, and whether PyTorch can use them."""
    found = gpus()
    if not found:
        if Replicate.parse(replicate).scale == "paper":
            return Finding(
                "none, and the paper scale takes weeks without", "see docs/paper-scale.md"
            )
        return Finding("none; this scale needs none")
    names = ", ".join(f"{card['name']} ({card['memory_gib']} GiB)" for card in found)
    code = "import torch; print(torch.cuda.is_available(), torch.version.cuda)"
    try:
        said = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=9, check=False
        ).stdout.split()
    except subprocess.TimeoutExpired:
        return Finding(f"{names}; PyTorch took too long to look")
    if said[:1] == ["True"]:
        return Finding(f"{names}, CUDA {said[1]}")
    return Finding(
        f"{names}, but PyTorch cannot use it (driver {found[0]['driver']})",
        "update the NVIDIA driver, then rm -f .venv/.ready && make doctor",
    )


def weights(root: Path, replicate: str) -> Finding:
    """Networks of this replicate, by what their jobs wrote down; and the lock of published ones."""
    lock = root / "weights.lock.json"
    if lock.exists():
        try:
            json.loads(lock.read_text())
        except ValueError as error:
            return Finding(f"weights.lock.json is not JSON ({error})", f"git checkout {lock.name}")
    folder = root / "results" / replicate / "models"
    expected = {
        root / place: digest
        for _, record in records(folder)
        for place, digest in record["outputs"].items()
        if (root / place).is_file()
    }
    if not expected:
        return Finding(
            f"none yet at {replicate}; `make reproduce SCALE={replicate}` makes or fetches them"
        )
    deadline, checked = time.monotonic() + _HASHING_S, 0
    for file in sorted(expected, key=lambda path: path.stat().st_size):
        if file.stat().st_size > 1e9 * max(deadline - time.monotonic(), 0):  # about 1 GB a second
            break
        if sha256(file) != expected[file]:
            place = file.relative_to(root).as_posix()
            return Finding(
                f"{place} is not what its job wrote",
                f"rm {place} && make reproduce SCALE={replicate}",
            )
        checked += 1
    rest = len(expected) - checked
    return Finding(f"{checked} files checked" + (f", {rest} too large to hash now" if rest else ""))


def disk(root: Path, replicate: str) -> Finding:
    """Room for this replicate's results."""
    free, needed = (
        shutil.disk_usage(root).free / 2**30,
        _DISK_GIB.get(Replicate.parse(replicate).scale, 1),
    )
    if free >= needed:
        return Finding(f"{free:.0f} GiB free, {needed} needed at {replicate}")
    return Finding(
        f"{free:.1f} GiB free, {needed} needed at {replicate}", "free some, or dvc gc -w"
    )


def workflow(root: Path, replicate: str) -> Finding:
    """A lock that a killed Snakemake left behind."""
    if not any((root / ".snakemake" / "locks").glob("*.lock")):
        return Finding("not locked")
    if any(_is_snakemake(process, root) for process in psutil.process_iter()):
        return Finding("locked by a running Snakemake")
    return Finding(
        "locked, and no Snakemake runs", f"snakemake --unlock --config scale={replicate}"
    )


def _is_snakemake(process: psutil.Process, root: Path) -> bool:
    try:
        named = any("snakemake" in Path(part).name for part in process.cmdline()[:3])
        return named and Path(process.cwd()) == root
    except psutil.Error:
        return False


def git(root: Path, replicate: str) -> Finding:
    """The commit that results will be attributed to."""
    state = git_state(root)
    if state.commit is None:
        return Finding("no commit; results will not say which code made them")
    changes = ", with uncommitted changes" if state.dirty else ""
    return Finding(f"{state.commit[:12]}{changes}")


def sharing(root: Path, replicate: str) -> Finding:
    """Whether the place to share answers."""
    try:
        place = remote(root, None, replicate)
    except UserError:
        return Finding("no place to share yet; `make share REMOTE=…` sets one")
    setting = f"make share SCALE={replicate} REMOTE=<folder, s3://… or ssh://…>"
    if place.objects is not None:
        folder = Path(place.url)
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if os.access(nearest, os.W_OK):
            return Finding(place.url)
        return Finding(f"{place.url} cannot be written", setting)
    code = (
        "import sys; from dvc.repo import Repo; odb = Repo().cloud.get_remote_odb(sys.argv[1]); "
        "odb.fs.exists(odb.path)"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, place.name],
            cwd=root, capture_output=True, text=True, timeout=_WAIT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Finding(f"{place.url} does not answer", setting)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return Finding(f"{place.url} cannot be reached ({said})", setting)
    return Finding(place.url)


def tracking(root: Path, replicate: str) -> Finding:
    """Whether the MLflow store answers."""
    uri = Tracking.from_environment(root).uri
    shown = masked(uri)
    if uri == OFF:
        return Finding("off")
    if uri.startswith(SQLITE):
        return _database(Path(uri.removeprefix(SQLITE)), shown)
    parts = urlsplit(uri)
    cure = "start it, or unset MLFLOW_TRACKING_URI; trainings run either way"
    try:
        if parts.scheme in ("http", "https"):
            # Whoever asks whether a server answers need not name himself.
            at = parts._replace(netloc=parts.netloc.rpartition("@")[2])
            urllib.request.urlopen(f"{at.geturl().rstrip('/')}/health", timeout=3).close()
        elif parts.hostname:
            socket.create_connection((parts.hostname, parts.port or 5432), timeout=3).close()
    except (OSError, ValueError, urllib.error.URLError) as error:
        return Finding(f"{shown} does not answer ({error})", cure)
    return Finding(shown)


def _database(path: Path, shown: str) -> Finding:
    if not path.exists():
        return Finding(f"{shown}, made by the first run")
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=3) as database:
            (count,) = database.execute("SELECT count(*) FROM runs").fetchone()
    except sqlite3.Error as error:
        return Finding(
            f"{shown} cannot be read ({error})",
            f"rm -r {path} && showtell track (rebuilt from the result files)",
        )
    return Finding(f"{shown}, {count} runs")


CHECKS: dict[str, Check] = {
    "Python": python,
    "packages": packages,
    "OpenGL": opengl,
    "GPU": gpu,
    "weights": weights,
    "disk": disk,
    "workflow": workflow,
    "git": git,
    "sharing": sharing,
    "tracking": tracking,
}
