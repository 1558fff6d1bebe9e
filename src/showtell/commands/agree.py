"""Do the verdicts of two or more folders of results agree? Claim by claim, then as shares."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

from showtell.claims.verdicts import DECISIVE
from showtell.commands.columns import aligned
from showtell.project.errors import UserError, nearest
from showtell.project.files import read_json, write_json
from showtell.project.replicate import Replicate
from showtell.results.table import Table
from showtell.study.loading import SCALES

# In a folder of results, among its small tables, in a folder that holds the tables alone.
_FORMS = ("*/*/compare/claims.json", "tables/*/*/claims.json", "*/*/claims.json")

Key = tuple[str, str, str]  # paper, experiment, claim


@dataclass(frozen=True)
class Row:
    """One claim in two folders."""

    paper: str
    experiment: str
    claim: str
    a: str | None  # the outcome; None: the folder has no verdict on this claim
    b: str | None

    @property
    def agreement(self) -> str:
        """What the two verdicts say of each other."""
        if self.a is None or self.b is None:
            return f"only in {'A' if self.b is None else 'B'}"
        decided = [outcome in DECISIVE for outcome in (self.a, self.b)]
        if all(decided):
            return "agree" if self.a == self.b else "CONTRADICT"
        return "decisive in one" if any(decided) else "open"


@dataclass(frozen=True)
class Counts:
    """The claims that two folders share, counted."""

    agree: int
    contradict: int
    one: int  # decisive in one folder, open in the other
    open: int

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Counts":
        """The counts of these claims."""
        found = [row.agreement for row in rows]
        return cls(*map(found.count, ("agree", "CONTRADICT", "decisive in one", "open")))

    @property
    def of_both(self) -> float | None:
        """Agreeing, of those that are decisive in both folders."""
        return _share(self.agree, self.agree + self.contradict)

    @property
    def of_any(self) -> float | None:
        """Agreeing, of those that are decisive in at least one: the stricter share."""
        return _share(self.agree, self.agree + self.contradict + self.one)


@dataclass(frozen=True)
class Pair:
    """Two folders of results."""

    a: str
    b: str
    rows: tuple[Row, ...]

    @property
    def counts(self) -> dict[str, Counts]:
        """Of each paper, and in total."""
        papers = dict.fromkeys(row.paper for row in self.rows)
        of = {paper: [row for row in self.rows if row.paper == paper] for paper in papers}
        return {paper: Counts.of(rows) for paper, rows in of.items()} | {
            "total": Counts.of(self.rows)
        }


def agree(root: Path, folders: Sequence[str], as_json: Path | None, as_csv: Path | None) -> int:
    """Compare all pairs of folders; 1 if a claim is reproduced in one and not in another."""
    names = [Path(folder).as_posix() for folder in folders]
    if len(set(names)) < len(names) or len(names) < 2:
        raise UserError(
            f"two or more folders of results are compared (found: {', '.join(names) or 'none'}); "
            "for example `showtell agree results/mini results/mini-seed1`."
        )
    outcomes = {name: _outcomes(root, name) for name in names}
    pairs = [_pair(a, b, outcomes[a], outcomes[b]) for a, b in combinations(names, 2)]
    for pair in pairs:
        sys.stdout.write("\n".join(_text(pair)) + "\n\n")
    if as_json is not None:
        write_json(root / as_json, [_plain(pair) for pair in pairs])
    if as_csv is not None:
        _table(pairs).write(root / as_csv)
    return int(any(pair.counts["total"].contradict for pair in pairs))


def _outcomes(root: Path, name: str) -> dict[Key, str]:
    """The outcome of each claim that a folder has a verdict on."""
    folder = root / name
    if not folder.is_dir():
        known = [path.relative_to(root).as_posix() for path in root.glob("results/*/")]
        raise UserError(f"there is no folder {name}; {nearest(name, known)}")
    files = next((hits for form in _FORMS if (hits := sorted(folder.glob(form)))), [])
    found: dict[Key, str] = {}
    for file in files:
        try:
            of = read_json(file)
            place = (str(of["paper"]), str(of["experiment"]))
            found |= {(*place, str(claim["id"])): str(claim["outcome"]) for claim in of["claims"]}
        except (ValueError, KeyError, TypeError):
            raise UserError(
                f"{file.relative_to(folder)} in {name} is no list of verdicts as a run writes "
                "it: delete it, then `make reproduce`."
            ) from None
    if not found:
        raise UserError(
            f"{name} has no verdicts (looked for {' and '.join(_FORMS[:2])}); "
            f"`make reproduce SCALE={Path(name).name}` makes them."
        )
    return found


def _pair(a: str, b: str, in_a: dict[Key, str], in_b: dict[Key, str]) -> Pair:
    keys = dict.fromkeys([*in_a, *in_b])
    return Pair(a, b, tuple(Row(*key, in_a.get(key), in_b.get(key)) for key in sorted(keys)))


def _text(pair: Pair) -> Iterator[str]:
    """The verdicts side by side, the counts, and what was not compared."""
    yield f"A is {pair.a}, B is {pair.b}"
    scales = [_scale(name) for name in (pair.a, pair.b)]
    if None not in scales and scales[0] != scales[1]:
        yield f"These are of two scales, {scales[0]} and {scales[1]}: the studies differ."
    head = ("paper", "claim", "A", "B", "")
    shared = [row for row in pair.rows if row.a is not None and row.b is not None]
    yield from aligned(
        [head, *((r.paper, r.claim, r.a or "", r.b or "", r.agreement) for r in shared)]
    )
    yield ""
    counted = ("", "agree", "contradict", "decisive in one", "open", "agreement", "of all decisive")
    yield from aligned([counted, *(_counted(of, counts) for of, counts in pair.counts.items())])
    for letter, name in (("A", pair.a), ("B", pair.b)):
        alone = [row for row in pair.rows if row.agreement == f"only in {letter}"]
        if alone:
            listed = ", ".join(f"{row.paper}/{row.experiment}/{row.claim}" for row in alone)
            yield f"Not compared, for {name} alone has a verdict (another ledger or grid): {listed}"


def _counted(of: str, c: Counts) -> tuple[str, ...]:
    numbers = (c.agree, c.contradict, c.one, c.open)
    return (of, *map(str, numbers), _percent(c.of_both), _percent(c.of_any))


def _scale(name: str) -> str | None:
    """The scale of a folder, if its name says one."""
    path = Path(name)
    try:
        scale = Replicate.parse(path.parent.name if path.name == "tables" else path.name).scale
    except UserError:
        return None
    return scale if scale in SCALES else None


def _plain(pair: Pair) -> dict[str, object]:
    return {
        "a": pair.a,
        "b": pair.b,
        "claims": [asdict(row) | {"agreement": row.agreement.lower()} for row in pair.rows],
        "counts": {
            of: asdict(counts) | {"of_both": counts.of_both, "of_any": counts.of_any}
            for of, counts in pair.counts.items()
        },
    }


def _table(pairs: Sequence[Pair]) -> Table:
    columns = ("a", "b", "paper", "experiment", "claim", "in_a", "in_b", "agreement")
    rows = [
        (p.a, p.b, r.paper, r.experiment, r.claim, r.a or "", r.b or "", r.agreement.lower())
        for p in pairs
        for r in p.rows
    ]
    return Table.of(columns, rows)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
