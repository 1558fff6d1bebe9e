"""Where every result comes from: one JSON file beside each job's outputs."""

import hashlib
import platform
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from showtell.project.addresses import masked, masked_values
from showtell.project.errors import UserError
from showtell.project.files import canonical_json, read_json, sha256, write_json
from showtell.project.fingerprint import contents, digest
from showtell.project.git import git_state
from showtell.project.machine import batch_job, machine

# The packages whose version can change a number or a file.
_PACKAGES = (
    "showtell", "snakemake", "dvc", "mlflow", "torch", "torchvision", "open_clip_torch",
    "stable-baselines3", "gymnasium", "mujoco", "metaworld", "pygame", "numpy", "scipy",
    "pandas", "rliable", "matplotlib", "pillow", "av", "safetensors",
)  # fmt: skip
_FILES = "*provenance.json"  # provenance.json in a job's own folder, NAME.provenance.json elsewhere


def job_key(job: Mapping[str, Any]) -> str:
    """The identity of a job: the hash of its canonical specification, without any password."""
    return hashlib.sha256(masked(canonical_json(job)).encode()).hexdigest()


def write_provenance(
    path: Path,
    *,
    job_name: str,
    job: Mapping[str, Any],
    inputs: Iterable[Path],
    outputs: Iterable[Path],
    started: float,
    wall_time_s: float,
    extra: Mapping[str, Any],
) -> None:
    """Write what ran, on what, from which code; `extra` adds the job's own facts."""
    root = Path.cwd()
    commit, dirty = git_state(root)
    write_json(
        path,
        masked_values(
            {
                "job_name": job_name,
                "job_key": job_key(job),
                "job": job,
                "fingerprint": job.get("fingerprint"),
                "code": _code(job),
                "seeds": {"root": job.get("root"), "address": job.get("address")},
                "git_commit": commit,
                "git_dirty": dirty,
                "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="milliseconds"),
                "wall_time_s": round(wall_time_s, 3),
                "machine": machine(),
                "batch_job": batch_job(),
                "versions": versions(),
                "inputs": hashes(root, inputs),
                "outputs": hashes(root, outputs),
                "resumed": 0,
                **extra,
            }
        ),
    )


def _code(job: Mapping[str, Any]) -> dict[str, str] | None:
    """The hash of each module and data file behind the job's fingerprint; None: edited since."""
    found = contents(tuple(job.get("modules", ())), job)
    return found if digest(found) == job.get("fingerprint") else None


def versions() -> dict[str, str]:
    """Installed versions, read from metadata: nothing is imported."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def hashes(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """The content of files, by their path from the root."""
    return {_relative(root, path): _sha256(path) for path in sorted(set(paths))}


def refuse_damaged(root: Path, paths: Iterable[Path]) -> None:
    """Refuse a file that is not, byte for byte, what its job wrote and recorded beside it."""
    for path in sorted(set(paths)):
        for beside in (path.with_name("provenance.json"), path.with_suffix(".provenance.json")):
            wrote = _outputs(beside).get(_relative(root, path))
            if wrote is not None and path.exists() and _sha256(path) != wrote:
                raise UserError(
                    f"{path} is damaged, or was changed by hand: its sha256 is not the one that "
                    f"{beside} records. Delete it, and the next `make reproduce` makes it again: "
                    f"rm {shlex.quote(str(path))}"
                )


def refuse_damaged_below(root: Path, folder: Path, suffixes: Collection[str] = ()) -> None:
    """The same for each recorded file under a folder, or for those of some kinds alone."""
    for path in sorted(folder.rglob(_FILES)):
        files = [root / name for name in _outputs(path)]
        refuse_damaged(root, [one for one in files if not suffixes or one.suffix in suffixes])


def _outputs(record: Path) -> dict[str, str]:
    """What a job wrote, if it ended; a record that cannot be read belongs to no job that did."""
    try:
        found = read_json(record)["outputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _sha256(path: Path) -> str:
    """The content of a file, read once a process unless it changes: weights are large."""
    status = path.stat()
    return _hashed(path, status.st_size, status.st_mtime_ns, status.st_ino)


@cache
def _hashed(path: Path, _size: int, _mtime_ns: int, _inode: int) -> str:
    return sha256(path)


def records(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every provenance file under a folder, in a fixed order."""
    for path in sorted(folder.rglob(_FILES)):
        try:
            record = read_json(path)
        except ValueError as error:
            raise UserError(
                f"{path} is not JSON ({error}); delete it, then `make reproduce` makes it again."
            ) from None
        yield path, record


def _relative(root: Path, path: Path) -> str:
    """The path from the root, where it lies below it."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
