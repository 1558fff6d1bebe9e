"""What is private to Snakemake and yet relied upon: its records of outputs, a limiter, a table."""

import json
import re
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from showtell.project.files import read_json

VERSION = "9.27"  # the release whose formats these are; tests/project/foreign holds them to it
_FOLDER = Path(".snakemake")
_LONGEST_NAME = 254  # longer names are split into folders that begin with "@"
_NOISE = ("job_hash", "external_jobid")  # differ from process to process, never read


def records(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The record of each output that Snakemake made or was given, by path."""
    for path in _paths(root, "metadata"):
        data = record(root, path)
        if data:
            yield path, {key: value for key, value in data.items() if key not in _NOISE}


def record(root: Path, output: str) -> dict[str, Any]:
    """The record of one output; a missing or torn one is empty, and the output is made again."""
    try:
        data = read_json(_place(root, "metadata", output))
    except (FileNotFoundError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def write_record(root: Path, output: str, data: dict[str, Any]) -> None:
    """Let Snakemake take an output for its own."""
    place = _place(root, "metadata", output)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(data))
    # Without it Snakemake takes the folder for that of an old version.
    (root / _FOLDER / "incomplete").mkdir(exist_ok=True)


def in_progress(root: Path) -> list[str]:
    """The outputs that a running Snakemake has locked, or a killed one has left locked."""
    locks = sorted(lock_folder(root).glob("*.output.lock"))
    return [path for lock in locks for path in lock.read_text().splitlines()]


def lock_folder(root: Path) -> Path:
    """Where Snakemake keeps its locks. It removes the folder when a run ends, and makes it anew."""
    return root / _FOLDER / "locks"


def locks(root: Path) -> dict[int, list[str]]:
    """The files, read and written, that each run has locked, by the number of its lock."""
    found: dict[int, list[str]] = {}
    for path in sorted(lock_folder(root).glob("*.*put.lock")):
        number = path.name.partition(".")[0]
        if number.isdigit():
            with suppress(FileNotFoundError):  # its run has just ended
                found.setdefault(int(number), []).extend(path.read_text().splitlines())
    return found


def remove_lock(root: Path, number: int) -> None:
    """Free the files of one lock, as Snakemake's `--unlock` frees those of all."""
    for kind in ("output", "input"):
        (lock_folder(root) / f"{number}.{kind}.lock").unlink(missing_ok=True)


def incomplete(root: Path) -> list[str]:
    """The outputs whose job has begun and not ended."""
    return list(_paths(root, "incomplete"))


def job_counts(text: str) -> dict[str, int]:
    """The jobs of each rule, under the first "Job stats:" heading of a dry run."""
    _, _, table = text.partition("Job stats:\n")
    rows = re.findall(r"^(\w+) +(\d+)$", table.split("\n\n")[0], flags=re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule not in ("total", "all")}


def dry_run(root: Path, replicate: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What Snakemake would do; it takes no lock, so that a run may go on."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--nocolor", "--nolock"]
    return subprocess.run(
        [*command, "--config", f"scale={replicate}", *arguments],
        cwd=root,
        text=True,
        capture_output=True,
        check=False,
    )


def refusal(output: str) -> str:
    """The sentence with which our Snakefile refused to start, or the end of what was printed."""
    sentence = re.search(
        r"^WorkflowError in file .*\n((?:(?!  File ).*\n?)+)", output, re.MULTILINE
    )
    return sentence[1].strip() if sentence else f"the dry run failed: {output.strip()[-2000:]}"


class Planned(NamedTuple):
    """One job of a dry run."""

    rule: str
    outputs: tuple[str, ...]
    reasons: dict[str, tuple[str, ...]]  # "Missing output files" -> those files
    command: str


def planned(text: str) -> list[Planned]:
    """The jobs that a dry run with `--printshellcmds` says would run."""
    found = []
    for block in re.split(r"^(?=(?:local)?rule \w+:$)", text, flags=re.MULTILINE)[1:]:
        fields = dict(re.findall(r"^    (\w+): (.*)$", block, flags=re.MULTILINE))
        command = re.search(r"^Shell command: (.*)$", block, flags=re.MULTILINE)
        if command is not None and "output" in fields:  # else a target, which makes nothing
            rule = block[: block.index(":")].removeprefix("local").removeprefix("rule ")
            outputs = tuple(fields["output"].split(", "))
            found.append(Planned(rule, outputs, _reasons(fields.get("reason", "")), command[1]))
    return found


class Booked(NamedTuple):
    """What one job of a dry run would ask a cluster for."""

    rule: str
    threads: int
    mem_mb: int
    runtime: int  # minutes
    gpu: int


def booked(text: str) -> list[Booked]:
    """The jobs of a dry run that a cluster would run."""
    found = []
    for block in re.split(r"^(?=(?:local)?rule \w+:$)", text, flags=re.MULTILINE)[1:]:
        asked = re.search(r"^    resources: (.*)$", block, flags=re.MULTILINE)
        values = dict(re.findall(r"(\w+)=(\d+)", asked[1])) if asked else {}
        if block.startswith("rule") and {"mem_mb", "runtime", "gpu"} <= values.keys():
            threads = re.search(r"^    threads: (\d+)$", block, flags=re.MULTILINE)
            found.append(
                Booked(
                    block[len("rule ") : block.index(":")],
                    int(threads[1]) if threads else 1,
                    *(int(values[name]) for name in ("mem_mb", "runtime", "gpu")),
                )
            )
    return found


def _reasons(text: str) -> dict[str, tuple[str, ...]]:
    """A reason by its heading; the values of parameters are in the record of the output."""
    headed = re.findall(r"(?:^|; )([A-Z][a-z][\w ]+)(?:: (.*?))?(?=; [A-Z][a-z]|$)", text)
    return {heading: tuple(filter(None, files.split(", "))) for heading, files in headed}


def schedule_when_jobs_end(workflow: Any) -> None:
    """Spare the cores what Snakemake's limit of job starts costs, where jobs run on this machine.

    To keep the limit (100 a second) its scheduler looks again a second after every look, and the
    look at every job's end begins one more such row, which lasts as long as jobs are waiting. Each
    look asks the disk about all inputs of all of them: after 60 jobs of a hundred that took 44 % of
    a core, and ever more. On a cluster the limit protects the queue, and stays; so it does in a
    Snakemake of another version, which costs time and nothing else.
    """
    if workflow.local_exec and version("snakemake").startswith(f"{VERSION}."):
        workflow.scheduler.job_rate_limiter = None


def unmade(workflow: Any, arguments: Sequence[str]) -> list[str]:
    """The targets on a command line, after `--` or in results/, that no rule is or makes."""
    after = arguments.index("--") if "--" in arguments else len(arguments)
    targets = [*(a for a in arguments[:after] if a.startswith("results/")), *arguments[after + 1 :]]
    return [
        target
        for target in targets
        if not workflow.is_rule(target)
        and not any(rule.is_producer(target) for rule in workflow.rules)
    ]


def _paths(root: Path, kind: str) -> Iterator[str]:
    folder = root / _FOLDER / kind
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
            yield urlsafe_b64decode(name).decode()


def _place(root: Path, kind: str, output: str) -> Path:
    """The file that Snakemake keeps about one output: its path in base64, in pieces."""
    name = urlsafe_b64encode(output.encode()).decode()
    pieces = [name[i : i + _LONGEST_NAME] for i in range(0, len(name), _LONGEST_NAME)]
    return Path(root, _FOLDER, kind, *(f"@{piece}" for piece in pieces[:-1]), pieces[-1])
