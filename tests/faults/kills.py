"""Each kind of job is killed at its file boundaries; the next run ends with the same bytes."""

import random
from collections.abc import Iterator
from pathlib import Path

from tests.faults.boundaries import Point, points
from tests.faults.children import Job, run
from tests.faults.table import Row

BEFORE = "20 kills at random: same 20 of 20, but the next run stopped at a lock, 20 of 20"


def campaign(root: Path, jobs: dict[str, Job], dice: random.Random, most: int) -> Iterator[Row]:
    """A row a kind of job; `most` points, shared out so that no kind is left out."""
    kinds_of = {name: _undisturbed(root, job)[0] for name, job in jobs.items()}
    chosen = share({name: points(kinds) for name, kinds in kinds_of.items()}, dice, most)
    before = BEFORE
    for name, job in jobs.items():
        kinds, wanted = _undisturbed(root, job)  # again: a page shows the times of other jobs
        came = [outcome(root, job, point, wanted) for point in chosen[name]]
        fault = f"`{name}` killed before, within or after its {len(kinds)} writes"
        yield Row.of(fault, before, came)
        before = "as above"


def share(found: dict[str, list[Point]], dice: random.Random, most: int) -> dict[str, list[Point]]:
    """The same number of each, more of those that have more."""
    left = {name: dice.sample(of, len(of)) for name, of in found.items()}
    chosen: dict[str, list[Point]] = {name: [] for name in found}
    while sum(map(len, chosen.values())) < most and any(left.values()):
        for name, of in left.items():
            if of and sum(map(len, chosen.values())) < most:
                chosen[name].append(of.pop())
    return {name: sorted(of) for name, of in chosen.items()}


def outcome(root: Path, job: Job, point: Point, wanted: dict[str, bytes]) -> str:
    """What a kill at one point, and the same command again, came to."""
    job.clear(root)
    first = run(root, job, point)
    if not first.killed:
        return "not reached" if first.code == 0 else f"WRONG: ended with {first.code}"
    again = run(root, job)
    if again.code:
        return f"WRONG: the next run ended with {again.code}"
    made = job.made(root)
    if made != wanted:
        odd = sorted(n for n in made.keys() | wanted.keys() if made.get(n) != wanted.get(n))
        return f"WRONG: other bytes in {', '.join(odd)}"
    return "same bytes"


def _undisturbed(root: Path, job: Job) -> tuple[list[str], dict[str, bytes]]:
    job.clear(root)
    ended = run(root, job)
    assert ended.code == 0, ended.said
    return ended.kinds, job.made(root)
