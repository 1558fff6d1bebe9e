"""Why a target would be made again: the values, files and modules that changed since its record."""

import ast
import difflib
import json
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from showtell.project.errors import UserError, nearest
from showtell.project.files import read_json
from showtell.project.fingerprint import contents
from showtell.project.foreign import snakemake
from showtell.project.foreign.snakemake import Planned

_CODE = ("fingerprint", "modules")
_SHOWN = 6  # causes; a new study has hundreds
_LONGEST_VALUE = 60


class Cause(NamedTuple):
    """One thing that makes a job run, and the rule of that job."""

    text: str
    rule: str


def why(root: Path, replicate: str, target: str) -> str:
    """One line: what would run for a target, and because of which value, file or code."""
    done = snakemake.dry_run(root, replicate, "--printshellcmds", "--", target)
    output = done.stdout + done.stderr
    if done.returncode != 0:
        if "MissingRuleException" in output:
            raise UserError(_unknown(root, replicate, target))
        raise UserError(snakemake.refusal(output))
    jobs = snakemake.planned(output)
    if not jobs:
        return f"{target} is up to date; nothing would run."
    rules = ", ".join(f"{count} {rule}" for rule, count in Counter(j.rule for j in jobs).items())
    count = "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
    return f"{count} would run for {target} ({rules}): {_told(list(_causes(root, jobs)))}."


def _told(causes: list[Cause]) -> str:
    """The causes, each once with the rules that it concerns."""
    by_text: dict[str, list[str]] = {}
    for cause in causes:
        by_text.setdefault(cause.text, []).append(cause.rule)
    told = [f"{text} [{', '.join(dict.fromkeys(rules))}]" for text, rules in by_text.items()]
    more = [f"{len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return "; ".join([*told[:_SHOWN], *more]) or "an input is made again"


def _causes(root: Path, jobs: list[Planned]) -> Iterator[Cause]:
    """What changed by itself; a job that only follows another one has no cause of its own."""
    new = Counter[str]()
    first: dict[str, str] = {}
    for job in jobs:
        made = [output for output in job.outputs if snakemake.record(root, output)]
        if not made:  # none of its outputs was ever made: nothing has changed
            new[job.rule] += 1
            first.setdefault(job.rule, job.outputs[0])
            continue
        for text in _changes(root, job, snakemake.record(root, made[0])):
            yield Cause(text, job.rule)
    for rule, count in new.items():
        more = f" and {count - 1} more were" if count > 1 else " was"
        yield Cause(f"{first[rule]}{more} never made", rule)


def _changes(root: Path, job: Planned, record: dict[str, Any]) -> Iterator[str]:
    """The differences between the job that would run and the one that made its outputs."""
    for heading, files in job.reasons.items():
        if heading == "Missing output files":
            yield from (f"{file} was deleted" for file in files)
        elif heading == "Incomplete output files":
            yield from (f"{file} is half-done" for file in files)
        elif heading == "Updated input files":
            yield from (f"{file} has another content" for file in files)
        elif heading == "Set of input files has changed since last execution":
            yield f"other input files than {', '.join(record.get('input') or ['none'])}"
        elif heading == "Code has changed since last execution":
            yield f"the command of the rule {job.rule}"
    before, now = _recorded(record), _specification(job.command)
    if before and now:
        yield from _values(_settings(before), _settings(now))
        if before.get("fingerprint") != now.get("fingerprint"):
            yield _code(root, job.command, before, now)


def _values(before: Any, now: Any, at: str = "") -> Iterator[str]:
    """The leaves in which two specifications differ."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            where = f"{at}.{key}" if at else key
            if key not in now:
                yield f"{where} is gone (was {_value(before[key])})"
            elif key not in before:
                yield f"{where} is new ({_value(now[key])})"
            else:
                yield from _values(before[key], now[key], where)
    elif before != now:
        yield f"{at} is {_value(now)} (was {_value(before)})"


def _code(root: Path, command: str, before: dict[str, Any], now: dict[str, Any]) -> str:
    """The modules and data files that changed, where the job's provenance has their hashes."""
    words = shlex.split(command)
    paths = [words[i + 1] for i, word in enumerate(words) if word == "provenance"]
    try:
        provenance = read_json(root / paths[0])
    except (IndexError, FileNotFoundError, ValueError):
        provenance = {}
    if provenance.get("fingerprint") != before["fingerprint"] or not provenance.get("code"):
        return "the code of its modules (which of them is not recorded)"
    old, new = provenance["code"], contents(tuple(now["modules"]), now)
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return f"the code of {', '.join(names[:_SHOWN])}" + (" …" if len(names) > _SHOWN else "")


def _recorded(record: dict[str, Any]) -> dict[str, Any]:
    """The specification of the job that made an output: its one parameter, as Snakemake has it."""
    try:
        found: dict[str, Any] = json.loads(ast.literal_eval(record["params"][0]))
        return found
    except (KeyError, IndexError, SyntaxError, ValueError):
        return {}


def _specification(command: str) -> dict[str, Any]:
    """The specification in a job's command, which can be pasted and run by hand."""
    words = shlex.split(command)
    if "--job" not in words:
        return {}
    found: dict[str, Any] = json.loads(words[words.index("--job") + 1])
    return found


def _settings(job: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in job.items() if key not in _CODE}


def _value(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _unknown(root: Path, replicate: str, target: str) -> str:
    """No rule makes the target: the nearest one that a rule makes."""
    done = snakemake.dry_run(root, replicate, "--summary")
    known = [line.split("\t")[0] for line in done.stdout.splitlines() if "\t" in line]
    found = difflib.get_close_matches(target, known, n=1, cutoff=0.6)
    hint = f"did you mean {found[0]!r}?" if found else nearest(target, ["all", *_papers(known)])
    return f"no job of results/{replicate} makes {target!r}; {hint}"


def _papers(paths: list[str]) -> set[str]:
    """The papers, which are targets too, by the folders of these results."""
    return {path.split("/")[2] for path in paths if path.count("/") > 2}
