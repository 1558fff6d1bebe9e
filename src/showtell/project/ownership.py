"""Whose locks these are: a lock that a killed workflow has left is taken over by the next one.

Snakemake locks the files of a run and cannot know whether who locked them still lives. Beside its
locks, each run leaves a record of its process. A lock is removed if all runs of its folder of
results that left a record are dead. A live process, a process on another machine and a lock
without a record are left alone: Snakemake refuses then, and `sentence` says who it is.
"""

import atexit
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from showtell.project.files import read_json, write_json
from showtell.project.foreign import snakemake
from showtell.project.processes import Process

_RECORD = "owner-*.json"
# Options with which Snakemake takes no lock.
_NO_LOCK = re.compile(r"-[a-zA-Z]*n[a-zA-Z]*|--(dry-?run|nolock|lint|unlock|touch|mode.*)")


def claim(root: Path, replicate: str, options: Sequence[str]) -> None:
    """Remove the locks that dead runs have left; then record this run, if it will lock files."""
    before_targets = options[: options.index("--")] if "--" in options else options
    folder = snakemake.lock_folder(root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name("owners.lock")):
        _take_over(root)
        if not any(_NO_LOCK.fullmatch(option) for option in before_targets):
            me = Process.of(os.getpid())
            path = folder / f"owner-{me.host}-{me.pid}.json"
            write_json(path, {"process": str(me), "replicate": replicate})
            atexit.register(path.unlink, missing_ok=True)


def free(root: Path) -> None:
    """Remove the locks that dead runs have left."""
    folder = snakemake.lock_folder(root)
    if folder.exists():
        with FileLock(folder.with_name("owners.lock")):
            _take_over(root)


def sentence(root: Path) -> str:
    """Who holds the locks, and what to do: for a run that found them held."""
    for _, of, process in _owners(root):
        if process.here and process.pid == os.getpid():
            continue
        if process.here and process.lives():
            return (
                f"results/{of} is being made by another run (process {process.pid}): wait for it, "
                f"or end it with `kill -INT {process.pid}`, and run the same command again."
            )
        if not process.here:
            return (
                f"results/{of} is being made by a run on {process.host} (process {process.pid}): "
                "wait for it, or end it there. If it no longer runs, `snakemake --unlock` frees "
                "the files."
            )
    return (
        "the files are locked by a run that left no record of itself: if no other run is at work "
        "in this folder, `snakemake --unlock` frees them."
    )


def _take_over(root: Path) -> None:
    """Remove the locks of every folder of results whose recorded runs are all dead."""
    dead: dict[str, list[Path]] = {}
    held = set()
    for path, replicate, process in _owners(root):
        if process.here and not process.lives():
            dead.setdefault(replicate, []).append(path)
        else:
            held.add(replicate)
    free = dead.keys() - held
    for number, files in snakemake.locks(root).items():
        of = {parts[1] for parts in map(_parts, files) if parts[0] == "results"}
        if of and of <= free:
            snakemake.remove_lock(root, number)
    for replicate in free:
        for path in dead[replicate]:
            path.unlink(missing_ok=True)


def _owners(root: Path) -> Iterator[tuple[Path, str, Process]]:
    """The records beside the locks. One that cannot be read was not written by a whole run."""
    for path in sorted(snakemake.lock_folder(root).glob(_RECORD)):
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = read_json(path)
            process = Process.parse(record["process"])
            if process is not None:
                yield path, str(record["replicate"]), process


def _parts(path: str) -> tuple[str, ...]:
    return (*Path(path).parts, "", "")
