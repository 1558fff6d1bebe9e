"""Two results side by side: each number of A and of B, their difference and its interval."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from showtell.commands.columns import aligned
from showtell.project.errors import UserError, nearest
from showtell.project.files import read_json
from showtell.project.seeds import generator
from showtell.results.alignment_fit import fits
from showtell.results.reading import METRICS
from showtell.results.table import Table
from showtell.studies.statistics import difference, iqm, spread_name

# Of a folder of results, of its small tables, and of a folder that holds the tables alone.
_FORMS = ("{p}/{e}/compare/{file}", "tables/{p}/{e}/{file}", "{p}/{e}/{file}")
_STUDIES = ("{p}/{e}/{t}/studies/{s}", "tables/{p}/{e}/studies/{t}/{s}", "{p}/{e}/studies/{t}/{s}")
_PARTS = ("paper", "experiment", "task", "method", "seed", "phase")
_COLUMNS = (
    *("kind", "paper", "experiment", "task", "method", "phase", "policy", "number"),
    *("a", "n_a", "b", "n_b", "difference", "low", "high", "spread"),
)

Key = tuple[str, ...]
Values = dict[Key, list[float]]


class Side(NamedTuple):
    """One of the two: what its path says already, its numbers, and its verdicts."""

    name: str
    fixed: dict[str, str]  # part of the path -> its name
    scores: Values  # by paper, experiment, task, method, phase, policy, metric: one of each seed
    studies: Values  # alignment: by paper, experiment, task, method, text, statistic
    claims: dict[Key, str]  # by paper, experiment, claim


class Row(NamedTuple):
    """One number of both."""

    kind: str
    key: Key
    a: list[float]
    b: list[float]


def compare(root: Path, names: Sequence[str], metric: str, csv: Path | None) -> int:
    """Print the numbers of both, and write all of them to a table."""
    if metric not in METRICS:
        raise UserError(f"--metric {metric}: {nearest(metric, METRICS)}")
    with tempfile.TemporaryDirectory() as folder:
        sides = [_side(root, name, Path(folder)) for name in names]
    if len({tuple(sorted(side.fixed)) for side in sides}) > 1:
        depths = " and ".join(f"{s.name} is {_called(s)}" for s in sides)
        raise UserError(f"{depths}; give two of one kind, for example two methods.")
    rows = list(_rows(sides))
    if not any(row.a and row.b for row in rows) and len(sides) > 1:
        raise UserError(
            f"{sides[0].name} and {sides[1].name} share no number: another experiment, or a scale "
            "that runs other methods. `showtell compare` with one of them lists what it has."
        )
    sys.stdout.write("\n".join(_text(sides, rows, metric)) + "\n")
    if csv is not None:
        Table.of(_COLUMNS, (_written(row) for row in rows)).write(root / csv)
    return 0


def _side(root: Path, name: str, temporary: Path) -> Side:
    revision, marked, below = name.partition(":")
    if marked and below and not (root / name).exists():
        base, inside = _split(root, Path(below))
        folder = _of_commit(root, revision, base, temporary / str(len(list(temporary.iterdir()))))
    else:
        base, inside = _split(root, Path(name))
        folder = root / base
    if len(inside) > len(_PARTS):
        raise UserError(f"{name} is no folder of results; {_example()}")
    fixed = dict(zip(_PARTS, inside, strict=False))
    if "seed" in fixed:
        fixed["seed"] = fixed["seed"].removeprefix("seed")
    files = _found(folder, _FORMS, file="scores.csv")
    if not folder.is_dir() or not files:
        raise UserError(_missing(root, name, base))
    side = Side(name, fixed, _scores(files, fixed), _alignment(folder, fixed), _claims(folder))
    if not side.scores and not side.studies:
        raise UserError(_nothing(name, fixed, files))
    return side


def _split(root: Path, path: Path) -> tuple[Path, tuple[str, ...]]:
    """A folder of results, and the names below it."""
    parts = path.parts
    if "results" not in parts[:-1]:
        return path, ()
    at = len(parts) - 1 - parts[::-1].index("results") + 2
    if parts[at : at + 1] == ("tables",):
        at += 1
    below = tuple(part for part in parts[at:] if part not in ("compare", "evaluation"))
    return Path(*parts[:at]), below


def _of_commit(root: Path, revision: str, base: Path, to: Path) -> Path:
    """The small tables that git keeps, as they were at a commit."""
    tables = base if base.name == "tables" else base / "tables"
    archive = subprocess.run(
        ["git", "archive", "--format=tar", revision, tables.as_posix()],
        cwd=root, capture_output=True, check=False,
    )  # fmt: skip
    if archive.returncode != 0:
        said = archive.stderr.decode(errors="replace").strip().splitlines()
        raise UserError(
            f"{revision}:{base} has no tables ({said[-1] if said else 'git said nothing'}); "
            f"`git log --oneline -- {tables}` lists the commits that changed them."
        )
    to.mkdir()
    subprocess.run(["tar", "-x", "-C", str(to)], input=archive.stdout, check=True)
    return to / tables


def _found(folder: Path, forms: Sequence[str], **names: str) -> dict[tuple[str, ...], Path]:
    """The files of the first form that exists, by the names in their paths."""
    for form in forms:
        pattern = form
        for mark in "pet":
            pattern = pattern.replace(f"{{{mark}}}", "*")
        for key, value in names.items():
            pattern = pattern.replace(f"{{{key}}}", value)
        hits = sorted(folder.glob(pattern))
        places = [n for n, part in enumerate(form.split("/")) if part in ("{p}", "{e}", "{t}")]
        found = {
            tuple(hit.relative_to(folder).parts[place] for place in places): hit for hit in hits
        }
        if found:
            return found
    return {}


def _wanted(fixed: dict[str, str], **found: str) -> bool:
    return all(fixed.get(part, name) == name for part, name in found.items())


def _scores(files: dict[tuple[str, ...], Path], fixed: dict[str, str]) -> Values:
    values: Values = {}
    for (paper, experiment), path in files.items():
        table = Table.read(path)
        names = table.pick(("task", "method", "seed", "phase", "policy"))
        columns = {metric: table.numbers(metric) for metric in METRICS}
        for place, (task, method, seed, phase, policy) in enumerate(names):
            at = {"paper": paper, "experiment": experiment, "task": task, "method": method}
            if not _wanted(fixed, **at, seed=str(seed), phase=phase):
                continue
            for metric, column in columns.items():
                parts = at | {"phase": phase}
                key = tuple("" if part in fixed else name for part, name in parts.items())
                values.setdefault((*key, policy, metric), []).append(column[place])
    return values


def _alignment(folder: Path, fixed: dict[str, str]) -> Values:
    """AUC of success, and rank correlation with the true return, of studies of alignment."""
    values: Values = {}
    if "seed" in fixed:
        return values
    for (paper, experiment, task), path in _found(folder, _STUDIES, s="alignment.csv").items():
        if not _wanted(fixed, paper=paper, experiment=experiment, task=task):
            continue
        table = Table.read(path)
        for method in table.distinct("method"):
            if fixed.get("method", method) != method:
                continue
            parts = {"paper": paper, "experiment": experiment, "task": task, "method": method}
            key = tuple("" if part in fixed else name for part, name in parts.items())
            for fit in fits(table.where(method=method)):
                text = "own" if fit.text == task else fit.text
                values[*key, text, "AUC"] = [fit.auc]
                values[*key, text, "rank correlation"] = [fit.correlation]
    return values


def _claims(folder: Path) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for place, path in _found(folder, _FORMS, file="claims.json").items():
        for claim in read_json(path)["claims"]:
            found[*place, str(claim["id"])] = str(claim["outcome"])
    return found


def _rows(sides: Sequence[Side]) -> Iterator[Row]:
    for kind in ("score", "study"):
        values = [side.scores if kind == "score" else side.studies for side in sides]
        for key in dict.fromkeys(key for of in values for key in of):
            found = [of.get(key, []) for of in values]
            yield Row(kind, key, found[0], found[-1] if len(sides) > 1 else [])


def _text(sides: Sequence[Side], rows: Sequence[Row], metric: str) -> Iterator[str]:
    two = len(sides) > 1
    yield f"A is {sides[0].name}" + (f", B is {sides[1].name}" if two else "")
    scores = [row for row in rows if row.kind == "score" and row.key[-1] == metric]
    studies = [row for row in rows if row.kind == "study"]
    if scores:
        seeds = min(len(x) for row in scores for x in (row.a, row.b) if x)
        spread = f"; [ ] is the {spread_name(seeds)}" if two else ""
        yield f"\n{metric.replace('_', ' ')}: IQM of (n) seeds{spread}"
        yield from _table(sides, scores, ("phase", "policy"))
    if studies:
        yield "\nscores of rollouts before any training: 0.5 is chance for the AUC"
        yield from _table(sides, studies, ("goal", "number"))
    if two and "task" not in sides[0].fixed:
        yield from _verdicts(sides)


def _table(sides: Sequence[Side], rows: Sequence[Row], more: tuple[str, str]) -> Iterator[str]:
    parts = ("paper", "experiment", "task", "method")
    names = (*(part for part in parts if part not in sides[0].fixed), *more)
    two = len(sides) > 1
    lines: list[tuple[str, ...]] = [(*names, "A", *(("B", "A - B") if two else ()))]
    for row in rows:
        if two and not (row.a and row.b):
            continue
        shown = [name for part, name in zip(parts, row.key[:4], strict=True) if part in names]
        tail = row.key[4:6]
        difference_ = (_number(row.b), _gap(row)) if two else ()
        lines.append((*shown, *tail, _number(row.a), *difference_))
    if len(lines) > 1:
        yield from aligned(lines)
    for letter, side, of in zip("AB", sides, ("b", "a"), strict=False):
        alone = sum(not getattr(row, of) for row in rows) if two else 0
        if alone:
            yield f"  and {alone} more that only {letter} has ({side.name})"


def _verdicts(sides: Sequence[Side]) -> Iterator[str]:
    a, b = (side.claims for side in sides)
    fixed = tuple(sides[0].fixed.values())[:2]
    shared = [key for key in a if key in b and key[: len(fixed)] == fixed]
    if shared:
        yield "\nverdicts (`showtell agree` counts them)"
        yield from aligned(
            [("paper", "claim", "A", "B"), *((key[0], key[2], a[key], b[key]) for key in shared)]
        )


def _estimates(row: Row) -> Any:
    return difference({"": row.a}, {"": row.b}, generator(0, "compare", *row.key))


def _number(values: list[float]) -> str:
    value = iqm({"": values}, generator(0, "compare")).value
    return f"{value:.3g} ({len(values)})" if len(values) > 1 else f"{value:.3g}"


def _gap(row: Row) -> str:
    found = _estimates(row)
    spread = "" if found.low is None else f" [{found.low:+.3g}, {found.high:+.3g}]"
    return f"{found.value:+.3g}{spread}"


def _written(row: Row) -> tuple[Any, ...]:
    """A row of the CSV; what a path fixed is empty."""
    paper, experiment, task, method, *rest = row.key
    phase, policy, number = rest if row.kind == "score" else ("", rest[0], rest[1])
    values: list[Any] = []
    for side in (row.a, row.b):
        values += [iqm({"": side}, generator(0, "compare")).value if side else "", len(side)]
    spread: tuple[Any, ...] = ("", "", "", "")
    if row.a and row.b:
        found = _estimates(row)
        named = spread_name(found.seeds) if found.low is not None else ""
        spread = (
            found.value,
            *("" if x is None else x for x in (found.low, found.high)),
            named,
        )
    return (row.kind, paper, experiment, task, method, phase, policy, number, *values, *spread)


def _called(side: Side) -> str:
    return f"of one {_PARTS[len(side.fixed) - 1]}" if side.fixed else "a whole folder of results"


def _missing(root: Path, name: str, base: Path) -> str:
    known = [path.relative_to(root).as_posix() for path in root.glob("results/*/")]
    if (root / base).is_dir():
        return (
            f"{name}: {base} has no finished experiment; "
            f"`make reproduce SCALE={base.name}` makes them."
        )
    return f"there is no folder {base} ({name}); {nearest(base.as_posix(), known)} {_example()}"


def _nothing(name: str, fixed: dict[str, str], files: dict[tuple[str, ...], Path]) -> str:
    """The first part of a path that no result has, with the nearest that one has."""
    known: dict[str, set[str]] = {part: set() for part in _PARTS}
    for (paper, experiment), path in files.items():
        table = Table.read(path)
        for task, method, seed, phase in table.pick(("task", "method", "seed", "phase")):
            found = dict(
                zip(_PARTS, (paper, experiment, task, method, str(seed), phase), strict=True)
            )
            for part in _PARTS:
                known[part].add(found[part])
                if fixed.get(part, found[part]) != found[part]:
                    break
    for part, value in fixed.items():
        if value not in known[part]:
            return f"{name}: there is no {part} {value!r} there; {nearest(value, known[part])}"
    return f"{name} has no numbers."


def _example() -> str:
    return (
        "For example `showtell compare results/mini results/desk`, "
        "`showtell compare results/mini/vlm_rm/cartpole/cartpole/zero "
        "results/mini/vlm_rm/cartpole/cartpole/ground-truth` or "
        "`showtell compare HEAD~9:results/desk results/desk`."
    )
