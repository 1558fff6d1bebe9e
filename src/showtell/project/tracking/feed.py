"""One live file, as MLflow shows it: what was read of it, and what of that the store has."""

import json
import platform
import time
from pathlib import Path

import psutil

from showtell.project.tracking.run import Run, allowed
from showtell.project.tracking.store import Point, Store
from showtell.project.tracking.usage import Usage

_USAGE_EVERY_S = 10.0
_SILENCE_S = 6 * 3600.0  # of a training on another machine, whose processes cannot be asked for


class Feed:
    """The run of one live file. Sending a line twice changes nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run: Run | None = None
        self.run_id: str | None = None
        self._left: list[tuple[Run, int]] = []  # killed, then followed by another job
        self._pid, self._host = 0, ""
        self._ended: str | None = None
        self._closed = False  # in the store
        self._pending: list[Point] = []
        self._shown: dict[str, set[int]] = {}
        self._began_ms = self._resumed_ms = self._last_ms = 0
        self._offset = 0
        self._usage: Usage | None = None
        self._usage_due = 0.0

    def read(self) -> bool:
        """Take in the whole lines written since the last time; whether the file is there."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                for raw in file:
                    if not raw.endswith(b"\n"):
                        break
                    self._offset += len(raw)
                    self._take(raw)
        except FileNotFoundError:
            return False
        return True

    def _take(self, raw: bytes) -> None:
        try:
            line = json.loads(raw)
        except ValueError:  # cut by a kill, or empty
            return
        if "run" in line:  # also when a killed job resumes
            run = Run(**line["run"])
            if self.run is not None and self.run.identity != run.identity:
                self._left.append((self.run, self._last_ms))
                self._pending, self._shown, self._began_ms = [], {}, 0
            self.run = run
            self.run_id, self._ended, self._closed = None, None, False
            self._began_ms, self._resumed_ms = self._began_ms or line["at"], line["at"]
            self._pid, self._host = line["pid"], line["host"]
            self._usage = Usage(self._pid) if self._host == platform.node() else None
        elif "end" in line:
            self._ended = line["end"]
        else:
            step, at_ms = line["step"], line["at"]
            self._pending += [Point(allowed(k), v, step, at_ms) for k, v in line["values"].items()]
        self._last_ms = line["at"]

    def sample(self) -> None:
        """Add a reading of the machine, now and then, while the job lives."""
        if self._usage is None or self._ended or time.monotonic() < self._usage_due:
            return
        self._usage_due = time.monotonic() + _USAGE_EVERY_S
        now_ms = int(time.time() * 1000)
        second = (now_ms - self._began_ms) // 1000
        self._pending += [Point(k, v, second, now_ms) for k, v in self._usage.sample().items()]

    def send(self, store: Store) -> None:
        """Bring the store up to date; safe to repeat after a failure half-way."""
        if self.run is None or self._closed:
            return
        for run, at_ms in self._left:
            store.finish(store.open(run, at_ms), "KILLED", at_ms)
        self._left = []
        ended = self._ended or (None if self._lives() else "KILLED")
        if self.run_id is None:
            self.run_id = store.open(self.run, self._began_ms)
        fresh_keys = {point.key for point in self._pending} - self._shown.keys()
        if fresh_keys:  # a resumed job repeats steps that its killed self has shown
            shown: dict[str, set[int]] = {key: set() for key in fresh_keys}
            for key, step in store.points(self.run_id, fresh_keys):
                shown[key].add(step)
            self._shown |= shown
        fresh = [point for point in self._pending if point.step not in self._shown[point.key]]
        if fresh:
            store.log(self.run_id, fresh, {})
        for point in self._pending:
            self._shown[point.key].add(point.step)
        self._pending = []
        if ended is not None:
            store.finish(self.run_id, ended, self._last_ms)
            self._closed = True

    def _lives(self) -> bool:
        """Whether the process that writes this file still runs."""
        if self._host != platform.node():
            return time.time() - self._last_ms / 1000 < _SILENCE_S
        try:
            process = psutil.Process(self._pid)
            same = process.create_time() <= self._resumed_ms / 1000 + 1
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False
