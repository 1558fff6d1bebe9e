"""How `make reproduce` shows a run: one line a running job, how far the grid is, what failed.

A Snakemake logger plugin: Snakemake says what happens, this prints it. On a terminal the last lines
are redrawn in place; in a file or a CI log each finished job is one line.
"""

import sys
import threading
import time
from dataclasses import dataclass, field
from logging import WARNING, LogRecord
from pathlib import Path
from typing import Any, TextIO

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from showtell.project import ownership
from showtell.project.addresses import masked
from showtell.project.tracking.live import under_way

_REDRAW_S = 1.0
_TAIL = 12  # lines of a failed job's log


@dataclass
class _Job:
    rule: str
    name: str
    output: list[str]
    log: list[str]
    started: float = field(default_factory=time.monotonic)

    def spent(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.started

    def share(self) -> float | None:
        """How far a training is, by its own word."""
        found = under_way(Path(self.output[0]).parent) if self.output else None
        return None if found is None else found[0] / found[1]


class LogHandler(LogHandlerBase):
    """Prints the progress of one run."""

    def __post_init__(self) -> None:
        self._out: TextIO = sys.stderr
        self._live = self._out.isatty()
        self._running: dict[int, _Job] = {}
        self._done = self._failed = self._total = self._drawn = 0
        self._began = time.monotonic()
        self._planned: dict[str, int] = {}  # jobs of each rule
        self._took: dict[str, list[float]] = {}  # seconds of each rule's finished jobs
        self._lock_lines = threading.RLock()
        if self._live:
            threading.Thread(target=self._redraw, daemon=True).start()

    def emit(self, record: LogRecord) -> None:
        """Show one thing that Snakemake says."""
        said = record.__dict__
        match said.get("event"):
            case LogEvent.RUN_INFO:
                self._planned = {rule: int(count) for rule, count in said["stats"].items()}
                self._total = self._planned.pop("total", 0)
            case LogEvent.JOB_INFO:  # comes when the job is handed to its process
                name = " ".join([said["rule_name"], *_place(said["wildcards"])])
                self._running[said["jobid"]] = _Job(
                    said["rule_name"], name, said["output"], said["log"]
                )
            case LogEvent.JOB_FINISHED:
                self._finish(said["job_id"])
            case LogEvent.JOB_ERROR:
                self._fail(said["jobid"])
            case LogEvent.PROGRESS:
                self._done, self._total = said["done"], said["total"]
            case None if record.levelno >= WARNING or "Nothing to be done" in record.getMessage():
                if "RuleException" not in record.getMessage():  # the job's own log says it
                    self._say(record.getMessage().strip())
            case LogEvent.ERROR:
                exception = str(said.get("exception", ""))
                if "LockException" in exception:
                    self._say(f"showtell: {ownership.sentence(Path.cwd())}")
                elif "RuleException" not in exception:
                    self._say(_without_places(record.getMessage().strip()))
            case _:
                pass

    def _finish(self, number: int) -> None:
        job = self._running.pop(number, None)
        self._done += 1
        if job is not None and job.log:  # targets have no log, and nothing to say
            spent = job.spent()
            self._took.setdefault(job.rule, []).append(spent)
            self._say(f"[{self._done}/{self._total}] {job.name}: {_duration(spent)}{self._left()}")

    def _fail(self, number: int) -> None:
        job = self._running.pop(number, None)
        self._failed += 1
        if job is None:
            return
        lines = [f"FAILED {job.name}"]
        for log in job.log:
            path = Path(log)
            tail = path.read_text(errors="replace").splitlines()[-_TAIL:] if path.exists() else []
            lines += [*(f"    {line}" for line in tail), f"    (the whole log: {log})"]
        self._say("\n".join(lines))

    def _left(self) -> str:
        """The time left, if the jobs to come take as long as those done of their rule.

        Nothing, while of most jobs to come none was done yet: a guess would be far off.
        """
        waiting = {
            rule: count - len(self._took.get(rule, ())) for rule, count in self._planned.items()
        }
        known = {rule: sum(took) / len(took) for rule, took in self._took.items()}
        foreseen = sum(max(0, waiting.get(rule, 0)) for rule in known)
        unforeseen = sum(count for rule, count in waiting.items() if rule not in known)
        running = list(self._running.values())
        if not foreseen or unforeseen > foreseen:
            return ""
        work = sum(max(0, waiting.get(rule, 0)) * mean for rule, mean in known.items())
        work += unforeseen * work / foreseen
        # Of the jobs under way, what is behind them; one of a rule not met yet was not counted.
        begun = sum(min(job.spent(), known.get(job.rule, 0.0)) for job in running)
        spent = sum(sum(took) for took in self._took.values()) + sum(j.spent() for j in running)
        abreast = max(1.0, spent / (time.monotonic() - self._began))
        return f"; about {_duration(max(work - begun, 0) / abreast)} left"

    def _say(self, text: str) -> None:
        with self._lock_lines:
            self._wipe()
            self._out.write(masked(text) + "\n")
            self._draw()
            self._out.flush()

    def _redraw(self) -> None:
        while True:
            time.sleep(_REDRAW_S)
            with self._lock_lines:
                self._wipe()
                self._draw()
                self._out.flush()

    def _draw(self) -> None:
        if not self._live or not self._running:
            return
        lines = [_line(job) for job in list(self._running.values())]
        lines.append(f"  {self._done} of {self._total} jobs{self._left()}")
        self._out.write("\n".join(lines) + "\n")
        self._drawn = len(lines)

    def _wipe(self) -> None:
        if self._drawn:
            self._out.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    @property
    def writes_to_stream(self) -> bool:
        """It does: Snakemake's own lines stay away."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake keeps its own log file."""
        return False

    @property
    def has_filter(self) -> bool:
        """Whether this plugin chooses what is printed: it does."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Whether this plugin formats what is printed: it does."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """Jobs are counted, not drawn."""
        return False


def _without_places(message: str) -> str:
    """An error of the Snakefile, without where in the Snakefile it was raised."""
    first, *rest = message.splitlines()
    if not first.startswith("WorkflowError in file ") or not rest:
        return message
    return "showtell: " + "\n".join(line for line in rest if not line.startswith('  File "'))


def _line(job: _Job) -> str:
    share = job.share()
    spent = _duration(job.spent())
    if share is None:
        return f"  {job.name}  {spent}"
    filled = round(20 * share)
    return f"  {job.name}  {'█' * filled}{'·' * (20 - filled)} {share:4.0%}  {spent}"


def _place(wildcards: Any) -> list[str]:
    """What tells this job from its siblings: task, method, seed; not the folder that all share."""
    kept = {
        name: value for name, value in dict(wildcards).items() if name not in ("replicate", "paper")
    }
    return [f"seed{value}" if name == "seed" else str(value) for name, value in kept.items()]


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
