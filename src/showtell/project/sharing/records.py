"""Snakemake's records of results, kept beside them: what is pulled is up to date, not remade.

`record` writes each stage's records to `results/<replicate>/records/<stage>.json`, which DVC
versions with the results themselves; `restore` gives them back to Snakemake for exactly the files
whose content they describe, and sets those files' times to when they were made.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from showtell.project import ownership
from showtell.project.errors import UserError
from showtell.project.files import canonical_json, read_json, write_json
from showtell.project.foreign import snakemake
from showtell.project.foreign.dvc import md5
from showtell.project.sharing.stages import papers, stages
from showtell.project.sharing.tables import write_tables

_SAME_TIME_S = 0.01


def record(root: Path, replicate: str) -> None:
    """Write the records and the small tables of everything that exists of a replicate."""
    known = {path: data for path, data in snakemake.records(root) if (root / path).is_file()}
    for stage in stages(root, replicate):
        before = _read(stage.records)
        entries = {
            path: {"md5": _hash(root / path, data, before.get(path)), "record": data}
            for path, data in sorted(known.items())
            if stage.owns(path)
        }
        if entries:
            write_json(stage.records, entries)
    write_tables(root, replicate, papers(root, replicate))


def restore(root: Path, replicate: str) -> int:
    """Give Snakemake the records of files that came from elsewhere; how many there were.

    A job whose files Snakemake made here keeps its records: each file's time is its record's end,
    and the record is the newer one.
    """
    restored = 0
    for path in sorted((root / "results" / replicate / "records").glob("*.json")):
        for entries in _by_job(_read(path)):
            if any(_foreign(root, place, entry) for place, entry in entries.items()):
                restored += sum(_restored(root, place, entry) for place, entry in entries.items())
    return restored


def _by_job(entries: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Entries that one job made together: a file that two jobs make alike tells nothing alone."""
    jobs: dict[str, dict[str, Any]] = {}
    for place, entry in entries.items():
        made = {key: entry["record"].get(key) for key in ("rule", "params", "input", "log")}
        jobs.setdefault(canonical_json(made), {})[place] = entry
    return jobs.values()


def _foreign(root: Path, place: str, entry: dict[str, Any]) -> bool:
    """Whether a file was not made here, or less recently than the entry says."""
    ended = snakemake.record(root, place).get("endtime")
    if not (root / place).is_file():
        return False
    return (
        ended is None
        or ended < entry["record"]["endtime"] - _SAME_TIME_S
        or not _at(root / place, ended)
    )


def _restored(root: Path, place: str, entry: dict[str, Any]) -> bool:
    """Restore one record, if the file is the one that it describes."""
    file = root / place
    if not file.is_file() or md5(file) != entry["md5"]:
        return False
    snakemake.write_record(root, place, entry["record"])
    os.utime(file, (entry["record"]["endtime"],) * 2)
    return True


def refuse_unfinished(root: Path, replicate: str) -> None:
    """Stop where Snakemake is at work, or was killed in the middle of a file."""
    ownership.free(root)
    if any(p.startswith(f"results/{replicate}/") for p in snakemake.in_progress(root)):
        raise UserError(ownership.sentence(root))
    for path in snakemake.incomplete(root):
        if path.startswith(f"results/{replicate}/") and (root / path).exists():
            raise UserError(
                f"{path} is half-done: its job was killed; "
                f"finish it with `make reproduce SCALE={replicate}`."
            )


@contextmanager
def keeping_times(root: Path, replicate: str) -> Iterator[None]:
    """Results keep their times, whatever a tool does to their files without changing them."""
    folder = root / "results" / replicate
    before = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    yield
    for path, status in before.items():
        if path.is_file() and path.stat().st_size == status.st_size:
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _at(file: Path, moment: float) -> bool:
    return abs(file.stat().st_mtime - moment) < _SAME_TIME_S


def _hash(file: Path, data: dict[str, Any], before: dict[str, Any] | None) -> str:
    """The file's hash; taken from the last time where neither it nor its record changed."""
    ended = data.get("endtime")
    if before and ended and before["record"].get("endtime") == ended and _at(file, ended):
        return str(before["md5"])
    return md5(file)


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; a missing or torn file is an empty one, and its result is made again."""
    try:
        value = read_json(path)
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
