"""Inputs of jobs are damaged in every way that files are: refused by name, or without effect."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.children import Job, run
from tests.faults.table import Row

BEFORE = "299: 128 sentences, 103 without effect, 38 tracebacks, 30 silently used"


def flipped(content: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << dice.randrange(8)]) + content[place + 1 :]


def _lines(content: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return b"".join(change(content.splitlines(keepends=True)))


def _cells(content: bytes, dice: random.Random, word: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    place = dice.randrange(1, len(lines)) if len(lines) > 1 else 0
    cells = lines[place].rstrip(b"\n").split(b",")
    cells[-1] = word
    lines[place] = b",".join(cells) + b"\n"
    return b"".join(lines)


ANY: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "a flipped bit": flipped,
    "half of it": lambda content, dice: content[: len(content) // 2],
    "noise": lambda content, dice: dice.randbytes(len(content)),
    "nothing": lambda content, dice: b"",
    "twice": lambda content, dice: content * 2,
    "a page of HTML": lambda content, dice: b"<html>404</html>",
}
TABLES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "not UTF-8": lambda content, dice: content.replace(b"\n", b"\xff\n", 1),
    "a row missing": lambda content, dice: _lines(content, lambda all_: all_[:-1]),
    "a row twice": lambda content, dice: _lines(content, lambda all_: [*all_, all_[-1]]),
    "a second header": lambda content, dice: _lines(content, lambda all_: [*all_, all_[0]]),
    "a column missing": lambda content, dice: _lines(
        content, lambda all_: [line.split(b",", 1)[-1] for line in all_]
    ),
    "a word": lambda content, dice: _cells(content, dice, b"many"),
    "NaN": lambda content, dice: _cells(content, dice, b"nan"),
    "infinity": lambda content, dice: _cells(content, dice, b"inf"),
}


def campaign(root: Path, jobs: dict[str, Job], dice: random.Random, most: int) -> Iterator[Row]:
    """A row for files that a job is given, and one for tables that it finds among results."""
    tried = [
        (job, path, name)
        for job in jobs.values()
        for path in inputs(root, job)
        for name in (ANY | TABLES if path.suffix == ".csv" else ANY)
    ]
    chosen = dice.sample(tried, min(most, len(tried)))
    wanted = {}
    for job, _, _ in chosen:
        if job.name not in wanted:
            job.clear(root)
            assert run(root, job).code == 0
            wanted[job.name] = job.made(root)
    for fault, tables in (("a damaged file that a job is given", False), ("a damaged table", True)):
        of = [one for one in chosen if (one[1].suffix == ".csv") == tables]
        came = (outcome(root, job, path, name, dice, wanted[job.name]) for job, path, name in of)
        yield Row.of(fault, "as above" if tables else BEFORE, came)


def inputs(root: Path, job: Job) -> list[Path]:
    """The files that a job reads."""
    given = [root / path for paths in job.inputs.values() for path in paths]
    if job.results is None:
        return given
    below = sorted((root / job.results).rglob("*.csv"))
    return given + [p for p in below if p.name in ("episodes.csv", "progress.csv", "epic.csv")][:6]


def outcome(
    root: Path, job: Job, path: Path, damage: str, dice: random.Random, wanted: dict[str, bytes]
) -> str:
    """What came of one damage."""
    whole = path.read_bytes()
    job.clear(root)
    try:
        path.write_bytes((ANY | TABLES)[damage](whole, dice))
        ended = run(root, job)
        if ended.code == 0:
            if job.made(root) == wanted:
                return "without effect"
            if not _ours(path, root):
                return "read as it is: another file of the user's"
            return f"WRONG: {damage} of {path.name} used by {job.name}"
        if not ended.sentence:
            return f"WRONG: {damage} of {path.name}: {ended.said.strip().splitlines()[-1:]}"
        named = path.name in ended.said or path.parent.name in ended.said
        return "a sentence" if named else f"WRONG: {path.name} is not named"
    finally:
        path.write_bytes(whole)


def _ours(path: Path, root: Path) -> bool:
    """Whether a job made it: of a user's own file nothing is recorded."""
    return (root / "results") in path.parents
